"""Drafts of a definition: what a steward writes before another person publishes it."""
