"""People at the gate whom nobody has referred."""
