"""The event kinds of referrals, and what follows for a referral when people come to a shelter, leave it, or
give their booking up: handlers that shelter calls in the same transaction (referral stands above shelter)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, clock, outbox
from caseapp.core.db import session, uuid7
from caseapp.core.journal import EventKind, kind
from caseapp.people import events as people_events
from caseapp.people.models import Case, Consent, ConsentWaiver
from caseapp.places.models import Site
from caseapp.referral import queries, rules
from caseapp.referral.legal import models as legal_models  # noqa: F401  (the tables are known with the events)
from caseapp.referral.models import Referral
from caseapp.referral.placement import models as placement_models  # noqa: F401  (the tables are known with the events)
from caseapp.referral.rules import gone, reviewing
from caseapp.referral.waiting import models as waiting_models  # noqa: F401  (the tables are known with the events)
from caseapp.shelter import events as shelter_events
from caseapp.shelter.models import Stay

DRAFTED = kind("referral.drafted")
SENT = kind("referral.sent")
INFO_ASKED = kind("referral.info_asked")
INFO_GIVEN = kind("referral.info_given")
ACCEPTED = kind("referral.accepted")
PART_ACCEPTED = kind("referral.part_accepted")
DECLINED = kind("referral.declined")
WITHDRAWN = kind("referral.withdrawn")
LAPSED = kind("referral.lapsed")
ESCALATED = kind("referral.escalated")
STARTED = kind("referral.started")
COMPLETED = kind("referral.completed")
NOT_COMPLETED = kind("referral.not_completed")

#: States of a stay that was given and not taken up.
GIVEN_UP = ("NO_SHOW", "CANCELLED")

#: An accepted referral was not carried out: what it opens in the file (a protection check, an alert) is done by the
#: worker, because whoever notes it at the gate sees no file. Areas above add their handlers.
ENDED_BADLY = "referral.ended_badly"
ended_badly: list[Callable[[Referral], None]] = []


#: Somebody of a referral did not come to the shelter, whatever became of the others: one row for each, with the stay and
#: the day on which it was noted. Areas above add their handlers.
PERSON_MISSING = "referral.person_missing"
person_missing: list[Callable[[Stay, date], None]] = []


@outbox.handles(ENDED_BADLY)
def look_after(row: outbox.OutboxRow) -> None:
    """Call the handlers with a referral that was not completed."""
    found = session.get(Referral, row.subject_id, options=queries.WHOLE)
    if found is not None and found.state == "NOT_COMPLETED":
        for handler in ended_badly:
            handler(found)


@outbox.handles(PERSON_MISSING)
def look_for(row: outbox.OutboxRow) -> None:
    """Call the handlers with the stay of somebody who did not come, and the day on which that was noted."""
    stay = session.get(Stay, row.subject_id)
    if stay is not None and stay.state == "NO_SHOW" and row.note is not None:
        for handler in person_missing:
            handler(stay, date.fromisoformat(row.note))


class _Followed(NamedTuple):
    """What the gate, which sees no referral, learns of it: what the journal says, how it stood, whether it moved."""

    sector: str
    priority: str
    stood: str
    moved: bool


def _follow(
    referral_id: UUID, to: str, code: str | None, *, missing: bool = False, reviewed: str | None = None
) -> _Followed | None:
    """Move the referral on as the stays stand. Done by a definer function, because the gate sees no referral. `missing`:
    somebody of it did not come, and its sender is told also where the others keep it going; `reviewed`: the
    reason for which a booking was given up, where a second person of the shelter looks at it."""
    session.flush()
    row = session.execute(
        sa.text(
            "SELECT sector, priority, stood, moved FROM referral_follows_stay("
            ":r, :to, :code, :at, :actor, :step, :notice, :missing, :reviewed, :review, :review_notice)"
        ),
        {
            "r": referral_id, "to": to, "code": code, "at": clock.now(), "actor": access.current().name, "step": uuid7(),
            "notice": uuid7(), "missing": missing, "reviewed": reviewed, "review": uuid7(), "review_notice": uuid7(),
        },
    ).one_or_none()  # fmt: skip
    return None if row is None else _Followed(*row)


def _by_referral(stays: Sequence[Stay]) -> dict[UUID, list[Stay]]:
    found: dict[UUID, list[Stay]] = {}
    for stay in stays:
        if stay.referral_id is not None:
            found.setdefault(stay.referral_id, []).append(stay)
    return found


def stays_of(referral_id: UUID) -> list[Stay]:
    """Every stay that was given to people of a referral, whatever became of it."""
    given = Stay.state.not_in(("HELD", "RELEASED"))
    return list(
        session.scalars(sa.select(Stay).where(Stay.referral_id == referral_id, given).order_by(Stay.id))
    )


def _happened(event_kind: EventKind, stay: Stay, referral_id: UUID, **codes: Any) -> None:
    shelter_events.happened(
        event_kind, stay, session.get_one(Site, stay.site_id), subject_id=referral_id, **codes
    )


def people_arrived(stays: Sequence[Stay]) -> None:
    """Check-in sets the referral to STARTED; each person's arrival is the start of their service."""
    for referral_id, arrived in _by_referral(stays).items():
        answer = _follow(referral_id, "STARTED", None)
        if answer is not None:
            for stay in arrived:
                _happened(
                    STARTED,
                    stay,
                    referral_id,
                    sector=answer.sector,
                    priority=answer.priority,
                    code="CHECK_IN",
                )


