"""The asylum claim as dated events."""
