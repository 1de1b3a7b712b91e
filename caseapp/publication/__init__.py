"""Releases, disclosure control, figures pages and exports."""
