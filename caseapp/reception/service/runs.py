"""Runs of an import: at which desk, as whom, how far, and what is kept of them."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import access, clock, crypto
from caseapp.core.access import Grant, Principal
from caseapp.core.db import session, uuid7
from caseapp.core.errors import Refused
from caseapp.places.models import Site
from caseapp.reception.models import ImportProblem, ImportRun, ImportState
from caseapp.reception.rules.rows import Where
from caseapp.reception.service.importing import Report

#: Teams that register people, the likeliest first.
DESKS = ("RECEPTION_DESK", "BORDER_POINT", "RETURNEE_RECEPTION", "IDP_AUTHORITY")
MOST_PROBLEMS = 5000  # kept for the page; a file that is wrong more often is wrong as a whole


def where_of(team: Team, site: Site) -> Where:
    """The place and day of an import at a desk."""
    return Where(site.code, team.country, clock.today(site.timezone))


def desk_of_site(code: str) -> tuple[Team, Where] | None:
    """The team of a site that registers people, or None."""
    rows = session.execute(
        sa.select(Team, Site)
        .join(Site, Site.id == Team.site_id)
        .where(Site.code == code, Team.active, Team.type.in_(DESKS))
        .order_by(Team.sort_key)
    ).all()
    if not rows:
        return None
    team, site = min(rows, key=lambda row: DESKS.index(row[0].type))
    return team, where_of(team, site)


def principal_for(team: Team) -> Principal:
    """The system, importing for one desk: it opens that desk's files and no others."""
    grant = Grant("CASEWORKER", team.id, team.code, team.type, team.country, team.site_id)
    return Principal(name="system:import", grants=(grant,), kind="system")


def begin(team: Team, *, dry_run: bool, skip_bad: bool, state: str = "RUNNING") -> ImportRun:
    """Note a run, with a key for what it keeps."""
    run = ImportRun(
        id=uuid7(), team_id=team.id, country=team.country, asked_by_id=access.current().user_id, state=state,
        dry_run=dry_run, skip_bad=skip_bad, made_at=clock.real_now(), beat_at=clock.real_now(),
    )  # fmt: skip
    session.add(run)
    session.flush()
    return run


def progressed(run_id: UUID, report: Report) -> None:
    """Note how far it is."""
    _set(run_id, step=report.step, done=report.done, beat_at=clock.real_now(), **_counts(report))


def end(run_id: UUID, report: Report) -> None:
    """Note the result and what is wrong with the rows; the file and its name go."""
    state = ImportState.REFUSED if report.refused else ImportState.DONE
    _end(run_id, state, **_counts(report), step=report.step, done=report.done, wrong=len(report.errors))
    problems = [
        {
            "id": uuid7(), "run_id": run_id, "row": row, "column_name": wrong.column, "reason": wrong.code,
            "facts": dict(wrong.facts),
        }
        for row, wrong in report.errors[:MOST_PROBLEMS]
    ]  # fmt: skip
    if problems:
        session.execute(sa.insert(ImportProblem), problems)


def end_refused(run_id: UUID, refusal: Refused) -> None:
    """The file as a whole could not be read."""
    _end(run_id, ImportState.REFUSED, refusal=str(refusal)[:500])


def end_failed(run_id: UUID, error: str) -> None:
    """A fault of ours; `error` is the class of it, never data."""
    _end(run_id, ImportState.FAILED, refusal=error[:200])


def _end(run_id: UUID, state: ImportState, **values: object) -> None:
    moment = clock.real_now()
    keep = session.scalar(sa.select(ImportRun.dry_run).where(ImportRun.id == run_id)) and state == "DONE"
    gone = {} if keep else {"file_sealed": None, "file_name_sealed": None}
    _set(run_id, state=state.value, ended_at=moment, beat_at=moment, **gone, **values)
    if not keep:
        crypto.destroy_key(run_id)


def _set(run_id: UUID, **values: object) -> None:
    session.execute(
        sa.update(ImportRun)
        .where(ImportRun.id == run_id)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def _counts(report: Report) -> dict[str, int]:
    return {n: getattr(report, n) for n in ("rows", "created", "existing", "skipped", "duplicates")}


def let_go() -> None:
    """Forget the rows and keys of the families that were just committed."""
    session().info.pop("case_keys", None)
    session.expunge_all()
