"""`acogida release make|approve|list|export`. The verb `audit` joins the group from `release_audit`, which knows
nothing of the house (docs/decisions)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import click
from flask_babel import force_locale

from caseapp.core.command_line import Failed, say, with_home

Command = TypeVar("Command", bound=Callable[..., Any])


def in_house(command: Command) -> Command:
    """Run in an application context; a refusal is one English line on stderr, exit 1."""

    @wraps(command)
    def running(*args: Any, **kwargs: Any) -> Any:
        from caseapp import create_app
        from caseapp.core.db import session
        from caseapp.core.errors import Refused

        with create_app().app_context(), force_locale("en"):
            try:
                return command(*args, **kwargs)
            except (Refused, LookupError) as refusal:
                raise Failed(str(refusal)) from None
            finally:
                session.remove()

    return running  # type: ignore[return-value]


def _acting(email: str) -> Any:
    """The principal of an account, with the roles that it holds today."""
    from caseapp.publication.queries import principal_of_email

    found = principal_of_email(email)
    if found is None:
        raise Failed(f"There is no active account {email}.")
    return found


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Failed(f"{text} is no release id.") from None


@click.group()
def release() -> None:
    """Make, approve, list, export and audit releases of figures."""


@release.command()
@click.option("--country", required=True, help="ISO 3166 alpha-3, such as MEX.")
@click.option("--period", required=True, help="A month, such as 2025-10.")
@click.option("--by", required=True, help="Email of the country's data steward.")
@click.option(
    "--unconfirmed", default="CALENDAR", help="Why it does not wait for sites that have not signed."
)
@click.option("--revision", default=None, metavar="CODE", help="Revise a released month: why, as a code.")
@click.option("--reason", default="", help="Why it is revised, in a sentence that readers see.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@with_home
@in_house
def make(
    country: str, period: str, by: str, unconfirmed: str, revision: str | None, reason: str, as_json: bool
) -> None:
    """Make a release, or a revision of one, and put it before the approver."""
    from caseapp.publication import service

    if revision is None:
        made = service.make(country.upper(), period, by=_acting(by), unconfirmed_code=unconfirmed)
    else:
        made = service.make_revision(country.upper(), period, by=_acting(by), code=revision, reason=reason)
    answer = service.tables_of(made)
    cells = sum(table["cells"] for table in answer["tables"])
    text = f"{answer['id']} {country.upper()} {period}: {len(answer['tables'])} tables, {cells} rows, awaits approval."
    say(answer, as_json=as_json, text=text)


@release.command()
@click.argument("release_id", metavar="ID")
@click.option("--by", required=True, help="Email of the country's release approver, another person.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@with_home
@in_house
def approve(release_id: str, by: str, as_json: bool) -> None:
    """Approve a release: it is published and never changes."""
    from caseapp.core import access
    from caseapp.core.db import session
    from caseapp.publication import service

    who = _acting(by)
    session.rollback()  # the next transaction tells the database who acts
    with access.acting_as(who):
        service.approve(_id(release_id), by=who)
        session.commit()
    answer = service.tables_of(_id(release_id))
    say(answer, as_json=as_json, text=f"{answer['country']} {answer['period']} is approved.")


@release.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@with_home
@in_house
def list_(as_json: bool) -> None:
    """List every release with its status."""
    from caseapp.publication import service

    found = service.listing()
    lines = [f"{one['id']} {one['country']} {one['period']} {one['status']}" for one in found]
    say({"releases": found}, as_json=as_json, text="\n".join(lines) or "There is no release yet.")


@release.command()
@click.argument("release_id", metavar="ID")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="A new or empty folder."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@with_home
@in_house
def export(release_id: str, out: Path, as_json: bool) -> None:
    """Write an approved release as files that a stranger can check."""
    from caseapp.publication import service

    try:
        files = service.export(_id(release_id), out)
    except OSError as error:
        raise Failed(f"{out} cannot be written: {error.strerror}.") from None
    say(
        {"folder": str(out), "files": [file.name for file in files]},
        as_json=as_json,
        text=f"{len(files)} files in {out}.",
    )


COMMANDS = [release]
