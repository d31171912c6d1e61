"""Sittings: the walk of one answer, its pages and its API."""
