"""The catalogue of definitions, de-identified facts and the roll-up."""
