"""Verbs of the directory: keep an entry true, keep a safe house hidden, bring entries in and take them out."""
