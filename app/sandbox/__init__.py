"""Test mode: learners who answer by themselves and time that can be moved, so that an integration is tried whole."""
