"""A night's placement at once: everybody who waits, and every free place of a region, in one proposal."""
