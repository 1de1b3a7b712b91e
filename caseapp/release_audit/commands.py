"""`acogida release audit DIR…`: the attacker's verb. It needs no installation, only folders."""

from __future__ import annotations

from pathlib import Path

import click

from caseapp.release_audit.audit import Attack
from caseapp.release_audit.audit import audit as audit_folders
from caseapp.release_audit.tester import TruthUnreadable


@click.group()
def release() -> None:
    """Check exported releases."""


@release.command()
@click.argument("folders", metavar="DIR…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--cells", default=1000, show_default=True, type=click.IntRange(0), help="Small cells that A4 attacks."
)
@click.option("--seed", default=1, show_default=True, help="Seed of the choice of these cells.")
@click.option(
    "--truth", default=None, metavar="DIR|FILE", type=click.Path(path_type=Path),
    help="For testers: the true counts of made-up data, for A5, A7 and utility. Nothing of Acogida exports them.",
)  # fmt: skip
@click.option(
    "--within", multiple=True, metavar="PART=WHOLE",
    help="What you know besides: everybody counted in the domain PART is counted in the domain WHOLE. May be repeated.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option(
    "--home", type=click.Path(path_type=Path), default=None, help="Not needed: only the folders are read."
)
def audit(
    folders: tuple[Path, ...], cells: int, seed: int, truth: Path | None, within: tuple[str, ...], as_json: bool,
    home: Path | None,
) -> None:  # fmt: skip
    """Attack exported release folders (A1 to A9 of docs/disclosure.md). Exit 1 if anything is found."""
    if wrong := [given for given in within if given.count("=") != 1]:
        raise click.BadParameter(f"{wrong[0]!r} is not PART=WHOLE", param_hint="--within")
    known = dict(given.split("=") for given in within)
    try:
        report = audit_folders(folders, Attack(cells, seed, truth, known))
    except TruthUnreadable as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(report.to_json() if as_json else report.to_text())
    if not report.ok:
        raise SystemExit(1)


COMMANDS = [release]
