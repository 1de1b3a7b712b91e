"""What every page of an edited file begins with."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from caseapp.core import access, audit
from caseapp.people import present, queries
from caseapp.people.access import EDIT
from caseapp.people.models import Case, Person


class Opened(NamedTuple):
    """A file of the user's own team, its person and the site's date."""

    case: Case
    person: Person
    on: date

    @property
    def name(self) -> str:
        return present.name_of(self.person)


def opened(number: str, *, lock: bool = False) -> Opened:
    """Open a file for editing: 404 if it is not theirs to know of, 403 if it is another team's."""
    case = queries.owned_case(number, access.current(), EDIT)
    return Opened(case, queries.person_of(case, lock=lock), queries.today_of(case))


def viewed(file: Opened) -> None:
    """Write down that the file was looked at."""
    audit.record("viewed", "case", file.case.id)
