"""Keep cooperation's registers: write a line, change it, say that an action point is done."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.commitments import queries, rules
from caseapp.commitments.access import written_by
from caseapp.commitments.models import CooperationAction
from caseapp.commitments.queries import readable
from caseapp.core import audit, clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, Refused, says
from caseapp.core.i18n import _l
from caseapp.core.locking import locked


class LineTwice(Refused):
    sentence = _l("Esa línea ya está en el registro.")


says("uq_cooperation_actor_country_name", lambda: LineTwice(field="name"))
says("uq_cooperation_places_country_scheme_offered_by_period", lambda: LineTwice(field="period"))


def lines(table: type[Any], who: Principal, newest: str) -> list[Any]:
    """The lines of a register that somebody reads, the newest first."""
    wanted = readable(sa.select(table), who, table.country)
    return list(session.scalars(wanted.order_by(getattr(table, newest).desc(), table.id.desc()).limit(500)))


def line(table: type[Any], line_id: UUID, who: Principal) -> Any:
    """One line of a register. Raises NotYours."""
    row = session.scalars(
        readable(sa.select(table).where(table.id == line_id), who, table.country)
    ).one_or_none()
    if row is None:
        raise NotYours
    return row


def write(table: type[Any], values: dict[str, Any], *, by: Principal) -> Any:
    """A new line. Raises NotYourCountry, and what `_may` raises."""
    if values["country"] not in written_by(by):
        raise rules.NotYourCountry
    _may(values, by)
    row: Any = table(**values, made_by_id=by.user_id, made_at=clock.now())
    session.add(row)
    session.flush()
    audit.record("written", row.__tablename__, row.id)
    return row


def change(
    table: type[Any], line_id: UUID, values: dict[str, Any], *, version: int | None, by: Principal
) -> Any:
    """Change a line of a register that somebody keeps. Raises NotYours, ChangedMeanwhile, and what `_may` raises."""
    row = locked(table, table.id == line_id, table.country.in_(written_by(by)))
    if version != row.version:
        raise ChangedMeanwhile
    _may(values, by)
    for name, value in values.items():
        if name != "country":
            setattr(row, name, value)
    session.flush()
    audit.record("changed", row.__tablename__, row.id)
    return row


def done(action_id: UUID, *, on: date, by: Principal) -> CooperationAction:
    """An action point was done on a day. Raises NotYours."""
    row = locked(
        CooperationAction, CooperationAction.id == action_id, CooperationAction.country.in_(written_by(by))
    )
    row.done_on = row.done_on or on
    session.flush()
    audit.record("done", "cooperation_action", row.id)
    return row


def _may(values: dict[str, Any], by: Principal) -> None:
    if values.get("commitment_id") is not None:
        queries.commitment(by, values["commitment_id"])
    if "offered" in values:
        rules.may_count_places(values["offered"], values["used"])
    if "pledged" in values:
        try:
            rules.may_cost(values["pledged"], values["received"], values["currency"])
        except rules.AmountUnfit:
            raise rules.AmountUnfit(field="pledged") from None
