"""Solution plans and their steps."""
