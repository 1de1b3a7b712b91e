"""Verbs on the claim: lodge, decide, close. Each changes rows and appends the event; the edge commits."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, says
from caseapp.people.events import POPULATION_CHANGED, happened
from caseapp.people.models import Case, Person, PersonNationality, PersonPopulation
from caseapp.places.models import Site
from caseapp.procedure import events, queries, rules
from caseapp.procedure.models import Claim

says("uq_claim_open", rules.ClaimOpen)


def _today(case: Case) -> date:
    zone = session.scalar(sa.select(Site.timezone).where(Site.id == case.site_id))
    return clock.today(zone or "UTC")


def lodge(case: Case, *, on: date, application_type: str = "N") -> Claim:
    """Lodge a claim on a day (site's local date). Raises the errors of `rules.may_lodge`."""
    nationalities = session.scalars(
        sa.select(PersonNationality.country).where(PersonNationality.case_id == case.id)
    ).all()
    rules.may_lodge(case.country, nationalities, queries.open_for(case.id) is not None, on, _today(case))
    claim = Claim(case_id=case.id, lodged_on=on, application_type=application_type)
    session.add(claim)
    become_population(case, "ASYLUM_SEEKER", on)
    happened(
        events.LODGED, case, on=on, subject_id=claim.id, code=application_type, population="ASYLUM_SEEKER"
    )
    session.flush()
    return claim


def decide(case: Case, claim: Claim, *, on: date, outcome: str, version: int | None = None) -> None:
    """Record the decision on the merits; recognition changes the person's situation from that day. Raises the
    errors of `rules.may_end`, ChangedMeanwhile."""
    _unchanged(claim, version)
    rules.may_end(claim.is_open, claim.lodged_on, on, _today(case))
    claim.decided_on, claim.outcome = on, outcome
    days = (on - claim.lodged_on).days
    happened(
        events.DECIDED,
        case,
        on=on,
        subject_id=claim.id,
        code=claim.application_type,
        outcome=outcome,
        number=days,
    )
    population = rules.population_after(outcome)
    if population:
        become_population(case, population, on)
    session.flush()


def close(case: Case, claim: Claim, *, on: date, reason: str, version: int | None = None) -> None:
    """Close a claim without a decision on its merits, with the reason. The file stays open. Raises the errors
    of `rules.may_end`, ChangedMeanwhile."""
    _unchanged(claim, version)
    rules.may_end(claim.is_open, claim.lodged_on, on, _today(case))
    claim.closed_on, claim.closure_reason = on, reason
    group = rules.CLOSURE_GROUPS[reason]
    happened(
        events.CLOSED, case, on=on, subject_id=claim.id, code=claim.application_type, reason=reason,
        reason_group=group, outcome="CLOSED",
    )  # fmt: skip
    session.flush()


def _unchanged(claim: Claim, version: int | None) -> None:
    if version is not None and version != claim.version:
        raise ChangedMeanwhile


def become_population(case: Case, population: str, on: date) -> None:
    """Add a dated protection situation; a decided status ends the one as asylum-seeker."""
    current = session.scalars(
        sa.select(PersonPopulation).where(
            PersonPopulation.case_id == case.id, PersonPopulation.ended_on.is_(None)
        )
    ).all()
    if population in {p.population for p in current}:
        return
    person_id = session.scalars(sa.select(Person.id).where(Person.case_id == case.id)).one()
    for row in current:
        if row.population in ("ASYLUM_SEEKER", "IN_TRANSIT"):
            row.ended_on = max(on, row.since)
    session.add(PersonPopulation(case_id=case.id, person_id=person_id, population=population, since=on))
    happened(POPULATION_CHANGED, case, on=on, population=population)
