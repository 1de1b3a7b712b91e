"""Verbs on data breaches: record, note who was told, close."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.casefile.breach import rules
from caseapp.casefile.breach.models import DataBreach
from caseapp.core import access, audit, clock, crypto
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted, NotYours, says

says("ck_data_breach_closed_when_told", rules.AuthorityNotTold)


def record(country: str, *, kind: str, on: date, today: date, persons: int, what: str) -> DataBreach:
    """Write a breach down. Raises NoticedInFuture, WordsMissing, NotPermitted."""
    who = access.current()
    if who.user_id is None:
        raise NotPermitted
    rules.may_record(on, today, what)
    row = DataBreach(
        country=country, kind=kind, noticed_on=on, recorded_at=clock.now(), recorded_by_id=who.user_id, persons=persons
    )  # fmt: skip
    crypto.new_key(row.id, country)
    row.what = what.strip()
    session.add(row)
    audit.record("recorded", "data_breach", row.id, kind)
    session.flush()
    return row


def told(row: DataBreach, whom: str, on: date) -> None:
    """The authority (AUTHORITY) or the persons (PERSONS) were told on a day. Raises BreachClosed."""
    if row.closed_on is not None:
        raise rules.BreachClosed
    if whom == "AUTHORITY":
        row.told_authority_on = on
    else:
        row.told_persons_on = on
    audit.record("told", "data_breach", row.id, whom)
    session.flush()


def close(row: DataBreach, on: date) -> None:
    """Everybody who must know was told. Raises BreachClosed, AuthorityNotTold."""
    rules.may_close(row.closed_on is not None, row.told_authority_on is not None)
    row.closed_on = max(on, row.noticed_on)
    audit.record("closed", "data_breach", row.id)
    session.flush()


def of_countries(countries: Sequence[str]) -> Sequence[DataBreach]:
    """The log, the newest first (two statements, with the keys)."""
    rows = session.scalars(
        sa.select(DataBreach)
        .where(DataBreach.country.in_(countries))
        .order_by(DataBreach.noticed_on.desc(), DataBreach.id.desc())
        .limit(100)
    ).all()
    crypto.load_keys(r.id for r in rows)
    return rows


def one(breach_id: UUID, countries: Sequence[str]) -> DataBreach:
    """One breach of these countries, locked; else NotYours (404)."""
    found = session.scalars(
        sa.select(DataBreach)
        .where(DataBreach.id == breach_id, DataBreach.country.in_(countries))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotYours
    return found
