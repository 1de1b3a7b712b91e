"""Waiting lists: who waits for a service that has no place now, in which order, and why."""
