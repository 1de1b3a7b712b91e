"""What verbs of the command line share: `--home`, one-line refusals, JSON for machines.

A verb joins the demo that runs in its home (`join`); where `DATABASE_URL…` is set in the environment, as
in production, the environment is all it uses.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from caseapp.core import access
from caseapp.core.launcher import home_environment, must_be_running
from config.settings import home_folder, reset_settings

Command = TypeVar("Command", bound=Callable[..., Any])
STATE = "demo.json"


class Failed(click.ClickException):
    """A verb was refused: one line on stderr, exit 1."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        click.echo(self.format_message(), err=True)


class Misused(click.ClickException):
    """The call's words are off: one line on stderr, exit 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(self.format_message(), err=True)


def demo_state(home: Path) -> dict[str, Any]:
    """What the demo of this home was made with (`seed`, `cases`, `today`, `offset`), or nothing."""
    try:
        found: dict[str, Any] = json.loads((home / STATE).read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Failed(f"{home / STATE} cannot be read: {error}.") from None
    return found


def join(home: Path) -> None:
    """Put the environment of the demo in `home` into this process, unless one is set already."""
    if any(value and name.startswith("DATABASE_URL") for name, value in os.environ.items()):
        return
    must_be_running(home)
    os.environ.update(home_environment(home))
    offset = demo_state(home).get("offset")
    if offset is not None and not os.environ.get("ACOGIDA_NOW"):
        os.environ["ACOGIDA_CLOCK_OFFSET_SECONDS"] = str(offset)
    reset_settings()


def home_option(command: Command) -> Command:
    """Only `--home`, as a path in the argument `home`; nothing is joined."""
    return click.option(
        "--home", type=click.Path(path_type=Path), default=None, help="Folder of the installation's data."
    )(command)


def with_home(command: Command) -> Command:
    """`--home DIR`: the verb runs in the environment of that home (argument not passed on)."""

    @wraps(command)
    def joined(*args: Any, home: Path | None, **kwargs: Any) -> Any:
        join((home or home_folder()).expanduser().absolute())
        return command(*args, **kwargs)

    return home_option(joined)  # type: ignore[return-value]


def as_system(name: str) -> Callable[[Command], Command]:
    """The verb acts as a named system principal in an application context; commits at the end."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def acting(*args: Any, **kwargs: Any) -> Any:
            from caseapp import create_app
            from caseapp.core.db import session

            with create_app().app_context(), access.acting_as(access.system(name)):
                try:
                    answer = command(*args, **kwargs)
                    session.commit()
                finally:
                    session.remove()
            return answer

        return acting  # type: ignore[return-value]

    return decorate


def say(answer: dict[str, Any], *, as_json: bool, text: str) -> None:
    """One object on stdout with `--json`, a line for people otherwise."""
    click.echo(json.dumps(answer, ensure_ascii=False, default=str) if as_json else text)
