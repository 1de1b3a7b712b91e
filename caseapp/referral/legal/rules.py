"""Conflicts of interest and representation, as decisions (VOCABULARY A6: *conflict check blind*; DO_NO_HARM: explanations
leak). The database's `legal_conflict_check` and the constraints of `legal_mandate` say the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

CLEAR, CONFLICT = "CLEAR", "CONFLICT"
OUTCOMES = (CLEAR, CONFLICT)
#: What everybody but the provider reads of a conflict: the one reason that means nothing.
SHOWN_AS = "CANNOT_OFFER"
#: So many checks in a day and a night, for one team: a provider works, a probe runs dry.
MOST_CHECKS = 30
#: States of a referral whose accepted people are the provider's clients; a former client is one still.
CLIENT_STATES = ("ACCEPTED", "PART_ACCEPTED", "STARTED", "COMPLETED", "NOT_COMPLETED")
COUPLES = ("SPOUSE", "PARTNER")

NO_POWER, POWER, EXPIRED, ENDED = "NO_POWER", "POWER", "EXPIRED", "ENDED"
#: A power of attorney runs at most so long before it is signed anew.
LONGEST = timedelta(days=5 * 366)
#: What may be told back of a service only where a mandate says so.
NEEDS_LAWYER, NEEDS_POWER = "LAWYER_ASSIGNED", "POWER_SIGNED"


@dataclass(frozen=True)
class Matters:
    """What sets people against each other: `separated` are pairs kept apart by agreement, `own_claim` whoever has a
    sealed claim of their own, `couples` pairs who are or were one, `led` pairs of one claim that one of them led."""

    separated: frozenset[frozenset[UUID]] = frozenset()
    own_claim: frozenset[UUID] = frozenset()
    couples: frozenset[frozenset[UUID]] = frozenset()
    led: frozenset[frozenset[UUID]] = frozenset()


def opposed(one: UUID, other: UUID, matters: Matters) -> bool:
    """Whether one lawyer can not act for both: they are kept apart, or one of a couple (or of those whom another's
    claim carried) has a claim of their own."""
    pair = frozenset((one, other))
    if len(pair) < 2:
        return False
    if pair in matters.separated:
        return True
    return bool(pair & matters.own_claim) and (pair in matters.couples or pair in matters.led)


def conflict(asked: Collection[UUID], clients: Iterable[UUID], matters: Matters) -> bool:
    """Whether a provider with these clients can act for the people who are asked: nobody of them is opposed to a client,
    nor to another of them."""
    others = set(clients) | set(asked)
    return any(opposed(one, other, matters) for one in asked for other in others)


def may_check(done_today: int) -> bool:
    """Whether a team may make another check within a day and a night."""
    return done_today < MOST_CHECKS


def wrong_in(assigned_on: date, power_on: date | None, power_until: date | None, today: date) -> str | None:
    """Which date of a representation is wrong (`assigned_on`, `power_on`, `power_until`), or None. Nothing is assigned
    or signed tomorrow, a power is signed by somebody assigned, and says until when it holds."""
    if assigned_on > today:
        return "assigned_on"
    if power_on is not None and not assigned_on <= power_on <= today:
        return "power_on"
    if (power_on is None) != (power_until is None):
        return "power_on" if power_on is None else "power_until"
    if power_on is not None and power_until is not None and not power_on < power_until <= power_on + LONGEST:
        return "power_until"
    return None


def stands(power_until: date | None, ended_on: date | None, on: date) -> str:
    """How a representation stands on a day: ENDED, without power, with one, or with one that ran out."""
    if ended_on is not None and ended_on <= on:
        return ENDED
    if power_until is None:
        return NO_POWER
    return POWER if on <= power_until else EXPIRED


def may_tell(outcome: str, standing: Collection[str]) -> bool:
    """Whether what came of legal aid may be told, as the representations of its people stand."""
    if outcome == NEEDS_POWER:
        return POWER in standing
    if outcome == NEEDS_LAWYER:
        return bool(set(standing) - {ENDED})
    return True
