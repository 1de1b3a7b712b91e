"""Screening with questionnaires held as data, and the needs it proposes."""
