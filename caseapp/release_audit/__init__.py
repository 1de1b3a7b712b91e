"""The attacker: checks exported release folders and knows nothing else of this system."""
