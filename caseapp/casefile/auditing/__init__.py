"""Who looked at one file, for an auditor who says its number and why."""
