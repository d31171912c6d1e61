"""Palier inside somebody else's page: launch links, frames, test mode."""
