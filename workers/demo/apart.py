"""What a family's claim does not show in the demo: a spouse's own claim, sealed, and a clock that stands still. Each draws
from a stream of its own."""

from __future__ import annotations

from datetime import date

from caseapp.deadline import service as deadline
from caseapp.people import queries as people
from caseapp.people import rules
from caseapp.people.models import Case
from caseapp.procedure import service as procedure
from caseapp.procedure.models import Claim
from workers.demo.calibration import stream

#: How often another adult of the family lodges a claim of their own that the family does not see.
OWN_CLAIMS = 0.12
#: How often an authority that waits for an interpreter stops the clock.
PAUSES = 0.12


def own_claim(beside: list[Case], on: date) -> None:
    """Another adult of the family, asked alone, lodges their own claim as well; only the private page shows it."""
    for case in beside:
        person = people.person_of(case)
        if rules.is_child(people.birth_of(person), person.age_status, on):
            continue
        if stream("own claim of", case.number).random() < OWN_CLAIMS:
            procedure.lodge(case, on=on, own=True)
        return


def interpreter_awaited(claim: Claim, number: str) -> None:
    """The clocks of a claim stand still until there is an interpreter."""
    if stream("clock of", number).random() < PAUSES:
        deadline.pause(("claim", claim.id), "INTERPRETER_AWAITED")
