"""Somebody asks at the gate or by telephone whether a person is here. Nothing is confirmed; it is written down."""