def people_left(stays: Sequence[Stay]) -> None:
    """When the last person of a referral has left, the shelter's service is completed, with its result."""
    for referral_id in _by_referral(stays):
        everyone = stays_of(referral_id)
        result = rules.result_of_departure([s.end_reason for s in everyone if s.end_reason])
        answer = _follow(referral_id, "COMPLETED", result)
        if answer is not None and answer.moved:
            for stay in (s for s in everyone if s.state == "ENDED"):
                _happened(
                    COMPLETED,
                    stay,
                    referral_id,
                    sector=answer.sector,
                    priority=answer.priority,
                    outcome=result,
                    code="CHECK_OUT",
                )


def bookings_given_up(stays: Sequence[Stay]) -> None:
    """Each person whose booking was given up has their own ending, and whoever did not come is looked for, also where
    others of the referral came. When nobody is left, the referral was not completed, or with the last who came it is."""
    for referral_id, given_up in _by_referral(stays).items():
        endings = {s.id: gone.ending_of(s.state, s.cancel_reason) for s in given_up}
        missing = [s for s in given_up if s.state == "NO_SHOW"]
        reason = gone.reason_of(
            [gone.ending_of(s.state, s.cancel_reason) for s in stays_of(referral_id) if s.state in GIVEN_UP]
        )
        answer = _follow(
            referral_id, "NOT_COMPLETED", reason, missing=bool(missing),
            reviewed=next((e for e in endings.values() if reviewing.is_reviewed("not_completed_reason", e)), None),
        )  # fmt: skip
        if answer is None:
            continue
        for stay in missing:
            today = clock.today(session.get_one(Site, stay.site_id).timezone)
            outbox.leave(PERSON_MISSING, stay.id, note=today.isoformat())
        if answer.stood not in gone.UNDER_WAY:
            continue
        for stay in given_up:
            _happened(
                NOT_COMPLETED, stay, referral_id, sector=answer.sector, priority=answer.priority, reason=endings[stay.id]
            )  # fmt: skip
        if answer.moved and reason != "NO_SHOW":
            outbox.leave(ENDED_BADLY, referral_id)
        elif answer.stood == "STARTED":
            people_left(given_up)


def key_turned(case: Case, consent: Consent, on: date) -> None:
    """A key was given, refused, taken back or ran out: what rests on it opens or closes with it."""
    from caseapp.referral.service import consenting

    consenting.key_turned(case, consent, on)
    if consent.state in ("REFUSED", "WITHDRAWN"):
        from caseapp.referral.waiting import service as waiting

        waiting.ground_gone(case.id, consent.purpose)


def waiver_not_upheld(case: Case, waiver: ConsentWaiver, on: date) -> None:
    """A second person did not uphold that somebody acted without consent."""
    from caseapp.referral.service import consenting

    consenting.waiver_not_upheld(case, waiver, on)


_HANDLERS: tuple[tuple[list[Any], Any], ...] = (
    (people_events.consent_turned, key_turned), (people_events.waiver_not_upheld, waiver_not_upheld),
)  # fmt: skip
for _handlers, _handler in (
    *_HANDLERS,
    (shelter_events.arrived, people_arrived),
    (shelter_events.left, people_left),
    (shelter_events.released, bookings_given_up),
):
    if _handler not in _handlers:
        _handlers.append(_handler)
