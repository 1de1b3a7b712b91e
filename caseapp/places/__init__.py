"""Organisations, sites and the services they offer."""
