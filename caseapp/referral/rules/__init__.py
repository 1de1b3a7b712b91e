"""What a referral may become, by whom, by when, and on what it may be sent (VOCABULARY A1, A7; DO_NO_HARM)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from caseapp.core import reference
from caseapp.deadline.rules import moment_after
from caseapp.people.rules import why_not_waive

SENDER, RECEIVER, CLOCK, STAY = "SENDER", "RECEIVER", "CLOCK", "STAY"
NOT_ENDED = ("DRAFT", "SENT", "INFO_ASKED", "PART_ACCEPTED", "ACCEPTED", "STARTED")
ENDED = ("DECLINED", "WITHDRAWN", "LAPSED", "COMPLETED", "NOT_COMPLETED")
#: States that wait for the receiver's answer, and states in which something is awaited of the sender.
AWAITING_RECEIVER = ("SENT", "INFO_ASKED")
AWAITING_SENDER = ("DRAFT", "INFO_ASKED", "PART_ACCEPTED")
#: Ways of answering that the sender writes down for a receiver who does not use the system.
RECORDED_BY_SENDER = ("PHONE_RECORDED_BY_SENDER", "PAPER", "IN_PERSON")
ONE_TIME_PAGE = "ONE_TIME_PAGE"
#: Ways of answering in which somebody without an account says their name.
WITH_NAME = (*RECORDED_BY_SENDER, ONE_TIME_PAGE)
#: What to do with the reading of the cases when a referral comes to a state.
ENDS_READING = frozenset(ENDED)


@dataclass(frozen=True)
class Transition:
    """A verb: from which states, to which, and who may do it."""

    before: tuple[str, ...]
    after: str
    who: frozenset[str]


def _by(*who: str) -> frozenset[str]:
    return frozenset(who)


#: The one table of the state machine (VOCABULARY A1). The database's trigger says the same.
TRANSITIONS: Mapping[str, Transition] = {
    "send": Transition(("DRAFT",), "SENT", _by(SENDER)),
    "ask_info": Transition(("SENT",), "INFO_ASKED", _by(RECEIVER)),
    "give_info": Transition(("INFO_ASKED",), "SENT", _by(SENDER)),
    "accept": Transition(("SENT", "INFO_ASKED"), "ACCEPTED", _by(RECEIVER)),
    "accept_part": Transition(("SENT", "INFO_ASKED"), "PART_ACCEPTED", _by(RECEIVER)),
    "agree_part": Transition(("PART_ACCEPTED",), "ACCEPTED", _by(SENDER)),
    "refuse_part": Transition(("PART_ACCEPTED",), "DECLINED", _by(SENDER)),
    "decline": Transition(("SENT", "INFO_ASKED"), "DECLINED", _by(RECEIVER)),
    "withdraw": Transition(NOT_ENDED, "WITHDRAWN", _by(SENDER)),
    "lapse": Transition(("SENT", "INFO_ASKED"), "LAPSED", _by(CLOCK)),
    "start": Transition(("ACCEPTED",), "STARTED", _by(RECEIVER, STAY)),
    "complete": Transition(("ACCEPTED", "STARTED"), "COMPLETED", _by(RECEIVER, STAY)),
    "not_complete": Transition(("ACCEPTED", "STARTED"), "NOT_COMPLETED", _by(SENDER, RECEIVER, STAY)),
}
#: Answers that the sender may write down when they were given outside the system.
OUTSIDE = frozenset({"accept", "decline", "start", "complete"})
#: What a one-time page may do.
BY_PAGE = frozenset({"accept", "accept_part", "decline", "start"})


def may(verb: str, state: str, party: str, channel: str = "SYSTEM") -> bool:
    """Whether `party` may do `verb` on a referral in `state`; `channel` is how a receiver answered."""
    transition = TRANSITIONS[verb]
    who = transition.who
    if channel == ONE_TIME_PAGE and (verb not in BY_PAGE or party != RECEIVER):
        return False
    if channel in RECORDED_BY_SENDER and verb in OUTSIDE:
        who = who | {SENDER}
    return state in transition.before and party in who


def pairs() -> frozenset[tuple[str, str]]:
    """Every change of state that exists, for the database's trigger and its test."""
    return frozenset((before, t.after) for t in TRANSITIONS.values() for before in t.before)


# -- clocks -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Clock:
    """When the receiver is reminded, when an answer is due, when the next contact is told (IMMEDIATE), and when the
    referral lapses."""

    remind_at: datetime
    due_at: datetime
    told_at: datetime | None
    lapse_at: datetime


