"""`acogida import commitments`: a matrix of commitments, CSV or XLSX, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import click

from caseapp.commitments.annual.commands import report
from caseapp.core import access
from caseapp.core.command_line import Failed, Misused, say, with_home


@click.group("import")
def imports() -> None:
    """Read files into the installation."""


@imports.command("commitments")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen; nothing is written.")
@click.option("--json", "as_json", is_flag=True)
@with_home
def take(file: Path, dry_run: bool, as_json: bool) -> None:
    """Commitments of a matrix. One wrong row and nothing comes in; a file that is read twice brings nothing twice. Its
    scores wait until a person confirms them."""
    if not file.is_file():
        raise Misused(f"There is no file {file}.")
    from caseapp import create_app
    from caseapp.commitments.service.importing import take_in
    from caseapp.core.db import CaseworkSession, session, use_role

    before = CaseworkSession.process_role
    with create_app().app_context(), access.acting_as(access.system("command")) as who:
        session.remove()
        use_role("work")
        try:
            report = take_in(file.read_bytes(), file_name=file.name, by=who, dry_run=dry_run)
            if dry_run:
                session.rollback()
            else:
                session.commit()
        finally:
            session.remove()
            use_role(before)
    counts = {n: getattr(report, n) for n in ("rows", "created", "existing", "skipped", "duplicates")}
    errors = [{"row": p.row, "column": p.column, "reason": p.reason} for p in report.errors]
    lines = [", ".join(f"{name} {number}" for name, number in counts.items())]
    lines += [f"row {p['row']}, {p['column'] or '-'}: {p['reason']}" for p in errors]
    say({**counts, "errors": errors}, as_json=as_json, text="\n".join(lines))
    if errors:
        raise Failed(f"Nothing was imported: {len(errors)} errors.")


COMMANDS = [imports, report]
