"""Narratives: what a country reached in a pillar and a year, what stands in the way, what comes next."""
