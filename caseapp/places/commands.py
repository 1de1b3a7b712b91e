"""`acogida export directory` and `acogida import directory`: the service directory out to an HSDS data package, and in
from one or, by a map, from a plain table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import click

from caseapp.core import access
from caseapp.core.command_line import Failed, Misused, say, with_home


@contextmanager
def _at_work() -> Iterator[Any]:
    """The session as the worker's role, which keeps the directory and has no way to a safe house's address."""
    from caseapp import create_app
    from caseapp.core.db import CaseworkSession, session, use_role

    before = CaseworkSession.process_role
    with create_app().app_context(), access.acting_as(access.system("command")):
        session.remove()
        use_role("work")
        try:
            yield session
        finally:
            session.remove()
            use_role(before)


def _country(code: str | None) -> str | None:
    from caseapp.core import reference

    if code is None:
        return None
    if code.upper() not in {c.iso3 for c in reference.countries()}:
        raise Misused(f"{code} is not an ISO 3166 alpha-3 code.")
    return code.upper()


@click.group("export")
def exports() -> None:
    """Write files out of the installation."""


@exports.command("directory")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The ZIP to write."
)
@click.option("--country", default=None, help="Only one country, such as MEX  [all]")
@click.option("--json", "as_json", is_flag=True)
@with_home
def export(out: Path, country: str | None, as_json: bool) -> None:
    """The directory as an HSDS data package. Safe houses and protected services are never in it."""
    from caseapp.places.exchange.package import packed
    from caseapp.places.exchange.writing import written
    from caseapp.places.service.exchange import gathered

    with _at_work() as session:
        found = gathered(_country(country))
        session.commit()
    content = packed(written(found))
    try:
        out.write_bytes(content)
    except OSError as error:
        raise Failed(f"{out} cannot be written: {error.strerror}.") from None
    answer = {
        "file": str(out),
        "organisations": len(found.groups),
        "sites": len(found.spots),
        "services": len(found.offers),
    }
    say(answer, as_json=as_json, text=f"{len(found.offers)} services at {len(found.spots)} sites in {out}.")


@click.group("import")
def imports() -> None:
    """Read files into the installation."""


@imports.command("directory")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map", "by", type=click.Path(path_type=Path), default=None, help="How a plain CSV is read (YAML)."
)
@click.option("--country", default=None, help="For a package that names no country.")
@click.option(
    "--timezone", default=None, help="For a package that names no time zone, such as America/Mexico_City."
)
@click.option("--dry-run", is_flag=True, help="Say what would happen; nothing is written.")
@click.option("--json", "as_json", is_flag=True)
@with_home
def take(
    file: Path, by: Path | None, country: str | None, timezone: str | None, dry_run: bool, as_json: bool
) -> None:
    """Services from an HSDS data package, or from a CSV by a map. A row that came before changes its entry, unless
    somebody here wrote or confirmed it later; rows that are wrong are left out and said; a file that is read twice brings
    nothing twice."""
    if not file.is_file():
        raise Misused(f"There is no file {file}.")
    if timezone is not None and timezone not in available_timezones():
        raise Misused(f"{timezone} is not an IANA time zone.")
    from caseapp.places.service.exchange import Report, take_in

    read = _read(file.read_bytes(), by, _country(country), timezone)
    report = Report(read.rows, errors=list(read.wrong), notes=[*read.left, *read.repeated])
    report.skipped, report.duplicates = len({p.row for p in read.wrong}), len(read.repeated)
    with _at_work() as session:
        take_in(read.directory, report, rows=read.numbers)
        if dry_run:
            session.rollback()
        else:
            session.commit()
    _tell(report, dry_run, as_json)


def _read(content: bytes, by: Path | None, country: str | None, timezone: str | None) -> Any:
    """The file as a directory; a package that frictionless finds wrong is refused whole, with what is wrong."""
    from caseapp.core.errors import Refused
    from caseapp.places.exchange import listing, package, reading

    try:
        if by is not None:
            return listing.read_list(content, listing.read_map(by))
        files = package.unpacked(content)
        wrong = package.faults(files)
        if wrong:
            return reading.Read(rows=max(0, files["service"].count(b"\n") - 1), wrong=wrong)
        return reading.Reader(package.rows_of(files), country, timezone).read()
    except listing.BadMap as error:
        raise Misused(f"{error}.") from None
    except UnicodeDecodeError:
        raise Failed("The file is not UTF-8 text.") from None
    except Refused:
        raise Failed("The file is no HSDS package: a ZIP of CSV tables with service.csv.") from None


def _tell(report: Any, dry_run: bool, as_json: bool) -> None:
    counts = {
        n: getattr(report, n)
        for n in ("rows", "created", "existing", "updated", "kept", "skipped", "duplicates")
    }
    errors, notes = (
        [{"row": p.row, "column": p.column, "reason": p.reason} for p in found]
        for found in (report.errors, report.notes)
    )
    said = ", ".join(f"{name} {number}" for name, number in counts.items())
    lines = [f"{said}{' (dry run: nothing was written)' if dry_run else ''}"]
    lines += [f"row {p['row']}, {p['column'] or '-'}: {p['reason']}" for p in (*errors, *notes)]
    changes = [{"row": c.row, "name": c.name, "act": c.act, "parts": list(c.parts)} for c in report.changes]
    lines += [f"row {c['row']}, {c['name']}: {c['act'].lower()}, {', '.join(c['parts'])}" for c in changes]
    say(
        {**counts, "errors": errors, "notes": notes, "changes": changes},
        as_json=as_json,
        text="\n".join(lines),
    )
    if errors and not report.created and not report.existing:
        raise Failed(f"Nothing was imported: {len(errors)} errors.")


COMMANDS = [exports, imports]
