"""Files for the directory that were put in on a page: looked at first, then taken in by the worker, a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, audit, clock, reference
from caseapp.core.access import Principal
from caseapp.core.db import session, uuid7
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _l
from caseapp.core.locking import locked
from caseapp.places.access import KEEPERS
from caseapp.places.exchange import listing, package, reading, template
from caseapp.places.models import DirectoryImport, Site
from caseapp.places.rules.entry import Directory
from caseapp.places.service.exchange import Report, not_kept, take_in

MAPS = Path(reference.__file__).resolve().parents[3] / "config" / "reference" / "maps"
MOST_MEGABYTES = 20
MOST_LINES = 3000
KEPT_FOR = timedelta(days=1)
SILENT_AFTER = timedelta(minutes=2)
COUNTS = ("rows", "created", "existing", "updated", "kept", "skipped", "duplicates")


class MapWrong(Refused):
    sentence = _l("El mapa no se puede usar: %(why)s.")
    field = "own_map"


class FileWrong(Refused):
    sentence = _l(
        "El archivo no se puede leer: debe ser un paquete HSDS (ZIP) o una tabla CSV en UTF-8 con su mapa."
    )
    field = "file"


class FileGone(Refused):
    sentence = _l("El archivo ya no está: se importó o pasó más de un día. Súbalo de nuevo.")


def maps(countries: Collection[str]) -> dict[str, str]:
    """The maps that come with the program for lists of these countries, by name: their source."""
    known = {path.stem: listing.read_map(path) for path in sorted(MAPS.glob("*.yml"))}
    return {name: one.source for name, one in known.items() if one.country in countries}


def map_of_template(content: bytes, country: str) -> str:
    """The map of the table that the page hands out. Raises FileWrong, and MapWrong where it is another table."""
    try:
        return template.map_for(content, country, zone_of(country))
    except listing.BadMap as error:
        raise MapWrong(why=str(error), field="file") from None
    except UnicodeDecodeError:
        raise FileWrong from None


def zone_of(country: str) -> str:
    """The time zone of most sites of a country."""
    asked = sa.select(Site.timezone).where(Site.country == country).group_by(Site.timezone)
    return session.scalar(asked.order_by(sa.func.count().desc(), Site.timezone).limit(1)) or "UTC"


def countries_of(who: Principal) -> tuple[str, ...]:
    """The countries of which somebody keeps the directory, or a part of it."""
    return tuple(sorted({g.country for g in who.grants if g.role in KEEPERS}))


def ask(content: bytes, file_name: str, *, country: str, map_text: str | None) -> DirectoryImport:
    """Put a file in to be looked at; nothing of it is written yet. Raises FileWrong, MapWrong, NotYours."""
    who = access.current()
    if who.user_id is None or country not in countries_of(who):
        raise NotYours
    read(content, map_text, country)
    now = clock.now()
    run = DirectoryImport(
        id=uuid7(), asked_by_id=who.user_id, asked_by=who.name, state="WAITING", dry_run=True, country=country,
        file_name=file_name[:120], map_text=map_text, content=content, made_at=now, beat_at=clock.real_now(),
    )  # fmt: skip
    session.add(run)
    audit.record("asked", "directory_import", run.id, "DRY_RUN")
    session.flush()
    return run


def run_of(run_id: UUID, *, lock: bool = False) -> DirectoryImport:
    """One's own run, or NotYours."""
    own = DirectoryImport.id == run_id, DirectoryImport.asked_by_id == access.current().user_id
    if lock:
        return locked(DirectoryImport, *own)
    found = session.scalars(sa.select(DirectoryImport).where(*own)).one_or_none()
    if found is None:
        raise NotYours
    return found


def last() -> list[DirectoryImport]:
    """One's own last runs."""
    asked = sa.select(DirectoryImport).where(DirectoryImport.asked_by_id == access.current().user_id)
    return list(session.scalars(asked.order_by(DirectoryImport.id.desc()).limit(10)))


def may_go_on(run: DirectoryImport) -> bool:
    """Whether the file was looked at, and can be taken in."""
    fresh = run.ended_at is not None and run.ended_at > clock.real_now() - KEPT_FOR
    return run.dry_run and run.state == "DONE" and fresh and run.refusal is None


def go_on(run: DirectoryImport) -> None:
    """Take in what was looked at. Raises FileGone."""
    if not may_go_on(run):
        raise FileGone
    run.state, run.dry_run, run.ended_at, run.done = "WAITING", False, None, 0
    run.counts, run.lines = {}, []
    audit.record("asked", "directory_import", run.id, "IMPORT")
    session.flush()


# -- reading ----------------------------------------------------------------------------------------------
def read(content: bytes, map_text: str | None, country: str) -> reading.Read:
    """A file as a directory. Raises FileWrong, MapWrong."""
    try:
        if map_text is not None:
            return listing.read_list(content, listing.map_of(map_text, "YAML"))
        files = package.unpacked(content)
        wrong = package.faults(files)
        if wrong:
            return reading.Read(rows=max(0, files["service"].count(b"\n") - 1), wrong=wrong)
        return reading.Reader(package.rows_of(files), country, None).read()
    except listing.BadMap as error:
        raise MapWrong(why=str(error)) from None
    except (UnicodeDecodeError, package.NotAPackage):
        raise FileWrong from None


