"""Making a release: what is counted, drawn, computed and sealed, in one transaction as role `facts`.

A steward's page only *asks* (a row DRAFT, written as role `app` behind a policy); the figures worker makes what is
asked, so that no process that reads cases draws figures. The command line and the demo hold both credentials and
make it at once.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp import __version__
from caseapp.core import clock, reference
from caseapp.core.access import Principal
from caseapp.core.db import connect, session, uuid7
from caseapp.indicators import queries as facts
from caseapp.indicators import versions
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import counting, drawing, rules, store
from caseapp.publication.access import countries_as
from caseapp.publication.cube import grain as grains
from caseapp.publication.cube import period as periods
from caseapp.publication.drawing import Drawn
from caseapp.publication.figuring import Figuring, Span, spans_of
from caseapp.publication.models import Release, Status
from caseapp.publication.package import MANIFEST, WORDS, CubeOut, Package, data_rows, files_of, manifest_of
from caseapp.publication.plan import DomainPlan, Plan, domain_plans, settle
from config.settings import settings

logger = logging.getLogger(__name__)
STEWARD = "DATA_STEWARD"
JOB = "publication.make"
_LOCK = 7314


def ask(country: str, period: str, *, by: Principal, size: int | None = None) -> Release:
    """Ask for a release; the figures worker makes it, of what is recorded by now. `size`: see `make`.

    Raises a refusal of `rules.may_make`; the caller commits.
    """
    mine = sa.select(Release).where(Release.country == country)
    last = session.scalar(
        mine.with_only_columns(sa.func.max(Release.period)).where(Release.status == Status.APPROVED.value)
    )
    waiting = (Status.DRAFT.value, Status.AWAITING_APPROVAL.value)
    has_open = session.scalar(mine.with_only_columns(sa.func.count()).where(Release.status.in_(waiting)))
    rules.may_make(
        period, today=clock.today(), country=country, steward_of=countries_as(by, STEWARD), last_approved=last,
        has_open=bool(has_open),
    )  # fmt: skip
    assert by.user_id is not None
    release_id = uuid7()
    # Only these columns: the role may set no others.
    session.execute(
        sa.insert(Release).values(
            id=release_id, name=f"{country}-{period}", country=country, period=period, edition=0,
            status=Status.DRAFT.value, made_by_id=by.user_id, made_at=clock.now(), size=size,
        )
    )  # fmt: skip
    return session.get_one(Release, release_id)


def make(country: str, period: str, *, by: Principal, size: int | None = None) -> UUID:
    """Make a release and put it before the approver; returns its id.

    In: a country, a month that is over, its data steward; `size`, in a first year, a public number of persons a
    month to settle the grain by (default: the UNHCR's claims of the year before). Works on its own connection as
    role `facts` and commits there. Raises a refusal of `rules.may_make`.
    """
    with connect("facts") as connection:
        _alone(connection, country)
        known = store.before(connection, country)
        rules.may_make(
            period, today=clock.today(), country=country, steward_of=countries_as(by, STEWARD),
            last_approved=known.last, has_open=store.is_open(connection, country),
        )  # fmt: skip
        assert by.user_id is not None
        release_id = uuid7()
        store.began(
            connection,
            release_id=release_id,
            country=country,
            period=period,
            made_by=by.user_id,
            made_at=clock.now(),
            size=size,
        )
        _produce(connection, store.release_row(connection, release_id), known)
    return release_id


def make_waiting() -> int:
    """Make every release that a steward asked for, each in a transaction of its own; returns how many. What cannot
    be made goes back to the steward with the name of the error, and is not tried again by itself."""
    made = 0
    while True:
        with connect("facts") as connection:
            row = store.next_waiting(connection)
            if row is None:
                return made
            started, problem = clock.real_now(), None
            try:
                with connection.begin_nested():
                    _alone(connection, row.country)
                    _produce(connection, row, store.before(connection, row.country))
            except Exception as error:
                problem = type(error).__name__
                logger.exception("release %s could not be made", row.name)
                store.finish(connection, row.id, problem=problem, reason=problem, status=Status.REFUSED.value)
            store.note_run(connection, JOB, started, problem)
        made += 1


def _alone(connection: sa.Connection, country: str) -> None:
    """One release of a country at a time; and no page's time limit."""
    for setting in ("statement_timeout = 0", "work_mem = '64MB'", "jit = off"):
        connection.execute(sa.text(f"SET LOCAL {setting}"))
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:n, hashtext(:c))"), {"n": _LOCK, "c": country})


