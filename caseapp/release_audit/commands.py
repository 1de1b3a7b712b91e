"""`acogida release audit DIR…`: the attacker's verb. It needs no installation, only folders."""

from __future__ import annotations

from pathlib import Path

import click

from caseapp.release_audit.audit import audit as audit_folders


@click.group()
def release() -> None:
    """Check exported releases."""


@release.command()
@click.argument("folders", metavar="DIR…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option(
    "--home", type=click.Path(path_type=Path), default=None, help="Not needed: only the folders are read."
)
def audit(folders: tuple[Path, ...], as_json: bool, home: Path | None) -> None:
    """Check exported release folders: A1, A2 and A8. Exit 1 if anything is found."""
    report = audit_folders(folders)
    click.echo(report.to_json() if as_json else report.to_text())
    if not report.ok:
        raise SystemExit(1)


COMMANDS = [release]
