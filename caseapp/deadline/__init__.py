"""Every clock: rules as data, working days, pause, warning, escalation."""
