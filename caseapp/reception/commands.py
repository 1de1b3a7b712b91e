"""`acogida import people FILE --site CODE`: a list of people from a spreadsheet, through the verbs of the desk."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask_babel import force_locale

from caseapp.core import access, audit
from caseapp.core.command_line import Failed, Misused, say, with_home


@click.group("import")
def import_() -> None:
    """Bring in lists from elsewhere."""


@import_.command("people")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--site", "site_code", required=True, help="The site that registers them, such as MX-TAP.")
@click.option("--dry-run", is_flag=True, help="Check the file and say what would happen; nothing is written.")
@click.option("--skip-bad", is_flag=True, help="Import the rows that are right and leave out the others.")
@click.option(
    "--language", type=click.Choice(["es", "en"]), default="es", show_default=True, help="Of the reasons."
)
@click.option("--json", "as_json", is_flag=True)
@with_home
def people(file: Path, site_code: str, dry_run: bool, skip_bad: bool, language: str, as_json: bool) -> None:
    """Import a list of people (CSV or XLSX) to a site's reception desk.

    Nothing is imported while a row is wrong, unless --skip-bad. A list that is imported twice brings nobody twice;
    whoever may be registered already waits for a decision at the desk.
    """
    if not file.is_file():
        raise Misused(f"There is no file {file}.")
    with _at_desk(site_code.upper()) as (team, where):
        report = _run(file, where, team, dry_run, skip_bad)
        with force_locale(language):
            _tell(report, dry_run, as_json)


@contextmanager
def _at_desk(site_code: str) -> Iterator[tuple[Any, Any]]:
    """Act as the system for the reception desk of a site."""
    from caseapp import create_app
    from caseapp.core.db import session
    from caseapp.reception.service.runs import desk_of_site, principal_for

    with create_app().app_context():
        try:
            with access.acting_as(access.system("import")):
                found = desk_of_site(site_code)
                session.remove()
            if found is None:
                raise Failed(f"There is no site {site_code} with a reception desk.")
            team, where = found
            with access.acting_as(principal_for(team)):
                yield team, where
        finally:
            session.remove()


def _run(file: Path, where: Any, team: Any, dry_run: bool, skip_bad: bool) -> Any:
    from caseapp.core.db import session, uuid7
    from caseapp.core.errors import Refused
    from caseapp.reception.service import importing, runs

    run_id = uuid7() if dry_run else runs.begin(team, dry_run=False, skip_bad=skip_bad).id
    session.commit()
    gc.freeze()  # a quarter less work: the program itself need not be looked through for rubbish again and again
    report = importing.Report()
    try:
        with file.open("rb") as content:
            for report in importing.import_people(  # noqa: B007
                content, where, team=team, run_id=run_id, dry_run=dry_run, skip_bad=skip_bad
            ):
                session.commit()
                runs.let_go()
    except Refused as refusal:
        session.rollback()
        if not dry_run:
            runs.end_refused(run_id, type(refusal).__name__)
            session.commit()
        with force_locale("en"):
            raise Failed(str(refusal)) from None
    if not dry_run:
        runs.end(run_id, report)
        audit.record("imported", "import_run", run_id, "REFUSED" if report.refused else "DONE")
        session.commit()
    return report


def _tell(report: Any, dry_run: bool, as_json: bool) -> None:
    from caseapp.reception.rules.reasons import sentence

    errors = [
        {"row": row, "column": wrong.column, "reason": sentence(wrong.code, wrong.facts)}
        for row, wrong in report.errors
    ]
    counts = {n: getattr(report, n) for n in ("rows", "created", "existing", "skipped", "duplicates")}
    said = ", ".join(f"{name} {number}" for name, number in counts.items())
    lines = [f"{said}{' (dry run: nothing was written)' if dry_run else ''}"]
    lines += [f"row {e['row']}, {e['column'] or '-'}: {e['reason']}" for e in errors]
    lines += [f"row {row}: {sentence(told.code, told.facts)}" for row, told in report.alike]
    say({**counts, "errors": errors}, as_json=as_json, text="\n".join(lines))
    if report.refused:
        raise Failed(f"Nothing was imported: {len(errors)} errors in {len({e['row'] for e in errors})} rows.")


COMMANDS = [import_]
