"""Figures that rest on registers of institutions and on no person (docs/decisions/0385)."""
