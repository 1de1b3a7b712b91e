"""`python -m workers.demo first --home DIR --cases N --seed S --today D --first 200`

Founds the demo's places and accounts and writes its first families; the rest is written by the casework worker.
A demo that has come that far already is left as it is.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click
import sqlalchemy as sa

from caseapp.core import db
from workers.demo import accounts


@click.group()
def main() -> None:
    """The maker of the demo's people."""


@main.command()
@click.option("--home", type=click.Path(path_type=Path), required=True)
@click.option("--cases", type=int, required=True)
@click.option("--seed", type=int, required=True)
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--first", type=int, default=200, show_default=True)
def first(home: Path, cases: int, seed: int, today: datetime, first: int) -> None:
    """Places, accounts and the first families."""
    goal = min(first, cases)
    if (home / accounts.FILE).exists() and _done() >= goal:
        return
    from caseapp import create_app
    from workers.demo import upkeep

    with create_app().app_context():
        refused = upkeep.first_steps(home, seed, cases, today.date(), goal)
    for what, times in refused.most_common():
        click.echo(f"refused: {what} ({times})", err=True)


def _done() -> int:
    with db.engine("app").connect() as connection:
        found = connection.scalar(
            sa.text("SELECT done FROM job_run WHERE job = 'demo.fill' ORDER BY started_at DESC LIMIT 1")
        )
    return -1 if found is None else int(found)


if __name__ == "__main__":
    sys.exit(main())
