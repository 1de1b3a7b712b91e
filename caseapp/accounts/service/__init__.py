"""Verbs of accounts: passwords, second factor, sessions, signing in, users, one-time links."""
