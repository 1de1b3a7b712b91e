"""How long files are kept, and their erasure by rule with two persons."""