@dataclass(frozen=True)
class _Making:
    """What stays the same over all domains of a release."""

    connection: sa.Connection
    row: Any
    known: store.Before
    plan: Plan
    since: str
    known_until: datetime
    indicators: tuple[Indicator, ...]

    @property
    def period(self) -> str:
        return str(self.row.period)

    def unit_of(self, domain: DomainPlan) -> str | None:
        """The cube unit that this release closes for a domain: stocks by quarter, all else at the plan's pace."""
        if domain.domain.unit == counting.STOCK:
            return rules.quarter_ended_by(self.period)
        return self.plan.unit_of(self.period)


def _produce(connection: sa.Connection, row: Any, known: store.Before) -> None:
    plan = _plan(connection, row, known)
    since = known.since or row.period
    # The cut-off is the moment of asking: whoever makes it when, it counts the same.
    making = _Making(
        connection, row, known, plan, since, row.made_at, _in_force(connection, row.country, row.period)
    )
    store.clear(connection, row.id)
    domains = domain_plans(plan, _drawn_for(connection, row.country, row.period))
    _draw(making, domains)
    _publish(making, domains)
    store.finish(
        connection, row.id, status=Status.AWAITING_APPROVAL.value, known_until=making.known_until,
        grain=plan.grain.value, origins=list(plan.origins), sites=list(plan.sites), since=since,
        code_version=__version__, problem=None, manifest=_sealed(making),
    )  # fmt: skip


def _in_force(connection: sa.Connection, country: str, period: str) -> tuple[Indicator, ...]:
    """The definitions that a month is counted by. None can take force in it from here on (a trigger)."""
    return versions.of(connection, country).all(versions.last_day(period))


def _drawn_for(connection: sa.Connection, country: str, period: str) -> list[Indicator]:
    """What cubes are drawn for: the definitions of the month, and the earlier ones of its year. What a year has begun
    to draw it draws to its end, so that quarter and year sum every month of it."""
    known = versions.of(connection, country)
    months = sorted((f"{period[:4]}-{number:02d}" for number in range(1, int(period[5:7]) + 1)), reverse=True)
    return [each for month in months for each in known.all(versions.last_day(month))]


def _plan(connection: sa.Connection, row: Any, known: store.Before) -> Plan:
    """The year's plan: settled before, or settled now from what the year before published."""
    year = row.period[:4]
    found = known.plan(row.country, year)
    if found is not None:
        return found
    published = store.persons_published(connection, row.country, str(int(year) - 1))
    shown = [s.code for s in store.sites(connection, row.country) if s.opened <= row.period <= s.closed]
    return settle(row.country, year, published, shown, _iso2(row.country), row.size)


def _iso2(country: str) -> str:
    return next(one.iso2 for one in reference.countries() if one.iso3 == country)


# -- cells --------------------------------------------------------------------------------------------
def _draw(making: _Making, domains: Sequence[DomainPlan]) -> None:
    stored = store.sheets(
        making.connection, making.plan.country, since=_ledger_since(making.period), with_truth=True
    )
    ledger = {name: [sheet for _, sheet in rows] for name, rows in stored.items()}
    secret = settings().release_secret.encode()
    for domain in domains:
        unit = making.unit_of(domain)
        if unit is None:
            continue
        found = counting.count(
            making.connection,
            making.plan,
            domain,
            unit,
            since=making.since,
            known_until=making.known_until,
        )
        drawn = drawing.draw(making.plan, domain, unit, found, ledger, secret)
        if drawn.is_offered:
            store.write_domain(
                making.connection, making.row.id, domain.domain.name, domain.domain.unit, drawn.sheets,
                _described(domain), found,
            )  # fmt: skip
            _draw_withdrawn(making, domain, unit, found, ledger, secret)


