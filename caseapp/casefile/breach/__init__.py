"""The log of data breaches."""
