"""Alembic migrations; `palier migrate` runs them."""
