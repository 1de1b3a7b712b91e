"""`acogida import programme FILE --kind …`: a register's entries from a file, through the verbs of the pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask_babel import force_locale

from caseapp.core import access
from caseapp.core.command_line import Failed, Misused, say, with_home
from caseapp.programme.rules import KINDS


@click.group("import")
def imports() -> None:
    """Read files into the installation."""


@imports.command("programme")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", required=True, type=click.Choice(KINDS), help="Which register.")
@click.option(
    "--team", "team_code", default=None, help="Whose register: a statistics team's code  [the only one]"
)
@click.option("--dry-run", is_flag=True, help="Check the file and say what would happen; nothing is written.")
@click.option(
    "--language", type=click.Choice(["es", "en"]), default="es", show_default=True, help="Of the reasons."
)
@click.option("--json", "as_json", is_flag=True)
@with_home
def programme(
    file: Path, kind: str, team_code: str | None, dry_run: bool, language: str, as_json: bool
) -> None:
    """Import entries of a register (CSV or XLSX). Nothing is imported while a row is wrong; a file that is read twice
    enters nothing twice."""
    if not file.is_file():
        raise Misused(f"There is no file {file}.")
    from caseapp import create_app
    from caseapp.core.db import CaseworkSession, session, use_role
    from caseapp.core.errors import Refused
    from caseapp.programme.importing import take_in

    before = CaseworkSession.process_role
    with create_app().app_context(), access.acting_as(access.system("import")), force_locale(language):
        session.remove()
        use_role("work")
        try:
            with file.open("rb") as content:
                report = take_in(kind, content, team=_team(team_code), dry_run=dry_run)
            session.commit()
        except Refused as refusal:
            raise Failed(str(refusal)) from None
        finally:
            session.remove()
            use_role(before)
        _tell(report, dry_run, as_json)


def _team(code: str | None) -> Any:
    import sqlalchemy as sa

    from caseapp.accounts.models import Team
    from caseapp.core.db import session

    asked = sa.select(Team).where(Team.type == "COMMISSION_STATISTICS", Team.active)
    found = session.scalars(asked.where(Team.code == code.upper()) if code else asked).all()
    if len(found) != 1:
        raise Failed(
            f"There is no statistics team {code}." if code else "Say whose register it is, with --team."
        )
    return found[0]


def _tell(report: Any, dry_run: bool, as_json: bool) -> None:
    errors = [
        {"row": row, "column": wrong.column, "reason": str(wrong.sentence)} for row, wrong in report.errors
    ]
    counts = {name: getattr(report, name) for name in ("rows", "created", "existing")}
    said = ", ".join(f"{name} {number}" for name, number in counts.items())
    lines = [f"{said}{' (dry run: nothing was written)' if dry_run else ''}"]
    lines += [f"row {e['row']}, {e['column'] or '-'}: {e['reason']}" for e in errors]
    say({**counts, "errors": errors}, as_json=as_json, text="\n".join(lines))
    if errors:
        raise Failed(f"Nothing was imported: {len(errors)} errors in {len({e['row'] for e in errors})} rows.")


COMMANDS = [imports]
