"""The ground of an installation from one file: organisations, sites, their teams and what these offer.

The file is YAML as `config/reference/demo/sites.yml`. Everything is upserted by code, so that a file that has grown
may be read again; nothing that stands is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.accounts.queries import STANDS_FOR
from caseapp.core import reference
from caseapp.core.db import session
from caseapp.places.models import Organisation, Service, Site, SiteKind
from caseapp.places.rules.naming import sort_key

Lines = Mapping[str, Any]
_ORGANISATION = ("code", "country", "name")
_SITE = ("code", "country", "name", "kind", "organisation", "timezone", "teams")
_OPTIONAL = (
    "admin1", "admin2", "latitude", "longitude", "rollover_hour", "no_show_after_hour", "child_licence",
)  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """What is wrong with an entry of the file: its code, the word of the file and a sentence."""

    row: str
    column: str
    reason: str


@dataclass
class Founded:
    """What a file brought: entries read, made, and standing already; the teams by code."""

    rows: int
    created: int
    teams: dict[str, Team]

    @property
    def existing(self) -> int:
        return self.rows - self.created


def problems(file: Any) -> list[Problem]:
    """Everything that keeps a file from being read; empty if it is good."""
    if not isinstance(file, dict):
        return [Problem("", "", "the file holds no entries")]
    organisations = {line.get("code") for line in file.get("organisations", ())}
    found = [p for line in file.get("organisations", ()) for p in _missing(line, _ORGANISATION)]
    found += [
        Problem(
            str(line.get("code", "")),
            "provider_class",
            f"{line['provider_class']} is not a class of provider",
        )
        for line in file.get("organisations", ())
        if "provider_class" in line and not reference.known("provider_class", str(line["provider_class"]))
    ]
    for line in file.get("national_teams", ()):
        found += [*_missing(line, ("country", "type", "name")), *_of_team(line, line.get("type"))]
    for line in file.get("sites", ()):
        found += [*_missing(line, _SITE), *_of_site(line, organisations)]
    return found


def _missing(line: Lines, wanted: tuple[str, ...]) -> Iterator[Problem]:
    row = str(line.get("code") or line.get("name") or "")
    yield from (Problem(row, name, "is missing") for name in wanted if not line.get(name))
    country = line.get("country")
    if country and country not in {c.iso3 for c in reference.countries()}:
        yield Problem(row, "country", f"{country} is not an ISO 3166 alpha-3 code")


def _of_team(line: Lines, kind: Any) -> Iterator[Problem]:
    if kind and (kind == STANDS_FOR or not reference.known("team_type", str(kind))):
        yield Problem(str(line.get("code") or line.get("name") or ""), "teams", f"{kind} is not a team type")


def _of_site(line: Lines, organisations: set[Any]) -> Iterator[Problem]:
    row = str(line.get("code", ""))
    if row and not re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{3}", row):
        yield Problem(row, "code", "is not <ISO2>-<AAA>, such as MX-TAP")
    if line.get("organisation") and line["organisation"] not in organisations:
        yield Problem(row, "organisation", f"{line['organisation']} is not among the organisations")
    if line.get("kind") and line["kind"] not in set(SiteKind):
        yield Problem(row, "kind", f"{line['kind']} is not one of {', '.join(SiteKind)}")
    if line.get("kind") == SiteKind.SAFE_HOUSE and any(
        line.get(x) for x in ("admin2", "latitude", "longitude")
    ):
        yield Problem(row, "latitude", "a safe house has no coordinates and no municipality")
    if line.get("timezone") and line["timezone"] not in available_timezones():
        yield Problem(row, "timezone", f"{line['timezone']} is not an IANA time zone")
    for kind in line.get("teams") or ():
        yield from _of_team(line, kind)


def found(file: Lines, opened_on: date, moment: datetime) -> Founded:
    """Write what is new in a file without `problems`. Sites open on `opened_on`; what a team offers counts as
    confirmed at `moment` (UTC)."""
    organisations = _by_code(Organisation)
    sites, teams = _by_code(Site), _by_code(Team)
    stood = len(organisations) + len(sites) + len(teams)
    _organisations(file, organisations)
    _sites(file, organisations, sites, opened_on)
    wanted = _teams(file, sites, teams)
    _services(teams, moment)
    rows = len(file.get("organisations", ())) + len(file.get("sites", ())) + wanted
    return Founded(rows, len(organisations) + len(sites) + len(teams) - stood, teams)


def _by_code(table: Any) -> dict[str, Any]:
    return {row.code: row for row in session.scalars(sa.select(table))}


def _organisations(file: Lines, organisations: dict[str, Organisation]) -> None:
    for line in file.get("organisations", ()):
        if line["code"] not in organisations:
            made = organisations[line["code"]] = Organisation(**line, sort_key=sort_key(line["name"]))
            session.add(made)
    session.flush()


def _sites(
    file: Lines, organisations: dict[str, Organisation], sites: dict[str, Site], opened_on: date
) -> None:
    for line in file.get("sites", ()):
        if line["code"] in sites:
            continue
        given = {**file.get("defaults", {}), **line}
        made = sites[line["code"]] = Site(
            organisation_id=organisations[line["organisation"]].id, sort_key=sort_key(line["name"]), opened_on=opened_on,
            **{k: given[k] for k in ("code", "country", "name", "kind", "timezone")},
            **{k: given[k] for k in _OPTIONAL if k in given},
        )  # fmt: skip
        session.add(made)
    session.flush()


def _teams(file: Lines, sites: Mapping[str, Site], teams: dict[str, Team]) -> int:
    wanted = [*_of_sites(file, sites), *_national(file)]
    for team in wanted:
        if team["code"] not in teams:
            made = teams[team["code"]] = Team(**team, sort_key=sort_key(team["name"]))
            session.add(made)
    session.flush()
    return len(wanted)


def _of_sites(file: Lines, sites: Mapping[str, Site]) -> Iterator[dict[str, Any]]:
    for line in file.get("sites", ()):
        site = sites[line["code"]]
        for kind in line["teams"]:
            # What outsiders may read (a sealed type has a neutral word); a lone team is called as its site.
            label = reference.label("team_type", kind)
            name = site.name if len(line["teams"]) == 1 else f"{site.name} · {label}"
            yield {
                "code": f"{site.code}-{kind}",
                "type": kind,
                "country": site.country,
                "site_id": site.id,
                "name": name,
            }


def _national(file: Lines) -> Iterator[dict[str, Any]]:
    for line in file.get("national_teams", ()):
        code = f"{line['country']}-{line['type']}"
        yield {
            "code": code,
            "type": line["type"],
            "country": line["country"],
            "site_id": None,
            "name": line["name"],
        }


def _services(teams: Mapping[str, Team], moment: datetime) -> None:
    """Each team offers the services whose `team_type` is its own (list `service_kind`)."""
    have = {(s.team_id, s.kind) for s in session.scalars(sa.select(Service))}
    for code in reference.codes("service_kind"):
        for team in teams.values():
            if (
                team.site_id is None
                or team.type != code.extra.get("team_type")
                or (team.id, code.code) in have
            ):
                continue
            session.add(
                Service(
                    site_id=team.site_id, team_id=team.id, kind=code.code, name=code.label_es,
                    sort_key=sort_key(code.label_es), confirmed_at=moment,
                )
            )  # fmt: skip
    session.flush()