def _draw_withdrawn(
    making: _Making,
    domain: DomainPlan,
    unit: str,
    found: counting.Counting,
    ledger: drawing.Ledger,
    secret: bytes,
) -> None:
    """Once cells of the domain have been released: before, everybody knows that there is nothing to take back, and
    a cell that says "0 to 4" would be known to be 0. A stock takes nothing back."""
    if not ledger.get(domain.cube.name) or domain.domain.unit == counting.STOCK:
        return
    sheet = drawing.draw_withdrawn(making.plan, domain, unit, found, ledger, secret)
    name = f"{domain.domain.name}_withdrawn"
    described = {name: (None, None, domain.cube.k)}
    store.write_domain(making.connection, making.row.id, name, domain.domain.unit, [sheet], described, None)


def _ledger_since(period: str) -> str:
    """Earlier sheets that a draw or a figure may need: this year's, and for stocks and the MIRPS year the last of
    the year before."""
    return f"{int(period[:4]) - 1}-10"


def _described(domain: DomainPlan) -> dict[str, tuple[str | None, str | None, Any]]:
    found: dict[str, tuple[str | None, str | None, Any]] = {domain.cube.name: (None, None, domain.cube.k)}
    for split in domain.splits:
        own = dict(split.ks)
        k: Any = {label: own.get(label, split.k) for label in split.part.labels} if own else split.k
        found[split.name] = (split.parent, split.part.name, k)
    return found


# -- figures and files --------------------------------------------------------------------------------
def _publish(making: _Making, domains: Sequence[DomainPlan]) -> None:
    connection, row = making.connection, making.row
    coverage = _coverage(making, domains)
    store.write_coverage(connection, coverage)
    stored = store.sheets(
        connection, row.country, since=_ledger_since(row.period), with_truth=False, release_id=row.id
    )
    no_coverage = {one["period"]: one["status"] == "NO_COVERAGE" for one in coverage}

    def numbers(kind: str, piece: str) -> Mapping[str, int]:
        return facts.site_numbers(connection, kind, row.country, piece)

    sheets: list[Drawn] = [sheet for rows in stored.values() for _, sheet in rows]
    figuring = Figuring(making.plan, row.period, making.since, sheets, no_coverage, numbers)
    store.write_figures(connection, row.id, figuring.rows(making.indicators))


def _coverage(making: _Making, domains: Sequence[DomainPlan]) -> list[dict[str, Any]]:
    """How many of the sites in service reported: of the month, and of longer periods the least of their months."""
    connection, country = making.connection, making.plan.country
    here = {s.code for s in store.sites(connection, country) if s.opened <= making.period <= s.closed}
    heard = {one.site for one in facts.coverage(connection, country, making.period) if one.events}
    own = (len(here & heard), len(here))
    found = []
    for span in spans_of(making.plan, making.period, making.since):
        earlier = [month for month in _months_of(span, making) if month != making.period]
        counts = [own, *store.coverage_of_months(connection, country, earlier)]
        reporting, expected = min(one for one, _ in counts), max(all_ for _, all_ in counts)
        found += [
            {
                "release_id": making.row.id, "domain": domain.domain.name, "period": span.period,
                "place_level": "COUNTRY", "place": country, "reporting": reporting, "expected": expected,
                "status": rules.coverage_status(reporting, expected),
            }
            for domain in domains
        ]  # fmt: skip
    return found


def _months_of(span: Span, making: _Making) -> list[str]:
    """The months of a span that are released or being released."""
    if span.kind == "MONTH":
        return [making.period]
    released = {row.period for row in making.known.releases} | {making.period}
    if span.kind == "MIRPS":
        return sorted({periods.month(piece) for piece in span.pieces} & released)
    inside = periods.quarter if span.kind == "QUARTER" else periods.year
    return sorted(month for month in released if inside(month) == span.period)