def clock_of(priority: str, sent_at: datetime, timezone: str, country: str) -> Clock:
    """The clock of a referral sent at a moment, from the dated rules of the reference data."""
    rule = reference.clock_rule(f"REFERRAL_{priority}", sent_at.date(), country)
    assert rule.value is not None and rule.unit is not None

    def after(units: int) -> datetime:
        return moment_after(sent_at, units, str(rule.unit), timezone)

    tell = rule.extra.get("tell_next_after")
    return Clock(
        after(rule.extra["remind_after"]),
        after(rule.value),
        after(tell) if tell else None,
        after(rule.extra["lapse_after"]),
    )


def pause_hours(priority: str, on: date, country: str) -> int | None:
    """For how many hours the receiver may stop the clock; None: not at all."""
    hours = reference.clock_rule(f"REFERRAL_{priority}", on, country).extra.get("pause_hours")
    return int(hours) if hours else None


def stood(paused_at: datetime, ends_at: datetime, now: datetime) -> timedelta:
    """How long a clock stood still: no longer than the pause was given for, however late somebody looks."""
    return min(now, ends_at) - paused_at


def on_time(answered_at: datetime, due_at: datetime) -> str:
    """ON_TIME or LATE, against the deadline as it stood when the answer came."""
    return "ON_TIME" if answered_at <= due_at else "LATE"


def minutes(start: datetime, end: datetime) -> int:
    """Whole minutes from one to the other; the time in which information was asked counts too."""
    return max(0, int((end - start).total_seconds() // 60))


# -- what is said of it -------------------------------------------------------------------------------
def sector_of(kind: str) -> str:
    """What journal, figures and other teams read of a service kind: a protected kind reads as the open kind
    that asks for the same consent (a protected shelter as a shelter)."""
    code = reference.code("service_kind", kind)
    if "S" not in code.flags:
        return kind
    return next(
        (
            c.code
            for c in reference.codes("service_kind")
            if "S" not in c.flags and c.extra["consent_purpose"] == code.extra["consent_purpose"]
        ),
        "OTHER",
    )


def purpose_of(kind: str) -> str:
    """The consent that a referral of this kind asks for."""
    return reference.code("service_kind", kind).extra["consent_purpose"]


def shown_reason(reason: str) -> str:
    """The decline reason that anybody but the receiver reads: a safety reason is CANNOT_OFFER."""
    return reference.code("decline_reason", reason).extra.get("shown_as") or reason


def result_of_departure(end_reasons: Collection[str]) -> str:
    """How a shelter's service went, from how the stays ended (group of the reason)."""
    groups = {reference.group_of("stay_end_reason", r) for r in end_reasons}
    if groups & {"LOST", "PERSON"}:
        return "PERSON_STOPPED"
    return "DELIVERED_PART" if groups & {"HARM", "DEATH", "ADMIN"} else "DELIVERED_FULL"


# -- consent and receivers ----------------------------------------------------------------------------
#: Receivers to whom nobody is referred: consulates, and those who keep people in custody.
NEVER_TO = frozenset({"CONSULAR", "MIGRATION_CUSTODY"})


def may_receive(
    team_type: str, team_country: str, case_country: str, nationalities: Collection[str]
) -> str | None:
    """Why a team may not receive people, or None: CONSULATE, CUSTODY, OWN_COUNTRY (another country's team
    where one of them is a national) or ABROAD."""
    if team_type in NEVER_TO:
        return "CONSULATE" if team_type == "CONSULAR" else "CUSTODY"
    if team_country == case_country:
        return None
    return "OWN_COUNTRY" if team_country in nationalities else "ABROAD"


@dataclass(frozen=True)
class Standing:
    """How a member stands towards the purpose: `own` is their own latest answer's state (None: never asked),
    `covered` whether a parent or guardian in the same referral said yes for themselves."""

    child: bool
    own: str | None = None
    covered: bool = False
    basis: str | None = None
    basis_reason: str = ""


def may_share(purpose: str, member: Standing) -> str | None:
    """Why this person may not be referred for the purpose, or None. An adult's own yes; a child's by parent,
    guardian or authority, or carried by a parent or guardian who goes along; or, only where that is missing, one of
    the four legal bases with its reason."""
    if consented(member):
        return None
    if member.basis is None:
        return "CONSENT_MISSING"
    return why_not_waive(purpose, member.basis, member.basis_reason, child=member.child)


def consented(member: Standing) -> bool:
    """Whether the person's own answer, or for a child that was not asked the carer's, opens the door."""
    return member.own == "GIVEN" or (member.child and member.own is None and member.covered)


def left_behind(out: Collection[UUID], guardians: Mapping[UUID, Collection[UUID]]) -> frozenset[UUID]:
    """The children who go with those who are out: every parent or guardian who came along is. `guardians` are a
    child's among the people of the referral."""
    gone = frozenset(out)
    return frozenset(
        child
        for child, elders in guardians.items()
        if child not in gone and elders and gone.issuperset(elders)
    )
