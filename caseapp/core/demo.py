"""`acogida demo`: everything on one machine, with made-up people, under one process in the foreground.

The people themselves are made by `workers.demo` through the services that a person uses: the first
200 cases before the line "ready", the rest by a task in the casework worker.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from caseapp.core import clock
from caseapp.core.command_line import STATE, Failed, Misused, demo_state, home_option
from caseapp.core.launcher import Child, is_running, open_home, supervise
from caseapp.core.launcher.children import beat, web, worker
from config.settings import home_folder

COUNTRIES = ("BLZ", "CRI", "GTM", "HND", "MEX", "PAN", "SLV")
LEAST = 12
FIRST = 200


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--cases", type=int, default=None, help="Cases over the seven countries  [default: 1200]")
@click.option("--seed", type=int, default=None, help="Same seed and day, same data  [default: 7]")
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The demo's day  [default: today]"
)
@click.option("--wait", is_flag=True, help="Say ready when all cases are in.")
@home_option
def demo(
    host: str,
    port: int,
    cases: int | None,
    seed: int | None,
    today: datetime | None,
    wait: bool,
    home: Path | None,
) -> None:
    """Set everything up and run the product with made-up people (Ctrl-C ends it, the data stays)."""
    folder = open_home((home or home_folder()).expanduser().absolute())
    if is_running(folder):
        raise Failed(f"A demo is running in {folder} already.")
    state = _state(folder, cases, seed, today.date() if today else None)
    os.environ["ACOGIDA_CLOCK_OFFSET_SECONDS"] = str(state["offset"])

    def prepare(environment: dict[str, str]) -> None:
        from caseapp.core.running import prepare_database

        prepare_database()
        _people(state, folder, "first")

    def announce(environment: dict[str, str]) -> None:
        if wait:
            _wait_for_all()
        for line in ready_lines(host, port, folder):
            click.echo(line)

    def children(environment: dict[str, str]) -> Sequence[Child]:
        return [
            web(environment, host, port),
            worker("casework", environment),
            worker("figures", environment),
            beat(environment, folder),
        ]

    supervise(
        folder,
        prepare=prepare,
        children=children,
        announce=announce,
        listen=(host, port),
        countries=COUNTRIES,
        seed=state["seed"],
        extra={"ACOGIDA_CLOCK_OFFSET_SECONDS": str(state["offset"])},
    )


def _state(home: Path, cases: int | None, seed: int | None, today: date | None) -> dict[str, Any]:
    """What this home's demo is made with; asking for something else in a home that exists is exit 2."""
    kept = demo_state(home)
    if kept:
        asked = {"cases": cases, "seed": seed, "today": today.isoformat() if today else None}
        for name, value in asked.items():
            if value is not None and value != kept[name]:
                raise Misused(
                    f"The demo in {home} was made with --{name} {kept[name]}; choose another --home for {value}."
                )
        return kept
    cases = 1200 if cases is None else cases
    if cases < LEAST * len(COUNTRIES):
        raise Misused(
            f"--cases is at least {LEAST * len(COUNTRIES)}: {LEAST} in each of {len(COUNTRIES)} countries."
        )
    moment = clock.real_now()
    day = today or moment.date()
    offset = int((datetime(day.year, day.month, day.day, tzinfo=UTC) - _midnight(moment)).total_seconds())
    made = {"cases": cases, "seed": 7 if seed is None else seed, "today": day.isoformat(), "offset": offset}
    new = home / f"{STATE}.new"
    new.write_text(json.dumps(made))
    new.rename(home / STATE)
    return made


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _people(state: dict[str, Any], home: Path, step: str) -> None:
    """Run the maker of people as its own process: it stands above this package."""
    command = [
        *(sys.executable, "-m", "workers.demo", step, "--home", str(home), "--cases", str(state["cases"])),
        *("--seed", str(state["seed"]), "--today", state["today"], "--first", str(FIRST)),
    ]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise Failed("The demo's people could not be made; what went wrong stands above.")


def _wait_for_all() -> None:
    import sqlalchemy as sa

    from caseapp.core import db
    from caseapp.core.running import demo_progress

    said = -1
    while True:
        with db.engine("owner").connect() as connection:
            found = demo_progress(connection)
            finished = connection.scalar(
                sa.text("SELECT count(*) FROM job_run WHERE job = 'demo.releases' AND state = 'DONE'")
            )
        if found and found["cases"] // 100 != said:
            said = found["cases"] // 100
            click.echo(f"{found['cases']} of {found['of']} cases", err=True)
        if found and found["cases"] >= found["of"] and finished:
            return
        time.sleep(0.5)


def ready_lines(host: str, port: int, home: Path) -> list[str]:
    """The line that says ready, and the table of accounts."""
    accounts = json.loads((home / "accounts.json").read_text())
    shown = [a for a in accounts if a["country"] in ("MEX", "GTM")]
    width = max((len(a["email"]) for a in shown), default=0)
    lines = [f"Acogida is ready: http://{host}:{port}", ""]
    lines += [f"  {a['email']:<{width}}  {a['password']}  TOTP {a['totp']}" for a in shown]
    lines += ["", f"{len(accounts)} accounts of all seven countries stand in {home / 'accounts.json'}."]
    return lines