def package_of(connection: sa.Connection, row: Any) -> Package:
    """A release as it is exported, from the tables of the schema `released` alone."""
    since, plan = row.since or row.period, None
    plan = Plan(row.country, row.period[:4], grains.Grain(row.grain), tuple(row.origins), tuple(row.sites))
    # What is sealed keeps the definitions it was made by, whatever the catalogue says later.
    definitions = (
        json.loads(row.manifest)["definitions"]
        if row.manifest
        else {one.code: [one.manifest()] for one in _in_force(connection, row.country, row.period)}
    )
    stored = store.sheets(
        connection, row.country, since=_ledger_since(row.period), with_truth=False, release_id=row.id
    )
    stored = {
        name: [
            (found, sheet)
            for found, sheet in rows
            if periods.month(sheet.period) <= _last_label(row.period, sheet)
        ]
        for name, rows in stored.items()
    }
    cubes = store.cubes_out(stored, _wanted(plan, row.period, since, stored))
    return Package(
        row.name, row.country, row.period, cubes, hierarchy_of(plan, cubes, stored),
        store.figure_rows(connection, row.id), store.coverage_rows(connection, row.id),
        store.revision_rows(connection, row.id),
        definitions, row.code_version or __version__, row.edition, row.made_at.isoformat(timespec="seconds"),
    )  # fmt: skip


def _last_label(month: str, sheet: Drawn) -> str:
    """The last period that a release may show: its month, or the quarter that this lies in."""
    return periods.quarter(month) if "Q" in sheet.period else month


def _wanted(plan: Plan, month: str, since: str, stored: Mapping[str, Any]) -> dict[str, set[str]]:
    """Which cube periods of each domain the folder holds: those that its figures sum."""
    pieces = {piece for span in spans_of(plan, month, since) for piece in span.pieces}
    ended = rules.quarter_ended_by(month)
    found: dict[str, set[str]] = {}
    for rows in stored.values():
        for row, _ in rows:
            is_stock = row.unit == counting.STOCK
            found[row.domain] = ({ended} if ended else set()) if is_stock else pieces
    return found


def hierarchy_of(
    plan: Plan, cubes: Sequence[CubeOut], stored: Mapping[str, Any]
) -> dict[str, dict[str, Sequence[str]]]:
    """For each dimension label → base labels. A country's own base label is itself where it has no sites."""
    has_sites = any("place" in dict(sheet.axes) for cube in cubes for sheet in cube.sheets)
    found: dict[str, dict[str, Sequence[str]]] = {
        "place": {plan.country: list(plan.sites) if has_sites else [plan.country]}
    }
    for cube in cubes:
        for sheet in cube.sheets:
            for name, labels in sheet.axes:
                found.setdefault(name, {}).update({label: [label] for label in labels})
        for row, _ in stored[cube.name]:
            for name, groups in row.hierarchy.items():
                found[name].update({group: list(of) for group, of in groups.items()})
    if "age_band" in found:
        # A coarse cube's CHILD is the same as a fine one's.
        found["age_band"] = dict(grains.AGE.hierarchy())
    if has_sites:
        own = {label for label in found["place"] if label != plan.country}
        found["place"][plan.country] = sorted(own)
    return found


def _sealed(making: _Making) -> str:
    """Hash every file and the manifest; returns the manifest's text. Runs before the release is finished, so the
    row is completed here as it will be."""
    connection, row, plan = making.connection, making.row, making.plan
    complete = {
        **row._mapping, "grain": plan.grain.value, "origins": list(plan.origins), "sites": list(plan.sites),
        "since": making.since, "code_version": __version__,
    }  # fmt: skip
    package = package_of(connection, _Row(complete))
    files = files_of(package)
    manifest = manifest_of(package, files, store.previous_of(connection, making.known.releases))
    store.write_files(
        connection,
        [
            {
                "release_id": row.id,
                "file": name,
                "sha256": sha256(content).hexdigest(),
                "cells": data_rows(name, content),
                "content": content.decode() if name in WORDS else None,
            }
            for name, content in {**files, MANIFEST: manifest}.items()
        ],
    )
    return manifest.decode()


class _Row:
    """A release's columns by name."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)
