"""The desk of the tests of people."""

from tests.people.conftest import desk, stranger

__all__ = ["desk", "stranger"]