def ours(directory: Directory, report: Report, national: frozenset[str], here: frozenset[UUID]) -> Directory:
    """Only what somebody keeps: everything of these countries, and what is offered at these sites. The rest is left out
    and said."""
    own = session.scalars(sa.select(Site).where(Site.id.in_(here))).all()
    codes, countries = {s.code for s in own}, national | {s.country for s in own}
    spots = {
        s.id
        for s in directory.spots
        if s.country in national or UUID(s.id) in here or (s.code and s.code in codes)
    }
    left = [o for o in directory.offers if o.spot not in spots]
    report.errors += [not_kept(o) for o in left]
    report.skipped += len(left)
    named = {s.group for s in directory.spots if s.id in spots}
    return replace(
        directory,
        spots=tuple(s for s in directory.spots if s.id in spots),
        groups=tuple(g for g in directory.groups if g.id in named and g.country in countries),
        offers=tuple(o for o in directory.offers if o.spot in spots),
    )


# -- the worker's turn ------------------------------------------------------------------------------------
def take_next() -> DirectoryImport | None:
    """Claim the run that waits longest, or one whose worker fell silent; files kept too long go."""
    now = clock.real_now()
    session.execute(
        sa.update(DirectoryImport)
        .where(DirectoryImport.ended_at < now - KEPT_FOR, DirectoryImport.content.is_not(None))
        .values(content=None)
        .execution_options(synchronize_session=False)
    )
    run = session.scalars(
        sa.select(DirectoryImport)
        .where(
            sa.or_(
                DirectoryImport.state == "WAITING",
                sa.and_(DirectoryImport.state == "RUNNING", DirectoryImport.beat_at < now - SILENT_AFTER),
            )
        )
        .order_by(DirectoryImport.made_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if run is not None:
        run.state, run.beat_at = "RUNNING", now
        session.flush()
    return run


def work(run_id: UUID, *, commit: Callable[[], None], undo: Callable[[], None]) -> None:
    """Look at a file (everything is undone again), or take it in, a part at a time, each committed with how far it is."""
    run = session.get_one(DirectoryImport, run_id)
    who = Principal(name=run.asked_by, user_id=run.asked_by_id, kind="system")
    dry_run, content, map_text, country = run.dry_run, run.content, run.map_text, run.country
    if content is None:
        end(run_id, Report(), failed="FileGone")
        return
    found = read(content, map_text, country)
    report = Report(found.rows, errors=list(found.wrong), notes=[*found.left, *found.repeated])
    report.skipped, report.duplicates = len({p.row for p in found.wrong}), len(found.repeated)
    national, here = _kept(run.asked_by_id)
    directory = ours(found.directory, report, national, here)
    _set(run_id, of=len(directory.offers), beat_at=clock.real_now())
    commit()

    def each(so_far: Report) -> None:
        if not dry_run:
            _set(run_id, done=so_far.done, beat_at=clock.real_now())
            commit()

    with access.acting_as(who):
        take_in(
            directory, report, rows=found.numbers, each=each,
            keeps=lambda site: site.country in national or site.id in here,
        )  # fmt: skip
    if dry_run:
        undo()
    end(run_id, report)


def end(run_id: UUID, report: Report, *, failed: str | None = None) -> None:
    """Note what became of it; a file that was taken in goes."""
    lines = [
        *({"row": p.row, "what": p.column, "act": "WRONG", "why": p.reason} for p in report.errors),
        *({"row": c.row, "what": c.name, "act": c.act, "parts": list(c.parts)} for c in report.changes),
        *({"row": p.row, "what": p.column, "act": "LEFT", "why": p.reason} for p in report.notes),
    ]
    values: dict[str, Any] = {
        "state": "FAILED" if failed else "DONE", "refusal": failed, "counts": {n: getattr(report, n) for n in COUNTS},
        "lines": lines[:MOST_LINES], "ended_at": clock.real_now(), "done": report.done,
    }  # fmt: skip
    if failed:
        values["content"] = None
    else:
        values["content"] = sa.case((DirectoryImport.dry_run, DirectoryImport.content))
    _set(run_id, **values)


def _kept(user_id: UUID) -> tuple[frozenset[str], frozenset[UUID]]:
    """The countries and sites whose directory this user keeps today (the tables of accounts, which stand above)."""
    rows = session.execute(
        sa.text(
            "SELECT t.country, t.site_id FROM membership m JOIN team t ON t.id = m.team_id WHERE m.user_id = :user "
            "AND m.role = ANY (:roles) AND m.valid_from <= :on AND (m.valid_to IS NULL OR m.valid_to > :on)"
        ),
        {"user": user_id, "roles": list(KEEPERS), "on": clock.today()},
    ).all()
    return frozenset(r[0] for r in rows if r[1] is None), frozenset(r[1] for r in rows if r[1] is not None)


def _set(run_id: UUID, **values: object) -> None:
    session.execute(
        sa.update(DirectoryImport)
        .where(DirectoryImport.id == run_id)
        .values(values)
        .execution_options(synchronize_session=False)
    )
