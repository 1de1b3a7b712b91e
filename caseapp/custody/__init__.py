"""Custody of a person, the safeguards of its first day and the order of exit from a migratory station."""
