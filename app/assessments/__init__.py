"""Test designs, versioned and compiled."""
