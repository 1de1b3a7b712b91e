"""Units, the places in them, stays, availability, and tonight's page."""
