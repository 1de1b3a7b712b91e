"""The journal: every verb appends one event made of codes, in the transaction that changes the rows.

Never names, never free text. Timeline, notifications and figures all come from here. Events are
immutable (a trigger refuses UPDATE and DELETE); a mistake is taken back by `event.withdrawn`, which
names the event it withdraws. The kinds are one printed, frozen list: `config/reference/events.yml`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import yaml
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core import access, clock, crypto
from caseapp.core.db import Base, Identified, insert_values, session

LIST = Path(__file__).resolve().parents[2] / "config" / "reference" / "events.yml"

#: The code columns an event may carry, beside who, where and when.
CODES = (
    "code", "reason", "reason_group", "priority", "sector", "outcome", "population", "place",
    "need_category", "sex", "age_band", "origin", "household_type", "number",
)  # fmt: skip
PROFILE = ("sex", "age_band", "origin", "household_type")


@dataclass(frozen=True)
class EventKind:
    """A kind of event: its name, the code columns it uses and its sentence in the timeline."""

    name: str
    codes: tuple[str, ...]
    label_es: str
    label_en: str
    sealed: bool = False


@cache
def kinds() -> dict[str, EventKind]:
    """The printed list. Raises ValueError with file and entry if a kind names an unknown column."""
    found: dict[str, EventKind] = {}
    for name, entry in yaml.safe_load(LIST.read_text("utf-8")).items():
        codes = tuple(entry.get("codes", ()))
        unknown = set(codes) - set(CODES)
        if unknown:
            raise ValueError(f"{LIST.name}: {name}: unknown columns {sorted(unknown)}")
        found[name] = EventKind(name, codes, entry["es"], entry["en"], bool(entry.get("sealed")))
    return found


def kind(name: str) -> EventKind:
    """The kind called `name`; an area's `events.py` names its kinds with this, so a typo fails at import."""
    try:
        return kinds()[name]
    except KeyError:
        raise LookupError(f"{name} is not in {LIST.name}, which is frozen") from None


class CaseEvent(Identified, Base):
    """One thing that happened. `effective_on` is the site's local date, `recorded_at` is UTC.

    `person_key`, `household_key` and `subject_key` are the country's keyed pseudonyms: they are what
    the facts role sees instead of `case_id` and `subject_id`.
    """

    __tablename__ = "case_event"
    # The last word on a shelter's places is asked for hundreds of shelters at once.
    __table_args__ = (
        sa.Index(
            "ix_case_event_capacity", "team_id", "recorded_at", postgresql_where=sa.text("kind = 'capacity.confirmed'")
        ),
    )  # fmt: skip

    position: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), index=True)
    kind: Mapped[str] = mapped_column(sa.ForeignKey("event_kind.kind"), index=True)
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    site_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("site.id"), index=True)
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("team.id"), index=True)
    actor: Mapped[str]  # "user:<id>" or "system:<name>"
    case_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("case.id"), index=True)
    subject_id: Mapped[UUID | None] = mapped_column(index=True)
    withdraws_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("case_event.id"), index=True)
    person_key: Mapped[UUID | None] = mapped_column(index=True)
    household_key: Mapped[UUID | None]
    subject_key: Mapped[UUID | None]
    other_key: Mapped[UUID | None]  # the second person of a merge
    code: Mapped[str | None]
    reason: Mapped[str | None]
    reason_group: Mapped[str | None]
    priority: Mapped[str | None]
    sector: Mapped[str | None]
    outcome: Mapped[str | None]
    population: Mapped[str | None]
    place: Mapped[str | None]
    need_category: Mapped[str | None]
    sex: Mapped[str | None]
    age_band: Mapped[str | None]
    origin: Mapped[str | None] = mapped_column(sa.CHAR(3))
    household_type: Mapped[str | None]
    number: Mapped[int | None]


class EventKindRow(Base):
    """The printed list as a table, so that the journal's kind is a foreign key."""

    __tablename__ = "event_kind"

    kind: Mapped[str] = mapped_column(primary_key=True)
    label_es: Mapped[str]
    label_en: Mapped[str]


def append(
    event_kind: EventKind,
    *,
    country: str,
    on: date,
    site_id: UUID | None = None,
    team_id: UUID | None = None,
    case_id: UUID | None = None,
    household_id: UUID | None = None,
    subject_id: UUID | None = None,
    other_case_id: UUID | None = None,
    withdraws_id: UUID | None = None,
    **codes: Any,
) -> CaseEvent:
    """Append one event and return it (flushed with the session, never committed here).

    `on` is the site's local date on which it took effect. `codes` are columns of `CODES`; a person's
    profile (`PROFILE`) may accompany every kind, others only if the kind declares them.
    Raises ValueError for a column the kind does not declare.
    """
    strange = {c for c, v in codes.items() if v is not None} - set(event_kind.codes) - set(PROFILE)
    if strange:
        raise ValueError(f"{event_kind.name} does not carry {sorted(strange)}")
    who = access.current()

    def key(subject: UUID | None, kind_of: str) -> UUID | None:
        return None if subject is None else crypto.pseudonym(country, kind_of, subject)

    values: dict[str, Any] = {
        "kind": event_kind.name,
        "effective_on": on,
        "recorded_at": clock.now(),
        "country": country,
        "site_id": site_id,
        "team_id": team_id,
        "actor": f"user:{who.user_id}" if who.user_id else who.name,
        "case_id": case_id,
        "subject_id": subject_id,
        "withdraws_id": withdraws_id,
        "person_key": key(case_id, "person"),
        "household_key": key(household_id, "household"),
        "subject_key": key(subject_id, "subject"),
        "other_key": key(other_case_id, "person"),
        **codes,
    }
    together_with = _together.get()
    if together_with is not None:
        row = CaseEvent()
        together_with.append({"id": row.id, **values})
        return row
    row = CaseEvent(**values)
    session.add(row)
    return row


_together: ContextVar[list[dict[str, Any]] | None] = ContextVar("events_together", default=None)


@contextmanager
def together() -> Iterator[None]:
    """The events of a block are written in one statement at its end, in their order: for thousands at a time (an
    import). What they are about must be flushed by then. They are not in the session; what `append` gives meanwhile
    knows its id and nothing else."""
    events: list[dict[str, Any]] = []
    token = _together.set(events)
    try:
        yield
    finally:
        _together.reset(token)
    if events:
        insert_values(CaseEvent, events)
