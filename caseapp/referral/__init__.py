"""Referrals between teams, with their clocks and answers."""
