"""The event kind of counts at arrival, and what goes with a person who is erased."""

from __future__ import annotations

from caseapp.core.journal import kind
from caseapp.people import events as people_events
from caseapp.people.models import Case

RECEIVED = kind("persons.received")


def person_erased(case: Case) -> None:
    """What a list still says of the person goes with them, in the same transaction."""
    from caseapp.reception.service import held

    held.forget(case)


if person_erased not in people_events.being_erased:
    people_events.being_erased.append(person_erased)
