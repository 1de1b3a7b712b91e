"""Verbs of the registers: enter, withdraw, correct. What was entered is never changed: a correction withdraws it and
enters another. Head counts tell the journal, cell by cell, and nobody's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from caseapp.accounts.models import Team
from caseapp.core import access, clock, journal
from caseapp.core.db import session
from caseapp.core.errors import refusal_of, says
from caseapp.core.journal import CaseEvent
from caseapp.places.models import Site
from caseapp.programme import events, rules
from caseapp.programme.models import (
    JointProject,
    NetworkCapacity,
    OfficialTraining,
    Participation,
    ProgrammeEnrolment,
    UnitCost,
)

Row = OfficialTraining | JointProject | Participation | UnitCost | NetworkCapacity | ProgrammeEnrolment
MODELS: Mapping[str, type[Any]] = {
    "trainings": OfficialTraining, "projects": JointProject, "participation": Participation, "costs": UnitCost,
    "capacity": NetworkCapacity, "enrolments": ProgrammeEnrolment,
}  # fmt: skip

says("uq_joint_project_code", rules.CodeTaken)
says("ex_unit_cost_overlap", rules.CostsOverlap)
says("uq_network_capacity_day", rules.ReportedAlready)
says("network_capacity_site", rules.CountsItself)
says("uq_programme_enrolment_group", rules.EnrolledAlready)
says("ex_programme_enrolment_grain", rules.OtherGrain)
says("ex_programme_enrolment_period", rules.PeriodsOverlap)


def enter(
    kind: str,
    values: Mapping[str, Any],
    *,
    team: Team,
    row_key: bytes | None = None,
    replaces: UUID | None = None,
) -> Row:
    """Put an entry into a register of the team. In: values as `rules.read` gives them. Writes training.attended or
    project.participation for each cell. Raises CodeTaken, CostsOverlap, ReportedAlready, CountsItself, EnrolledAlready,
    OtherGrain, PeriodsOverlap."""
    row: Row = MODELS[kind](
        **_given(kind, values, team), country=team.country, team_id=team.id, row_key=row_key, replaces_id=replaces,
        entered_at=clock.now(), entered_by_id=access.current().user_id,
    )  # fmt: skip
    with _refusing():
        session.add(row)
        session.flush()
    _tell(row, team)
    session.flush()
    return row


def _given(kind: str, values: Mapping[str, Any], team: Team) -> dict[str, Any]:
    """The columns of an entry: codes become the rows that they name, a period its days."""
    given = dict(values)
    if "project" in given:
        given["project_id"] = _project(given.pop("project"), team).id
    if kind == "capacity":
        given["site_id"] = session.scalars(sa.select(Site.id).where(Site.code == given.pop("site"))).one()
    if kind == "enrolments":
        given["starts_on"], given["ends_on"] = rules.span_of(given["period"])
    return given


@contextmanager
def _refusing() -> Iterator[None]:
    """Constraints speak as refusals; what stood before stands."""
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from None


def _project(code: str, team: Team) -> JointProject:
    """The team's project that stands, held so that nobody withdraws it meanwhile."""
    return session.scalars(
        sa.select(JointProject)
        .where(
            JointProject.team_id == team.id, JointProject.code == code, JointProject.withdrawn_at.is_(None)
        )
        .with_for_update()
    ).one()


def _tell(row: Row, team: Team) -> None:
    where: dict[str, Any] = {
        "country": row.country, "site_id": team.site_id, "team_id": team.id, "subject_id": row.id,
    }  # fmt: skip
    if isinstance(row, OfficialTraining):
        for sex, heads in (("F", row.women), ("M", row.men), ("O", row.others)):
            if heads:
                journal.append(
                    events.ATTENDED, on=row.held_on, code=row.topic, sector=row.institution, sex=sex, number=heads, **where
                )  # fmt: skip
    elif isinstance(row, Participation):
        project = session.get_one(JointProject, row.project_id)
        journal.append(
            events.TOOK_PART, on=row.held_on, code=project.kind, place=project.place, outcome=row.population,
            sex=row.sex, age_band=row.age_band, number=row.heads, **where,
        )  # fmt: skip


def withdraw(row: Row, *, team: Team, reason: str = "ERROR") -> None:
    """Take an entry back (lock it first, `queries.locked`). Writes event.withdrawn for each of its events. Raises
    AlreadyWithdrawn, HasParticipation."""
    if row.withdrawn_at is not None:
        raise rules.AlreadyWithdrawn
    if isinstance(row, JointProject) and any(
        session.scalar(sa.select(sa.exists().where(of.project_id == row.id, of.withdrawn_at.is_(None))))
        for of in (Participation, ProgrammeEnrolment)
    ):
        raise rules.HasParticipation
    told = session.execute(
        sa.select(CaseEvent.id, CaseEvent.effective_on).where(
            CaseEvent.subject_id == row.id, CaseEvent.kind.in_((events.ATTENDED.name, events.TOOK_PART.name))
        )
    ).all()
    for event_id, on in told:
        journal.append(
            events.WITHDRAWN, country=row.country, on=on, site_id=team.site_id, team_id=team.id, subject_id=row.id,
            withdraws_id=event_id, reason=reason,
        )  # fmt: skip
    row.withdrawn_at, row.withdrawn_by_id = clock.now(), access.current().user_id
    session.flush()


def correct(kind: str, row: Row, values: Mapping[str, Any], *, team: Team) -> Row:
    """Withdraw an entry and enter another in its place. Raises what these raise."""
    withdraw(row, team=team)
    return enter(kind, values, team=team, replaces=row.id)
