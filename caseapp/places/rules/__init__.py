"""Decisions of the directory: opening, for whom, how fresh, how entries are named."""
