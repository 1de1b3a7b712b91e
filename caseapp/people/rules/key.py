"""Consent as a key: which door a person's answers open, for whom, on a day (VOCABULARY A7).

One rule for everything that lets anybody see: `consent_opens`. A key is for one purpose and one recipient, or for
every recipient of the purpose where none was named; what faces another country always names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar
from uuid import UUID

from caseapp.people.rules.consent import NAMED_COUNTRY


class Answered(Protocol):
    """One answer as the rule reads it (a row of `consent`)."""

    @property
    def purpose(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def given_by(self) -> str: ...
    @property
    def recipient_team_id(self) -> UUID | None: ...
    @property
    def recipient_country(self) -> str | None: ...
    @property
    def expires_on(self) -> date | None: ...


A = TypeVar("A", bound=Answered)


@dataclass(frozen=True)
class Recipient:
    """Who would receive: a team, and for what faces abroad a country. Nobody named: only a key that was given
    for every recipient opens."""

    team_id: UUID | None = None
    country: str | None = None


ANYBODY = Recipient()


def consent_opens(answers: Iterable[Answered], purpose: str, recipient: Recipient, on: date) -> bool:
    """Whether these answers of one person, oldest first, open `purpose` to `recipient` on a day."""
    return consent_state(answers, purpose, recipient, on) == "GIVEN"


def consent_state(answers: Iterable[Answered], purpose: str, recipient: Recipient, on: date) -> str | None:
    """How the person stands towards it: GIVEN, REFUSED, WITHDRAWN, EXPIRED, OTHER_RECIPIENT (a yes, but to
    somebody else), or None: never asked. The latest answer decides; a no to this very recipient stands until a yes
    to the same. The assent of a child is no key of its own."""
    asked = _answered(answers, purpose)
    for_them = [a for a in asked if _addressed(a, recipient)]
    if not for_them:
        return "OTHER_RECIPIENT" if any(a.state == "GIVEN" for a in asked) else None
    by_name = [a for a in for_them if _names(a)]
    if by_name and by_name[-1].state in ("REFUSED", "WITHDRAWN"):
        return by_name[-1].state
    latest = for_them[-1]
    if latest.state == "GIVEN" and latest.expires_on is not None and latest.expires_on < on:
        return "EXPIRED"
    return latest.state


def key_that_opens(answers: Sequence[A], purpose: str, recipient: Recipient, on: date) -> A | None:
    """The answer that opens the door, or None where it stays closed."""
    if not consent_opens(answers, purpose, recipient, on):
        return None
    return [a for a in _answered(answers, purpose) if _addressed(a, recipient)][-1]


def keys_held(answers: Sequence[A]) -> tuple[A, ...]:
    """The standing answer to each purpose and recipient, the newest first: what the page shows as keys. What came
    before each of them is history."""
    newest: dict[tuple[str, UUID | None, str | None], A] = {}
    for answer in answers:
        if answer.given_by != "CHILD_ASSENT" and answer.state != "NOT_ASKED":
            newest[answer.purpose, answer.recipient_team_id, answer.recipient_country] = answer
    standing = {id(a) for a in newest.values()}
    return tuple(a for a in reversed(answers) if id(a) in standing)


def _answered(answers: Iterable[A], purpose: str) -> list[A]:
    return [
        a for a in answers if a.purpose == purpose and a.state != "NOT_ASKED" and a.given_by != "CHILD_ASSENT"
    ]


def _names(answer: Answered) -> bool:
    return answer.recipient_team_id is not None or answer.recipient_country is not None


def _addressed(answer: Answered, recipient: Recipient) -> bool:
    if answer.recipient_team_id is not None and answer.recipient_team_id != recipient.team_id:
        return False
    if answer.purpose in NAMED_COUNTRY:
        return answer.recipient_country is not None and answer.recipient_country == recipient.country
    return answer.recipient_country is None or answer.recipient_country == recipient.country
