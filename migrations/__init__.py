"""Migrations: numbered, one head (`.head`), plain SQL where it matters; they import no models."""
