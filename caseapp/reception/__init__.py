"""Arrival and registration of a family in one pass."""
