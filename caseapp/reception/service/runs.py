"""Runs of an import: at which desk, as whom, how far, and what is kept of them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Membership, Team, User
from caseapp.core import access, audit, clock, crypto
from caseapp.core.access import Grant, Principal
from caseapp.core.db import session, uuid7
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.places.models import Site
from caseapp.reception.access import IMPORT
from caseapp.reception.models import ImportErased, ImportProblem, ImportRun, ImportState
from caseapp.reception.rules.rows import Where
from caseapp.reception.service.importing import Report

#: Teams that register people, the likeliest first.
DESKS = ("RECEPTION_DESK", "BORDER_POINT", "RETURNEE_RECEPTION", "IDP_AUTHORITY")
KEPT_FOR = timedelta(days=1)
MARKS_KEPT = timedelta(days=731)  # of erased rows: as long as the same list may come again
SILENT_AFTER = timedelta(minutes=2)
MOST_PROBLEMS = 5000  # kept for the page; a file that is wrong more often is wrong as a whole


class FileGone(Refused):
    """The file was imported, thrown away, or kept longer than a day."""

    sentence = _l("El archivo ya no está: se importó, se descartó o pasó más de un día. Súbalo de nuevo.")


def principal_of_run(run: ImportRun) -> Principal | None:
    """Whoever asked for the run, in its team and with the roles held today; None if they may import no longer."""
    rows = session.execute(
        sa.select(User, Membership.role, Team)
        .join(Membership, Membership.user_id == User.id)
        .join(Team, Team.id == Membership.team_id)
        .where(
            User.id == run.asked_by_id,
            User.active,
            Team.id == run.team_id,
            Team.active,
            Membership.role.in_(IMPORT.roles),
            Membership.valid_from <= clock.today(),
            sa.or_(Membership.valid_to.is_(None), Membership.valid_to > clock.today()),
        )
    ).all()
    if not rows:
        return None
    user = rows[0][0]
    grants = tuple(Grant(role, t.id, t.code, t.type, t.country, t.site_id) for _, role, t in rows)
    return Principal(name=user.email, user_id=user.id, grants=grants, kind="user", language=user.language)


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


def begin(team: Team, *, dry_run: bool, skip_bad: bool) -> ImportRun:
    """Note a run that begins now."""
    return _note(team, ImportState.RUNNING, dry_run, skip_bad)


def _note(team: Team, state: ImportState, dry_run: bool, skip_bad: bool) -> ImportRun:
    moment = clock.real_now()
    run = ImportRun(
        id=uuid7(), team_id=team.id, country=team.country, asked_by_id=access.current().user_id, state=state.value,
        dry_run=dry_run, skip_bad=skip_bad, made_at=clock.now(), beat_at=moment,
    )  # fmt: skip
    session.add(run)
    session.flush()
    return run


def ask(team: Team, content: bytes, name: str) -> ImportRun:
    """Put a file in, encrypted, to be checked (a dry run) by the casework worker."""
    run = _note(team, ImportState.WAITING, dry_run=True, skip_bad=False)
    crypto.new_key(run.id, team.country)
    run.file_sealed = crypto.seal(crypto.key_of(run.id), content, _aad(run.id))
    run.file_name = name[:120]
    session.flush()
    audit.record("asked", "import_run", run.id, "DRY_RUN")
    return run


def go_on(run: ImportRun, *, skip_bad: bool) -> None:
    """After its dry run: import the file. Raises FileGone when it was imported, thrown away or kept too long."""
    if not may_go_on(run):
        raise FileGone
    session.execute(sa.delete(ImportProblem).where(ImportProblem.run_id == run.id))
    run.state, run.dry_run, run.skip_bad, run.ended_at = ImportState.WAITING.value, False, skip_bad, None
    run.step, run.done, run.asked_by_id = "CHECK", 0, access.current().user_id
    run.rows = run.created = run.existing = run.skipped = run.duplicates = run.wrong = 0
    session.flush()
    audit.record("asked", "import_run", run.id, "SKIP_BAD" if skip_bad else "IMPORT")


def may_go_on(run: ImportRun) -> bool:
    """Whether the file is there still, checked and not imported."""
    return run.dry_run and run.ended_at is not None and run.file_name_sealed is not None


def throw_away(run: ImportRun) -> None:
    """The file goes, nothing is imported."""
    if run.ended_at is not None:
        _forget_file(run.id)


def take_next() -> ImportRun | None:
    """Claim the run that waits longest, or one whose worker fell silent (as role `work`, which sees all)."""
    silent = clock.real_now() - SILENT_AFTER
    run = session.scalars(
        sa.select(ImportRun)
        .where(
            sa.or_(
                ImportRun.state == "WAITING",
                # A run of the command line has no file here, and nobody but the command can go on with it.
                sa.and_(
                    ImportRun.state == "RUNNING",
                    ImportRun.beat_at < silent,
                    ImportRun.file_name_sealed.is_not(None),
                ),
            )
        )
        .order_by(ImportRun.made_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if run is not None:
        run.state, run.beat_at = ImportState.RUNNING.value, clock.real_now()
        session.flush()
    return run


def content_of(run: ImportRun) -> bytes:
    """The file, decrypted in memory. Raises FileGone."""
    if run.file_sealed is None:
        raise FileGone
    return crypto.unseal(crypto.key_of(run.id), run.file_sealed, _aad(run.id))


def _aad(run_id: UUID) -> bytes:
    return f"import_run:file:{run_id}".encode()


def sweep() -> int:
    """Files that were checked and not imported within a day go; so do marks of erased rows, two years old."""
    session.execute(sa.delete(ImportErased).where(ImportErased.since < clock.today() - MARKS_KEPT))
    old = session.scalars(
        sa.select(ImportRun.id).where(
            ImportRun.ended_at < clock.real_now() - KEPT_FOR, ImportRun.file_name_sealed.is_not(None)
        )
    ).all()
    for run_id in old:
        _forget_file(run_id)
    return len(old)


def progressed(run_id: UUID, report: Report) -> None:
    """Note how far it is."""
    _set(run_id, step=report.step, done=report.done, beat_at=clock.real_now(), **_counts(report))


def end(run_id: UUID, report: Report) -> None:
    """Note the result and what is wrong with the rows. The file goes, unless it was a dry run: then it may be
    imported within a day."""
    state = ImportState.REFUSED if report.refused else ImportState.DONE
    _end(run_id, state, **_counts(report), step=report.step, done=report.done, wrong=len(report.errors))
    problems = [
        {
            "id": uuid7(), "run_id": run_id, "row": row, "column_name": wrong.column, "reason": wrong.code,
            "facts": dict(wrong.facts),
        }
        for row, wrong in (*report.errors[:MOST_PROBLEMS], *report.alike)
    ]  # fmt: skip
    if problems:
        session.execute(sa.insert(ImportProblem), problems)
    if not session.scalar(sa.select(ImportRun.dry_run).where(ImportRun.id == run_id)):
        _forget_file(run_id)


def end_refused(run_id: UUID, code: str) -> None:
    """The file as a whole could not be read; `code` is the refusal's class."""
    _end(run_id, ImportState.REFUSED, refusal=code[:200])
    _forget_file(run_id)


def end_failed(run_id: UUID, code: str) -> None:
    """A fault of ours; `code` is the class of the error, never data."""
    _end(run_id, ImportState.FAILED, refusal=code[:200])
    _forget_file(run_id)


def _end(run_id: UUID, state: ImportState, **values: object) -> None:
    moment = clock.real_now()
    _set(run_id, state=state.value, ended_at=moment, beat_at=moment, **values)


def _forget_file(run_id: UUID) -> None:
    _set(run_id, file_sealed=None, file_name_sealed=None)
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
