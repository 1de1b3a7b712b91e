"""Write a commitment, change it, withdraw it; say what it wants to reach and what it costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.commitments import queries, rules
from caseapp.commitments.access import written_by
from caseapp.commitments.models import Commitment, CommitmentCost, CommitmentTarget
from caseapp.core import audit, clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, Refused, says
from caseapp.core.i18n import _l
from caseapp.core.locking import locked


class CodeTaken(Refused):
    sentence = _l("Ese código ya nombra otro compromiso del país.")
    field = "code"


class CostTwice(Refused):
    sentence = _l("Ese año ya tiene un costo en esa moneda.")
    field = "year"


class TargetTwice(Refused):
    sentence = _l("Ese indicador ya tiene una meta para ese periodo.")
    field = "indicator"


says("uq_commitment_country_code", CodeTaken)
says("uq_commitment_cost_commitment_id_year_currency", CostTwice)
says("uq_commitment_target_commitment_id_indicator_period", TargetTwice)
#: What an edit may change; the country and the code name the commitment and stay.
EDITABLE = ("pillar", "commitment_class", "text_es", "text_en", "owner", "partners", "starts_on", "due_on")


def create(values: dict[str, Any], *, by: Principal) -> Commitment:
    """A new commitment. Raises NotYourCountry, the refusals of `rules.may_stand`, CodeTaken."""
    if values["country"] not in written_by(by):
        raise rules.NotYourCountry
    _stands(values["country"], values)
    taken = sa.select(Commitment.id).where(
        Commitment.country == values["country"], Commitment.code == values["code"]
    )
    if session.scalar(taken):
        raise CodeTaken
    row = Commitment(**values, made_by_id=by.user_id, made_at=clock.now(), changed_at=clock.now())
    session.add(row)
    session.flush()
    audit.record("created", "commitment", row.id, f"{row.country} {row.pillar}")
    return row


def _stands(country: str, values: dict[str, Any]) -> None:
    rules.may_stand(
        country=country, pillar=values["pillar"], commitment_class=values["commitment_class"], text_es=values["text_es"],
        starts_on=values["starts_on"], due_on=values["due_on"],
    )  # fmt: skip


def for_writing(commitment_id: UUID, by: Principal) -> Commitment:
    """A commitment that somebody keeps, locked. Raises NotYours, NotYourCountry, CommitmentWithdrawn."""
    queries.commitment(by, commitment_id)
    row = locked(Commitment, Commitment.id == commitment_id, Commitment.country.in_(written_by(by)))
    if row.withdrawn_on is not None:
        raise rules.CommitmentWithdrawn
    return row


def change(commitment_id: UUID, values: dict[str, Any], *, version: int | None, by: Principal) -> Commitment:
    """Change what was written. Raises ChangedMeanwhile where somebody saved first."""
    row = for_writing(commitment_id, by)
    if version != row.version:
        raise ChangedMeanwhile
    _stands(row.country, values)
    for name in EDITABLE:
        setattr(row, name, values[name])
    row.changed_at = clock.now()
    session.flush()
    audit.record("changed", "commitment", row.id)
    return row


def withdraw(commitment_id: UUID, reason: str, *, on: date, by: Principal) -> Commitment:
    """The commitment no longer stands; it stays readable with its reason. Raises ReasonNeeded, ScoredAhead."""
    if not reason.strip():
        raise rules.ReasonNeeded
    row = for_writing(commitment_id, by)
    if on > clock.today():
        raise rules.ScoredAhead(field="withdrawn_on")
    row.withdrawn_on, row.withdrawn_reason, row.changed_at = on, reason.strip(), clock.now()
    session.flush()
    audit.record("withdrawn", "commitment", row.id)
    return row


def set_target(
    commitment_id: UUID, *, indicator: str, period: str, target: Decimal, by: Principal
) -> CommitmentTarget:
    """What the commitment wants an indicator to reach by a period. Raises TargetTwice."""
    row = for_writing(commitment_id, by)
    twice = sa.select(CommitmentTarget.id).where(
        CommitmentTarget.commitment_id == row.id, CommitmentTarget.indicator == indicator,
        CommitmentTarget.period == period,
    )  # fmt: skip
    if session.scalar(twice):
        raise TargetTwice
    made = CommitmentTarget(commitment_id=row.id, indicator=indicator, period=period, target=target)
    session.add(made)
    session.flush()
    audit.record("target_set", "commitment", row.id, f"{indicator} {period}")
    return made


def cost(
    commitment_id: UUID, *, year: int, currency: str, budgeted: Decimal, funded: Decimal, source: str, by: Principal
) -> CommitmentCost:  # fmt: skip
    """What the commitment costs in a year; said again, it is replaced. Raises the refusals of `rules.may_cost`."""
    rules.may_cost(budgeted, funded, currency)
    row = for_writing(commitment_id, by)
    made = session.scalars(
        sa.select(CommitmentCost).where(
            CommitmentCost.commitment_id == row.id,
            CommitmentCost.year == year,
            CommitmentCost.currency == currency,
        )
    ).one_or_none()
    if made is None:
        made = CommitmentCost(commitment_id=row.id, year=year, currency=currency)
        session.add(made)
    made.budgeted, made.funded, made.source = budgeted, funded, source
    made.made_by_id, made.made_at = by.user_id, clock.now()
    session.flush()
    audit.record("costed", "commitment", row.id, str(year))
    return made
