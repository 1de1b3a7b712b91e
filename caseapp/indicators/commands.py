"""The verbs `rollup` and `indicators`."""

from __future__ import annotations

import click

from caseapp.core.command_line import as_system, say, with_home
from caseapp.core.db import connect
from caseapp.indicators import printed, versions
from caseapp.indicators import rollup as counting


@click.command("rollup")
@click.option(
    "--full", is_flag=True, help="Recount everything from the journal and compare; exit 1 on any difference."
)
@click.option("--repair", is_flag=True, help="With --full: put the recount in place of what differs.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@with_home
@as_system("figures")
def rollup(full: bool, repair: bool, as_json: bool) -> None:
    """Bring facts and cells up to date with the journal."""
    if repair and not full:
        raise click.UsageError("--repair goes with --full")
    found = counting.recount(repair=repair) if full else counting.roll_up()
    lines = [
        f"{d.country} {d.table} {d.where}: {d.only_stored} only stored, {d.only_recounted} only recounted"
        for d in found.differences
    ]
    head = (
        f"{found.checked} rows compared, {len(lines)} differences."
        if full
        else f"{found.checked} notes taken up."
    )
    say(found.plain(), as_json=as_json, text="\n".join([head, *lines]))
    if lines:
        raise SystemExit(1)


@click.command("indicators")
@click.option(
    "--country", default="", help="A country (ISO 3166 alpha-3), with the versions that it published."
)
@with_home
def indicators(country: str) -> None:
    """Print a country's catalogue of indicators."""
    with connect("figures") as connection:
        click.echo(printed.text(versions.of(connection, country.upper())))


COMMANDS = [rollup, indicators]
