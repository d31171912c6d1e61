"""Tenants and their learners."""
