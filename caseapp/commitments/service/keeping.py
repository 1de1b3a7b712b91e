"""Write a commitment, change it, withdraw it; say what it wants to reach and what it costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.commitments import linked, queries, rules
from caseapp.commitments.access import written_by
from caseapp.commitments.models import Commitment, CommitmentCost, CommitmentPast, CommitmentTarget
from caseapp.commitments.rules import PastPart
from caseapp.core import audit, clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, Refused, says
from caseapp.core.i18n import _l
from caseapp.core.locking import locked


class CodeTaken(Refused):
    sentence = _l("Ese código ya nombra otro compromiso del país.")
    field = "code"


class CostTwice(Refused):
    sentence = _l("Ese año ya tiene un costo en esa moneda.")
    field = "year"


says("uq_commitment_country_code", CodeTaken)
says("uq_commitment_cost_commitment_id_year_currency", CostTwice)
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
    """Change what was written; what it said before is remembered. Raises ChangedMeanwhile where somebody saved first."""
    row = for_writing(commitment_id, by)
    if version != row.version:
        raise ChangedMeanwhile
    _stands(row.country, values)
    before = {name: getattr(row, name) for name in EDITABLE if getattr(row, name) != values[name]}
    if not before:
        return row
    _remember(row, PastPart.TEXT, before, by)
    for name in before:
        setattr(row, name, values[name])
    row.changed_at = clock.now()
    session.flush()
    audit.record("changed", "commitment", row.id)
    return row


def _remember(row: Commitment, part: PastPart, said: dict[str, Any], by: Principal) -> None:
    """Keep what is about to be replaced. `said`: values by name; dates as ISO texts."""
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in said.items()}
    session.add(
        CommitmentPast(
            commitment_id=row.id,
            part=part.value,
            said=plain,
            changed_by_id=by.user_id,
            changed_at=clock.now(),
        )
    )


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
    """What the commitment wants an indicator to reach by a period; said again, it is replaced and remembered. Raises
    IndicatorUnknown where neither the catalogue nor the registers know the code."""
    if indicator not in linked.indicators():
        raise rules.IndicatorUnknown
    row = for_writing(commitment_id, by)
    made = session.scalars(
        sa.select(CommitmentTarget).where(
            CommitmentTarget.commitment_id == row.id,
            CommitmentTarget.indicator == indicator,
            CommitmentTarget.period == period,
        )
    ).one_or_none()
    if made is None:
        made = CommitmentTarget(commitment_id=row.id, indicator=indicator, period=period, target=target)
        session.add(made)
    elif made.target != target:
        _remember(row, PastPart.TARGET, _said_of_target(made), by)
        made.target = target
    session.flush()
    audit.record("target_set", "commitment", row.id, f"{indicator} {period}")
    return made


def remove_target(target_id: UUID, *, by: Principal) -> Commitment:
    """A target that was written by mistake; what it said is remembered. Raises NotYours and as `for_writing`."""
    target = session.get(CommitmentTarget, target_id)
    if target is None:
        raise NotYours
    row = for_writing(target.commitment_id, by)
    _remember(row, PastPart.TARGET, _said_of_target(target), by)
    session.delete(target)
    session.flush()
    audit.record("target_removed", "commitment", row.id, f"{target.indicator} {target.period}")
    return row


def _said_of_target(row: CommitmentTarget) -> dict[str, str]:
    return {"indicator": row.indicator, "period": row.period, "target": str(row.target)}


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
    elif (made.budgeted, made.funded, made.source) != (budgeted, funded, source):
        _remember(row, PastPart.COST, _said_of_cost(made), by)
    made.budgeted, made.funded, made.source = budgeted, funded, source
    made.made_by_id, made.made_at = by.user_id, clock.now()
    session.flush()
    audit.record("costed", "commitment", row.id, str(year))
    return made


def _said_of_cost(row: CommitmentCost) -> dict[str, str]:
    return {
        "year": str(row.year), "currency": row.currency, "budgeted": str(row.budgeted), "funded": str(row.funded),
        "source": row.source,
    }  # fmt: skip
