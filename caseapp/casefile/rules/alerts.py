"""Alerts that follow from what a file holds (VOCABULARY A5): nothing of them is stored, so they end when their cause
does. The others are raised by a person, or by a clock, and stored (`CaseAlert`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from caseapp.people.rules import Movement, needs_leave

#: Standing facts to keep in mind; they are not resolved, and keep no file open.
STANDING = frozenset(
    {
        "INTERPRETER_NEEDED",
        "ALLERGY_LIFE",
        "CONSENT_ENDS",
        "DOCUMENT_EXPIRES",
        "CHILD_TURNS_18",
        "LEGAL_DEADLINE",
        "WEEKLY_SIGN_IN_MISSED",
        "LEAVE_OF_STATE_NEEDED",
        "MEDICINE_RUNS_OUT",
        "PREGNANCY_TERM",
    }
)
#: The rules below say these; nobody raises them.
DERIVED = frozenset(
    {
        "CHILD_ALONE", "CHILD_IN_CUSTODY", "CHILD_WITH_UNVERIFIED_ADULT", "CHILD_SPOUSE", "CHILD_TURNS_18",
        "DOCUMENT_EXPIRES", "POSSIBLE_DUPLICATE", "CONSENT_ENDS", "INTERPRETER_NEEDED", "LEGAL_DEADLINE",
        "WEEKLY_SIGN_IN_MISSED", "LEAVE_OF_STATE_NEEDED", "CHILD_NO_GUARDIAN_24H", "ABSENT_AT_RISK", "MEDICINE_RUNS_OUT",
        "PREGNANCY_TERM", "PEP_WINDOW", "EC_WINDOW",
    }
)  # fmt: skip
#: Who sees an alert, as the list `alert` says it (`who_sees`).
SEEN_BY = ("CASE_TEAM", "SITE", "SUPERVISION", "MATTER")
SOON_DAYS = 30
TURNS_18_DAYS = 90
#: A legal clock that ends within these days, or ended, is near. Closing asks the clock itself.
LEGAL_DAYS = 7
#: Hours without a guardian, hours in which a treatment helps, days of medicine left: as `clocks.yml` says them.
GUARDIAN_HOURS, PEP_HOURS, EC_HOURS = 24, 72, 120
MEDICINE_DAYS, TERM_DAYS, ABSENT_DAYS = 3, 56, 30


@dataclass(frozen=True)
class AlertFacts:
    """What the rules look at. `adults_here` counts the adults of the household, `related_adults_here` those
    related to the child by evidence; `in_union` a partner of any evidence; `guardian` that an authority named
    one. `legal_clocks` are the last days of legal clocks, `signature_due` that by which the person signs.
    `stays_in` is the state (P-code) that the person may not leave, `going_to` those where a place is asked or held. `hours_here` since the file was opened; `gone_on` is the day of a
    departure to the street or nobody knows where, `reached_on` that on which the person was last spoken with, `at_risk`
    a child in the household or an urgent need that may stand on a screen. `missing` says that the roll of the house where the person
    sleeps does not find them, long enough for an alert (`shelter.night.rules.signal`). `term_from` is the day on which a pregnancy
    comes to its term, `incident_hours` how long ago that was after which a treatment helps."""

    today: date
    child: bool = False
    age_disputed: bool = False
    turns_18_on: date | None = None
    adults_here: int = 0
    related_adults_here: int = 0
    in_union: bool = False
    guardian: bool = False
    custody: bool = False
    interpreter_needed: bool = False
    possible_duplicates: int = 0
    consents_end: Sequence[date] = ()
    documents_end: Sequence[date] = ()
    requirements: Collection[str] = ()
    legal_clocks: Sequence[date] = ()
    signature_due: date | None = None
    stays_in: str | None = None
    going_to: Collection[str] = ()
    hours_here: float = 0.0
    gone_on: date | None = None
    reached_on: date | None = None
    housed: bool = False
    at_risk: bool = False
    missing: bool = False
    medicine_ends: date | None = None
    term_from: date | None = None
    incident_hours: float | None = None
    man: bool = False


def alerts(facts: AlertFacts) -> tuple[str, ...]:
    """Codes of the list `alert`, in the order of the list."""
    soon = facts.today + timedelta(days=SOON_DAYS)
    turns = facts.turns_18_on
    return tuple(
        code
        for code, holds in {
            "CHILD_ALONE": facts.child and not facts.adults_here and not facts.guardian,
            "CHILD_NO_GUARDIAN_24H": facts.child
            and not facts.guardian
            and not facts.related_adults_here
            and facts.hours_here >= GUARDIAN_HOURS,
            "CHILD_AGE_DISPUTED": facts.age_disputed,
            "CHILD_IN_CUSTODY": facts.child and facts.custody,
            "CHILD_WITH_UNVERIFIED_ADULT": facts.child
            and facts.adults_here > 0
            and not facts.related_adults_here
            and not facts.guardian,
            "CHILD_SPOUSE": facts.child and facts.in_union,
            "CHILD_TURNS_18": turns is not None
            and facts.today <= turns <= facts.today + timedelta(days=TURNS_18_DAYS),
            "ABSENT_AT_RISK": _absent(facts),
            "ALLERGY_LIFE": "ALLERGY_LIFE" in facts.requirements,
            "MEDICINE_RUNS_OUT": facts.medicine_ends is not None
            and facts.medicine_ends <= facts.today + timedelta(days=MEDICINE_DAYS),
            "PREGNANCY_TERM": facts.term_from is not None
            and facts.term_from <= facts.today <= facts.term_from + timedelta(days=TERM_DAYS),
            "PEP_WINDOW": facts.incident_hours is not None and facts.incident_hours < PEP_HOURS,
            "EC_WINDOW": facts.incident_hours is not None
            and facts.incident_hours < EC_HOURS
            and not facts.man,
            "CUSTODY": facts.custody and not facts.child,
            "DOCUMENT_EXPIRES": any(facts.today <= day <= soon for day in facts.documents_end),
            "LEGAL_DEADLINE": any(
                day <= facts.today + timedelta(days=LEGAL_DAYS) for day in facts.legal_clocks
            ),
            "WEEKLY_SIGN_IN_MISSED": facts.signature_due is not None and facts.signature_due < facts.today,
            "LEAVE_OF_STATE_NEEDED": any(
                needs_leave(Movement(facts.stays_in), place) for place in facts.going_to
            ),
            "POSSIBLE_DUPLICATE": facts.possible_duplicates > 0,
            "CONSENT_ENDS": any(facts.today <= day <= soon for day in facts.consents_end),
            "INTERPRETER_NEEDED": facts.interpreter_needed,
        }.items()
        if holds
    )


def _absent(facts: AlertFacts) -> bool:
    """Missing at the roll of the house; or left for the street or nobody knows where, and neither spoken with nor
    housed since. After the time in which contact is lost the file may close for that reason."""
    if facts.missing:
        return True
    if facts.gone_on is None or not facts.at_risk or facts.housed:
        return False
    if facts.reached_on is not None and facts.reached_on >= facts.gone_on:
        return False
    return facts.today < facts.gone_on + timedelta(days=ABSENT_DAYS)
