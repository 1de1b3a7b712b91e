"""When a closed file has been kept long enough. The periods are dated reference data by closure group
(`RETENTION_<group>` in `clocks.yml`, with source and confidence); what stands in the way is `subject.rules.keeps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: The groups of `case_closure_reason`; a group without a row in `clocks.yml` would keep its files for ever.
GROUPS = ("SOLUTION", "SERVED", "HANDED_OVER", "SCREENED_OUT", "PERSON", "LOST", "HARM", "DEATH", "ADMIN")
STATES = ("PROPOSED", "APPROVED", "DONE", "CANCELLED")
OUTCOMES = ("TO_ERASE", "ERASED", "HELD")
#: A group whose count in a list is this small says who it is about only by number, never by place.
MOST = 500


class RunOpen(Refused):
    sentence = _l("Ya hay una corrida propuesta. Apruébela o cancélela.")


class RunEnded(Refused):
    sentence = _l("Esta corrida ya se decidió.")


class OwnRun(Refused):
    sentence = _l("Usted propuso esta corrida. La aprueba otra persona.")


class NothingToErase(Refused):
    sentence = _l("Hoy no hay expedientes por borrar.")


@dataclass(frozen=True)
class Kept:
    """A closed file as the rule looks at it: when its time is over (None: the group has no limit), and what holds it."""

    due_on: date | None
    held: Sequence[str] = ()


def decide(kept: Kept, today: date) -> str | None:
    """TO_ERASE or HELD for a file whose time is over; None before that."""
    if kept.due_on is None or today <= kept.due_on:
        return None
    return "HELD" if kept.held else "TO_ERASE"


def may_propose(has_open: bool, count: int) -> None:
    """Raises RunOpen, NothingToErase."""
    if has_open:
        raise RunOpen
    if not count:
        raise NothingToErase


def may_approve(state: str, *, own: bool) -> None:
    """Raises RunEnded, OwnRun."""
    if state != "PROPOSED":
        raise RunEnded
    if own:
        raise OwnRun


def may_cancel(state: str) -> None:
    """Raises RunEnded."""
    if state != "PROPOSED":
        raise RunEnded
