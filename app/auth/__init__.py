"""Who is asking: API keys, access codes."""
