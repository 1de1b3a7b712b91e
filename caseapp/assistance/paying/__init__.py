"""Assistance that is asked for, decided by a second person, and paid."""
