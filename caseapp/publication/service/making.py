"""Making a release: what is counted, drawn, computed and sealed, in one transaction as role `facts`.

A steward's page only *asks* (a row DRAFT, written as role `app` behind a policy); the figures worker makes what is
asked, so that no process that reads cases draws figures. The command line and the demo hold both credentials and
make it at once.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp import __version__
from caseapp.core import clock, reference
from caseapp.core.access import Principal
from caseapp.core.db import connect, uuid7
from caseapp.indicators import queries as facts
from caseapp.indicators import versions
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import counting, drawing, recounting, redrawing, rules, sites, store
from caseapp.publication.access import countries_as
from caseapp.publication.drawing import Drawn
from caseapp.publication.figuring import Figuring
from caseapp.publication.models import Status
from caseapp.publication.package import MANIFEST, WORDS, data_rows, files_of, manifest_of
from caseapp.publication.plan import DomainPlan, Plan, domain_plans, settle
from caseapp.publication.service import asking
from caseapp.publication.service.asking import STEWARD
from caseapp.publication.service.covering import coverage_rows
from caseapp.publication.service.packing import RowOf, definitions_in_force, ledger_since, package_of
from config.settings import settings

logger = logging.getLogger(__name__)
JOB = "publication.make"
_LOCK = 7314


def make(
    country: str, period: str, *, by: Principal, size: int | None = None, unconfirmed_code: str = "CALENDAR"
) -> UUID:
    """Make a release and put it before the approver; returns its id.

    In: a country, a month that is over, its data steward; `size`, in a first year, a public number of persons a
    month to settle the grain by (default: the UNHCR's claims of the year before); `unconfirmed_code`, why it does
    not wait where a site has not signed (by default the calendar). Works on its own connection as role `facts` and
    commits there. Raises a refusal of `rules.may_make`.
    """
    with connect("facts") as connection:
        _alone(connection, country)
        known = store.before(connection, country)
        rules.may_make(
            period, today=sites.today_in(connection, country), country=country, steward_of=countries_as(by, STEWARD),
            last_approved=known.last, has_open=store.is_open(connection, country),
        )  # fmt: skip
        without = asking.unconfirmed(connection, country, period, unconfirmed_code)
        return _made(connection, known, country, period, by, size=size, **without)


def make_revision(country: str, period: str, *, by: Principal, code: str, reason: str) -> UUID:
    """Make the next edition of a released month and put it before the approver; returns its id. In: why, as a code
    and a sentence (`asking.ask_revision`). Raises a refusal of `rules.may_revise`, or NothingToRevise."""
    with connect("facts") as connection:
        _alone(connection, country)
        known = store.before(connection, country)
        edition = rules.may_revise(
            period, country=country, steward_of=countries_as(by, STEWARD), editions=known.editions(period),
            has_open=store.is_open(connection, country),
        )  # fmt: skip
        why = asking.explained(code, reason)
        return _made(connection, known, country, period, by, edition=edition, **why)


def _made(
    connection: sa.Connection, known: store.Before, country: str, period: str, by: Principal, edition: int = 0,
    **columns: Any,
) -> UUID:  # fmt: skip
    assert by.user_id is not None
    release_id = uuid7()
    store.began(
        connection, id=release_id, name=asking.name_of(country, period, edition), country=country, period=period,
        edition=edition, made_by_id=by.user_id, made_at=clock.now(), **columns,
    )  # fmt: skip
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
        connection,
        row,
        known,
        plan,
        since,
        row.made_at,
        definitions_in_force(connection, row.country, row.period),
    )
    store.clear(connection, row.id)
    domains = domain_plans(plan, _drawn_for(connection, row.country, row.period))
    if row.edition:
        _revise(making, domains)
    else:
        _draw(making, domains)
    _publish(making, domains)
    store.finish(
        connection, row.id, status=Status.AWAITING_APPROVAL.value, known_until=making.known_until,
        grain=plan.grain.value, origins=list(plan.origins), sites=list(plan.sites), since=since,
        code_version=__version__, problem=None, manifest=_sealed(making),
    )  # fmt: skip


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
    shown = sites.named(sites.sites(connection, row.country), row.period)
    return settle(row.country, year, published, shown, _iso2(row.country), row.size)


def _iso2(country: str) -> str:
    return next(one.iso2 for one in reference.countries() if one.iso3 == country)


# -- cells --------------------------------------------------------------------------------------------
def _draw(making: _Making, domains: Sequence[DomainPlan]) -> None:
    ledger = _ledger(making)
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
        drawn = drawing.draw(making.plan, domain, unit, found, ledger, secret, making.since)
        if drawn.is_offered:
            store.write_domain(
                making.connection, making.row.id, domain.domain.name, domain.domain.unit, drawn.sheets,
                _described(domain), found,
            )  # fmt: skip
            _draw_withdrawn(making, domain, unit, found, ledger, secret)


def _ledger(making: _Making) -> drawing.Ledger:
    """What stands of earlier releases, with its truth."""
    since = ledger_since(making.period)
    stored = store.sheets(making.connection, making.plan.country, since=since, with_truth=True)
    return {name: [sheet for _, sheet in rows] for name, rows in stored.items()}


def _revise(making: _Making, domains: Sequence[DomainPlan]) -> None:
    """Count the month again and let a cell take its new draw where that is far enough from what stands. What was
    withdrawn before stays as it was shown beside. Raises NothingToRevise."""
    ledger, secret = _ledger(making), settings().release_secret.encode()
    stands = {
        (name, sheet.period): (row.release, sheet)
        for name, rows in store.sheets(
            making.connection, making.plan.country, since=ledger_since(making.period), with_truth=False
        ).items()
        for row, sheet in rows
    }  # fmt: skip
    changes: list[dict[str, Any]] = []
    for domain in domains:
        unit = making.unit_of(domain)
        if unit is None:
            continue
        found = recounting.recount(
            making.connection, making.plan, domain, unit, since=making.since, known_until=making.known_until
        )
        drawn = redrawing.redraw(making.plan, domain, unit, found.items, ledger, secret, making.row.edition)
        if not drawn.is_offered:
            continue
        store.write_domain(
            making.connection, making.row.id, domain.domain.name, domain.domain.unit, drawn.sheets,
            _described(domain), found.counting,
        )  # fmt: skip
        changes += _changes(making, drawn.sheets, stands)
    if not changes:
        raise rules.NothingToRevise
    store.write_revisions(making.connection, changes)


def _changes(
    making: _Making, sheets: Sequence[Drawn], stands: Mapping[tuple[str, str], tuple[str, Drawn]]
) -> list[dict[str, Any]]:
    """Rows of `revisions.csv`: each cell whose published value changes, with the reason."""
    row, found = making.row, []
    for sheet in sheets:
        revises, before = stands[sheet.cube, sheet.period]
        for cell, old, new in redrawing.differences(making.plan.country, before, sheet):
            found.append(
                {"release_id": row.id, "cube": sheet.cube, "cell": cell, "old": old, "new": new, "revises": revises,
                 "reason": f"{row.revision_code}: {row.revision_reason}"}
            )  # fmt: skip
    return found


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
    released = {one.period for one in making.known.releases}
    names = [domain.domain.name for domain in domains]
    stored = store.sheets(connection, row.country, since=ledger_since(row.period), with_truth=False, upto=row)
    sheets: list[Drawn] = [sheet for rows in stored.values() for _, sheet in rows]

    def is_empty(pieces: Collection[str]) -> bool:
        own = [sheet for sheet in sheets if sheet.period in pieces]
        return bool(own) and not any(sheet.y.any() for sheet in own)

    coverage = coverage_rows(connection, row, making.plan, making.since, released, names, is_empty)
    store.write_coverage(connection, coverage)
    no_coverage = {
        one["period"]: one["status"] == "NO_COVERAGE" for one in coverage if one["place_level"] == "COUNTRY"
    }

    def numbers(kind: str, piece: str) -> Mapping[str, int]:
        return facts.site_numbers(connection, kind, row.country, piece)

    figuring = Figuring(making.plan, row.period, making.since, sheets, no_coverage, numbers)
    store.write_figures(connection, row.id, figuring.rows(making.indicators))


def _sealed(making: _Making) -> str:
    """Hash every file and the manifest; returns the manifest's text. Runs before the release is finished, so the
    row is completed here as it will be."""
    connection, row, plan = making.connection, making.row, making.plan
    complete = {
        **row._mapping, "grain": plan.grain.value, "origins": list(plan.origins), "sites": list(plan.sites),
        "since": making.since, "code_version": __version__,
    }  # fmt: skip
    package = package_of(connection, RowOf(complete))
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
