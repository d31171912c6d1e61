"""Webhooks: institutions' addresses, what is sent to them, and what they answered."""
