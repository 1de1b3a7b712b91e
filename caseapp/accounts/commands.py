"""`acogida user add|disable|reset` and `acogida import places`: accounts, sites and teams from the command line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
import yaml
from flask_babel import force_locale

from caseapp.core.command_line import Failed, Misused, as_system, say, with_home
from caseapp.core.errors import Refused
from config.settings import settings


def _link(token: str) -> str:
    return f"{settings().base_url.rstrip('/')}/reset/{token}"


def _known(email: str) -> Any:
    from caseapp.accounts.queries import user_of_email

    found = user_of_email(email)
    if found is None:
        raise Failed(f"There is no account {email}.")
    return found


@click.group()
def user() -> None:
    """Add and disable accounts, and make one-time links."""


@user.command()
@click.argument("email")
@click.option("--name", required=True, help="The person's name as colleagues know it.")
@click.option("--role", required=True, help="A role's code, such as CASEWORKER.")
@click.option("--team", required=True, help="A team's code, such as MX-TAP-RECEPTION_DESK.")
@click.option("--language", type=click.Choice(["es", "en"]), default="es", show_default=True)
@click.option("--json", "as_json", is_flag=True)
@with_home
@as_system("command")
def add(email: str, name: str, role: str, team: str, language: str, as_json: bool) -> None:
    """Add an account with a role in a team; prints the one-time link that sets its password."""
    from caseapp.accounts.models import Role
    from caseapp.accounts.queries import team_of_code
    from caseapp.accounts.service import resets, users

    if role.upper() not in Role.__members__:
        raise Misused(f"There is no role {role}; choose one of {', '.join(Role)}.")
    if "@" not in email:
        raise Misused(f"{email} is not an address.")
    found = team_of_code(team.upper())
    if found is None:
        raise Failed(f"There is no team {team}.")
    try:
        made = users.add_user(email, name, language=language)
        users.give_role(made, role.upper(), found)
        link = _link(resets.make_reset(made))
    except Refused as refusal:
        with force_locale("en"):
            raise Failed(str(refusal)) from None
    answer = {"email": made.email, "role": role.upper(), "team": found.code, "link": link}
    say(answer, as_json=as_json, text=f"{made.email} was added. Set the password within 30 minutes: {link}")


@user.command()
@click.argument("email")
@click.option("--json", "as_json", is_flag=True)
@with_home
@as_system("command")
def disable(email: str, as_json: bool) -> None:
    """Disable an account and end its sessions."""
    from caseapp.accounts.service import users

    found = _known(email)
    users.disable(found)
    say({"email": found.email, "active": False}, as_json=as_json, text=f"{found.email} was disabled.")


@user.command()
@click.argument("email")
@click.option("--second-factor", is_flag=True, help="The telephone was lost: set a new second factor too.")
@click.option("--json", "as_json", is_flag=True)
@with_home
@as_system("command")
def reset(email: str, second_factor: bool, as_json: bool) -> None:
    """Print a one-time link (30 minutes) that sets a new password."""
    from caseapp.accounts.service import resets

    found = _known(email)
    if not found.active:
        raise Failed(f"{found.email} is disabled.")
    link = _link(resets.make_reset(found, clears_second_factor=second_factor))
    say(
        {"email": found.email, "link": link},
        as_json=as_json,
        text=f"Set the password within 30 minutes: {link}",
    )


@click.group("import")
def imports() -> None:
    """Read files into the installation."""


@imports.command("places")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--opened-on", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Sites' first day  [today]"
)
@click.option("--json", "as_json", is_flag=True)
@with_home
@as_system("command")
def places(file: Path, opened_on: datetime | None, as_json: bool) -> None:
    """Organisations, sites and teams from a YAML file; what stands is left as it is."""
    from caseapp.accounts.service import founding
    from caseapp.core import clock

    try:
        held = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Failed(f"{file} is not YAML: {str(error).splitlines()[0]}.") from None
    wrong = founding.problems(held)
    errors = [{"row": p.row, "column": p.column, "reason": p.reason} for p in wrong]
    answer = {"rows": 0, "created": 0, "existing": 0, "skipped": 0, "duplicates": 0, "errors": errors}
    if wrong:
        if as_json:
            say(answer, as_json=True, text="")
        first = wrong[0]
        raise Failed(
            f"{file}: {first.row} {first.column} {first.reason} ({len(wrong)} in all; nothing was read)."
        )
    made = founding.found(held, opened_on.date() if opened_on else clock.today(), clock.now())
    answer |= {"rows": made.rows, "created": made.created, "existing": made.existing}
    say(answer, as_json=as_json, text=f"{made.rows} entries: {made.created} new, {made.existing} known.")


COMMANDS = [user, imports]
