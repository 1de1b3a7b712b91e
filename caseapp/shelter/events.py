"""The event kinds of stays, and what higher areas hang on them.

Referral stands above shelter: its `events.py` lists handlers here (`arrived`, `left`, `released`), which run
in the same transaction as the verb. A departure of a child to the street or to nobody knows where leaves an
outbox row; its handler raises the alert in the journal and calls `at_risk`, where an area that keeps alerts
adds its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import clock, journal, outbox
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent, EventKind, kind
from caseapp.people.models import AccessScope, CaseAccess
from caseapp.places.models import Site
from caseapp.shelter.models import Stay, StayState

BOOKED = kind("stay.booked")
HELD = kind("stay.held")
HOLD_ENDED = kind("stay.hold_ended")
CANCELLED = kind("stay.cancelled")
STARTED = kind("stay.started")
MOVED = kind("stay.moved")
EXTENDED = kind("stay.extended")
ENDED = kind("stay.ended")
NO_SHOW = kind("stay.no_show")
CAPACITY_CONFIRMED = kind("capacity.confirmed")
FACILITY_ASSESSED = kind("facility.assessed")
CAPACITY_CHANGED = kind("capacity.changed")
ALERT_RAISED = kind("alert.raised")

Handler = Callable[[Sequence[Stay]], None]
#: Handlers of higher areas: people came in, people left, bookings were given up (cancelled or no-show).
arrived: list[Handler] = []
left: list[Handler] = []
released: list[Handler] = []
#: Told of a stay and an alert's code; answers whether the alert now stands in the person's file, journal included.
at_risk: list[Callable[[Stay, str], bool]] = []

DEPARTURE_AT_RISK = "shelter.departure_at_risk"
READING_OVER = "shelter.reading_over"
HOLD_LAPSED = "shelter.hold_lapsed"
HOLD_TURNED = "shelter.hold_turned"


def tell(handlers: Sequence[Handler], stays: Sequence[Stay]) -> None:
    """Call the handlers with the stays, in the running transaction."""
    for handler in handlers:
        handler(stays)


def happened(
    event_kind: EventKind,
    stay: Stay,
    site: Site,
    *,
    on: date | None = None,
    subject_id: UUID | None = None,
    **codes: Any,
) -> CaseEvent:
    """Append an event about a stay, on the site's local date. The profile codes of the person are filled by
    the database from the case's own events (`fill_profile`): a shelter's team may not read the origin, and
    the gate not even the person."""
    return journal.append(
        event_kind,
        country=site.country,
        on=on or clock.today(site.timezone),
        site_id=stay.site_id,
        team_id=stay.team_id,
        case_id=stay.case_id,
        household_id=stay.household_id,
        subject_id=subject_id or stay.id,
        **codes,
    )


@outbox.handles(DEPARTURE_AT_RISK)
def raise_alert(row: outbox.OutboxRow) -> None:
    """A child, or a household with a child, left for the street or for nobody knows where, or is missing at the
    roll (ABSENT_AT_RISK), or a child is still in whose last adult has left (CHILD_ALONE): `note` is the code."""
    stay = session.get(Stay, row.subject_id)
    if stay is None:
        return
    code = row.note or "ABSENT_AT_RISK"
    told = [handler(stay, code) for handler in at_risk]
    if not any(told):
        happened(ALERT_RAISED, stay, session.get_one(Site, stay.site_id), code=code)


@outbox.handles(READING_OVER)
def end_reading(row: outbox.OutboxRow) -> None:
    """Somebody has left: what the shelter reads of their file because of a stay ends, however they had come and whoever
    closed the referral, unless another stay in which they are in holds it up. After the answer, because the gate that
    notes the departure may not write it; may run twice."""
    stay = session.get_one(Stay, row.subject_id)
    held_up = sa.exists().where(
        Stay.case_id == CaseAccess.case_id, Stay.team_id == CaseAccess.team_id, Stay.state == StayState.IN,
        CaseAccess.subject_id.in_((Stay.id, Stay.referral_id)),
    )  # fmt: skip
    session.execute(
        sa.update(CaseAccess)
        .where(
            CaseAccess.case_id == stay.case_id, CaseAccess.team_id == stay.team_id, CaseAccess.ended_at.is_(None),
            CaseAccess.scope == AccessScope.STAY, ~held_up,
        )
        .values(ended_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )  # fmt: skip


@outbox.handles(HOLD_LAPSED)
def write_lapsed(row: outbox.OutboxRow) -> None:
    """A hold ended because its time had come and somebody came for the place; `note` is another reason."""
    stay = session.get(Stay, row.subject_id)
    if stay is not None:
        happened(HOLD_ENDED, stay, session.get_one(Site, stay.site_id), reason=row.note or "TIME")


@outbox.handles(HOLD_TURNED)
def write_booked(row: outbox.OutboxRow) -> None:
    """A hold became a booking by a yes given outside: what the gate reads of the person is filled in."""
    from caseapp.shelter.service.holding import fill_in

    stay = session.get(Stay, row.subject_id)
    if stay is not None:
        fill_in(stay)


# The roll's own kinds and table, and what hangs on people without a referral, are known once this module is.
from caseapp.shelter.night import events as _night  # noqa: E402, F401
from caseapp.shelter.walk_in import events as _walk_in  # noqa: E402, F401
