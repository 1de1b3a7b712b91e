"""The command line `acogida`. Each area brings its own verbs in `commands.py` (a list `COMMANDS` of click
commands or groups); errors are one line on stderr, exit 1 refused, 2 usage."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

import click

from caseapp import AREAS, __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="acogida")
def acogida() -> None:
    """Case management for asylum reception and referral."""


def gather() -> None:
    """Put the verbs of core and of every area into the group; verbs of groups of one name stand together."""
    for module in (
        "caseapp.core.commands",
        *(f"caseapp.{area}.commands" for area in (*AREAS, "release_audit")),
    ):
        try:
            found = find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found:
            for command in import_module(module).COMMANDS:
                _join(command)


def _join(command: click.Command) -> None:
    """Add a command; a second group of a name gives its verbs to the first (`release audit`, which imports nothing)."""
    there = acogida.commands.get(command.name or "")
    if isinstance(there, click.Group) and isinstance(command, click.Group):
        for verb in command.commands.values():
            there.add_command(verb)
    else:
        acogida.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every expected failure is one line."""
    from sqlalchemy.exc import OperationalError

    from caseapp.core.errors import Refused
    from caseapp.core.launcher import LauncherError
    from config.settings import SettingsError

    try:
        gather()
        acogida.main(args=arguments, prog_name="acogida", standalone_mode=True)
    except (SettingsError, LauncherError, Refused, LookupError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except OperationalError as error:
        click.echo(f"The database does not answer: {str(error.orig).splitlines()[0]}", err=True)
        sys.exit(1)
