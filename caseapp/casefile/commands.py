"""Verbs of the command line about files: what retention would erase. Nothing here erases."""

from __future__ import annotations

import click

from caseapp.core.command_line import Misused, as_system, say, with_home


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be erased and why not.")
@click.option("--country", default=None, help="ISO 3166 alpha-3; every country if not given.")
@click.option("--json", "as_json", is_flag=True)
@with_home
@as_system("retention")
def retention(dry_run: bool, country: str | None, as_json: bool) -> None:
    """Which closed files have been kept long enough, by number. To erase them two persons agree on the page."""
    from caseapp.accounts.queries import CAPITAL_TIMEZONE
    from caseapp.casefile.retention.queries import due
    from caseapp.core import clock

    if not dry_run:
        raise Misused(
            "To erase, one officer proposes a run on the page and another approves it; here only --dry-run."
        )
    if country is not None and country.upper() not in CAPITAL_TIMEZONE:
        raise Misused(f"There is no country {country}.")
    found: list[dict[str, str | list[dict[str, object]]]] = []
    outcomes: list[str] = []
    for iso3 in [country.upper()] if country else sorted(CAPITAL_TIMEZONE):
        today = clock.today(CAPITAL_TIMEZONE[iso3])
        kept = due(iso3, today)
        outcomes += [d.outcome for d in kept]
        files: list[dict[str, object]] = [
            {"number": d.number, "closed_on": d.closed_on.isoformat(), "group": d.group,
             "kept_until": d.due_on.isoformat(), "outcome": d.outcome, "why": list(d.held)}
            for d in kept
        ]  # fmt: skip
        found.append({"country": iso3, "as_of": today.isoformat(), "files": files})
    erased, held = outcomes.count("TO_ERASE"), outcomes.count("HELD")
    answer = {"dry_run": True, "to_erase": erased, "held": held, "countries": found}
    say(answer, as_json=as_json, text=f"{erased} files would be erased, {held} are held. Nothing was erased.")


COMMANDS = [retention]
