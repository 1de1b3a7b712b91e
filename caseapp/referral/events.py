"""The event kinds of referrals, and what follows for a referral when people come to a shelter, leave it, or
give their booking up: handlers that shelter calls in the same transaction (referral stands above shelter)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
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

#: An accepted referral was not carried out: what it opens in the file (a protection check, an alert) is done by the
#: worker, because whoever notes it at the gate sees no file. Areas above add their handlers.
ENDED_BADLY = "referral.ended_badly"
ended_badly: list[Callable[[Referral], None]] = []


@outbox.handles(ENDED_BADLY)
def look_after(row: outbox.OutboxRow) -> None:
    """Call the handlers with a referral that was not completed."""
    found = session.get(Referral, row.subject_id, options=queries.WHOLE)
    if found is not None and found.state == "NOT_COMPLETED":
        for handler in ended_badly:
            handler(found)


_GIVEN_UP = {
    "PLACE_NOT_READY": "BED_NOT_READY",
    "PERSON_DECLINED": "NEED_CHANGED",
    "BETTER_OPTION_FOUND": "NEED_CHANGED",
}


def _follow(referral_id: UUID, to: str, code: str | None) -> tuple[str, str, bool] | None:
    """Move the referral on as the stays stand. Done by a definer function, because the gate sees no
    referral: it answers sector and priority for the journal, and whether the state changed."""
    session.flush()
    row = session.execute(
        sa.text("SELECT sector, priority, moved FROM referral_follows_stay(:r, :to, :code, :at, :actor, :step, :notice)"),
        {
            "r": referral_id, "to": to, "code": code, "at": clock.now(), "actor": access.current().name, "step": uuid7(),
            "notice": uuid7(),
        },
    ).one_or_none()  # fmt: skip
    return None if row is None else (row.sector, row.priority, row.moved)


def _by_referral(stays: Sequence[Stay]) -> dict[UUID, list[Stay]]:
    found: dict[UUID, list[Stay]] = {}
    for stay in stays:
        if stay.referral_id is not None:
            found.setdefault(stay.referral_id, []).append(stay)
    return found


def _of_referral(referral_id: UUID) -> list[Stay]:
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
                _happened(STARTED, stay, referral_id, sector=answer[0], priority=answer[1], code="CHECK_IN")


def people_left(stays: Sequence[Stay]) -> None:
    """When the last person of a referral has left, the shelter's service is completed, with its result."""
    for referral_id in _by_referral(stays):
        everyone = _of_referral(referral_id)
        result = rules.result_of_departure([s.end_reason for s in everyone if s.end_reason])
        answer = _follow(referral_id, "COMPLETED", result)
        if answer is not None and answer[2]:
            for stay in (s for s in everyone if s.state == "ENDED"):
                _happened(
                    COMPLETED,
                    stay,
                    referral_id,
                    sector=answer[0],
                    priority=answer[1],
                    outcome=result,
                    code="CHECK_OUT",
                )


def bookings_given_up(stays: Sequence[Stay]) -> None:
    """When nobody of an accepted referral came or will come, it was not completed."""
    for referral_id, given_up in _by_referral(stays).items():
        came_not = any(s.state == "NO_SHOW" for s in given_up)
        reason = (
            "NO_SHOW" if came_not else _GIVEN_UP.get(given_up[0].cancel_reason or "", "PROVIDER_CANCELLED")
        )
        answer = _follow(referral_id, "NOT_COMPLETED", reason)
        if answer is not None and answer[2]:
            outbox.leave(ENDED_BADLY, referral_id)
            for stay in _of_referral(referral_id):
                _happened(
                    NOT_COMPLETED, stay, referral_id, sector=answer[0], priority=answer[1], reason=reason
                )


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
