"""The closed rounded cube: how counts are made safe to publish (see docs/disclosure.md).

Pure functions on plain values and arrays: no session, no Flask, no clock, nothing of the rest of the house.
"""
