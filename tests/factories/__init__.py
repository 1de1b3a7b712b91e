"""Made-up records for tests, written as the owner on the test's own connection."""

from tests.factories.people import make_case, make_household, make_person
from tests.factories.places import make_site, make_team, make_user, principal_of

__all__ = [
    "make_case", "make_household", "make_person", "make_site", "make_team", "make_user", "principal_of",
]  # fmt: skip
