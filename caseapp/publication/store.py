"""Releases in the database, as role `facts`: reading what earlier ones published, writing what this one does."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.db import uuid7
from caseapp.publication.counting import Counting
from caseapp.publication.cube.definition import Dimension
from caseapp.publication.cube.grain import Grain
from caseapp.publication.drawing import Drawn
from caseapp.publication.figuring import Row
from caseapp.publication.models import (
    CoverageRow,
    FigureRow,
    FileRow,
    Frozen,
    Ledger,
    Release,
    ReleasedCube,
    RevisionRow,
    Sheet,
    Status,
    Withdrawal,
)
from caseapp.publication.package import CubeOut, SheetOut
from caseapp.publication.plan import Plan

RELEASE: Any = Release.__table__
#: Whose age is not known counts as an adult (cubes.yml); of a head count by sex no age is known.
AGE_UNKNOWN = "18-59"


@dataclass(frozen=True)
class Before:
    """What the approved releases of a country are, in the order in which they were made, and the year's plan if
    settled. A revision comes after every release that was made before it."""

    releases: tuple[Any, ...]

    @property
    def since(self) -> str | None:
        """The first month ever released."""
        return min((row.period for row in self.releases), default=None)

    @property
    def last(self) -> str | None:
        return max((row.period for row in self.releases), default=None)

    def editions(self, period: str) -> list[int]:
        """The approved editions of a month."""
        return [row.edition for row in self.releases if row.period == period]

    def plan(self, country: str, year: str) -> Plan | None:
        """The plan that the first release of a year settled."""
        for row in self.releases:
            if row.period[:4] == year:
                return Plan(country, year, Grain(row.grain), tuple(row.origins), tuple(row.sites))
        return None


def before(connection: sa.Connection, country: str) -> Before:
    """The approved releases of a country, oldest first."""
    wanted = sa.select(RELEASE).where(RELEASE.c.country == country, RELEASE.c.status == Status.APPROVED.value)
    return Before(tuple(connection.execute(wanted.order_by(RELEASE.c.made_at, RELEASE.c.id)).all()))


def is_open(connection: sa.Connection, country: str) -> bool:
    """Whether a release of the country waits to be made or decided."""
    waiting = RELEASE.c.status.in_([Status.DRAFT.value, Status.AWAITING_APPROVAL.value])
    wanted = sa.select(sa.func.count()).where(RELEASE.c.country == country, waiting)
    return bool(connection.scalar(wanted))


def persons_published(connection: sa.Connection, country: str, year: str) -> list[int]:
    """The published persons registered of each month of a year; quarters count as three months."""
    figure = FigureRow.__table__
    rows = connection.execute(
        sa.select(figure.c.period, figure.c.value)
        .join(RELEASE, RELEASE.c.id == figure.c.release_id)
        .where(
            RELEASE.c.country == country, RELEASE.c.status == Status.APPROVED.value, figure.c.indicator == "P1-00",
            figure.c.status == "PUBLISHED", figure.c.place_level == "COUNTRY", figure.c.sex == "T",
            figure.c.age_band == "T", figure.c.origin == "T", figure.c.household_type == "T",
            sa.or_(figure.c.period == RELEASE.c.period, figure.c.period.like(f"{year}-Q_")),
            sa.func.left(figure.c.period, 4) == year,
        )
        .order_by(RELEASE.c.made_at, RELEASE.c.id)
    ).all()  # fmt: skip
    # The last word on a month stands: its newest edition.
    months = {row.period: int(row.value) for row in rows if "Q" not in row.period}
    if months:
        return list(months.values())
    # To date: the last word on a quarter stands.
    quarters = {row.period: int(row.value) for row in rows}
    return [round(value / 3) for value in quarters.values() for _ in range(3)]


def sheets(
    connection: sa.Connection, country: str, *, since: str, with_truth: bool, upto: Any = None,
    domains: Collection[str] | None = None,
) -> dict[str, list[tuple[Any, Drawn]]]:  # fmt: skip
    """Published sheets of the approved releases of a country from a period on, by cube, in order of time, each with
    the row of its cube's description and the name of its release; of each the newest edition; of all domains, or of
    some. With `upto`, a row of `release`: as they stood when that release was made, its own among them. `with_truth`
    adds what only later draws may see.
    """
    ledger, sheet, cube = Ledger.__table__, Sheet.__table__, ReleasedCube.__table__
    approved = RELEASE.c.status == Status.APPROVED.value
    wanted = (
        sa.select(
            sheet, cube.c.axes, cube.c.domain, cube.c.unit, cube.c.parent, cube.c.split_dimension, cube.c.k,
            cube.c.hierarchy, RELEASE.c.name.label("release"), *((ledger.c.truth, ledger.c.counter) if with_truth else ()),
        )
        .join(RELEASE, RELEASE.c.id == sheet.c.release_id)
        .join(cube, sa.and_(cube.c.release_id == sheet.c.release_id, cube.c.name == sheet.c.cube))
        .where(RELEASE.c.country == country, sheet.c.period >= since)
        .where(approved if upto is None else _stood(upto))
        .where(cube.c.domain.in_(domains) if domains is not None else sa.true())
        .order_by(sheet.c.cube, sheet.c.period, RELEASE.c.made_at, RELEASE.c.id)
    )  # fmt: skip
    if with_truth:
        same = [
            getattr(ledger.c, name) == getattr(sheet.c, name) for name in ("release_id", "cube", "period")
        ]
        wanted = wanted.outerjoin(ledger, sa.and_(*same))
    found: dict[str, list[tuple[Any, Drawn]]] = {}
    for row in {(row.cube, row.period): row for row in connection.execute(wanted)}.values():
        found.setdefault(row.cube, []).append((row, _drawn(row, with_truth)))
    return found


def _stood(upto: Any) -> sa.ColumnElement[bool]:
    """What was approved when a release was made, and the release itself."""
    made = sa.tuple_(RELEASE.c.made_at, RELEASE.c.id) < sa.tuple_(
        sa.literal(upto.made_at, RELEASE.c.made_at.type), sa.literal(upto.id, RELEASE.c.id.type)
    )
    return sa.or_(sa.and_(RELEASE.c.status == Status.APPROVED.value, made), RELEASE.c.id == upto.id)


def _drawn(row: Any, with_truth: bool) -> Drawn:
    dimensions = tuple(
        Dimension(name, tuple(labels), {n: tuple(of) for n, of in row.hierarchy.get(name, {}).items()})
        for name, labels in row.axes
    )
    shape = tuple(len(d.labels) for d in dimensions)
    truth = (
        np.array(row.truth, dtype=np.int64).reshape(shape) if with_truth and row.truth is not None else None
    )
    return Drawn(
        row.cube, row.period, dimensions, np.array(row.y, dtype=np.int64).reshape(shape),
        np.array(row.shown, dtype=np.bool_).reshape(shape), frozenset(row.merged), truth,
    )  # fmt: skip


def cubes_out(
    found: Mapping[str, Sequence[tuple[Any, Drawn]]], pieces: Mapping[str, set[str]]
) -> tuple[CubeOut, ...]:
    """The cubes of a release folder: of each cube the sheets of the wanted periods (by unit of the cube)."""
    made = []
    for name, rows in sorted(found.items()):
        own = [(row, sheet) for row, sheet in rows if sheet.period in pieces.get(row.domain, set())]
        if not own:
            continue
        columns = {d.name for d in own[-1][1].dimensions}
        own = [(row, sheet) for row, sheet in own if {d.name for d in sheet.dimensions} == columns]
        last = own[-1][0]
        made.append(
            CubeOut(
                name, last.domain, last.unit, last.parent, last.split_dimension, last.k,
                tuple(
                    SheetOut(
                        sheet.period, tuple((d.name, d.labels) for d in sheet.dimensions),
                        sheet.y.ravel().tolist(), sheet.shown.ravel().tolist(),
                    )
                    for _, sheet in own
                ),
            )
        )  # fmt: skip
    return tuple(made)


def previous_of(connection: sa.Connection, releases: Sequence[Any]) -> list[dict[str, Any]]:
    """Earlier releases as a manifest names them: with the hash of each of their files."""
    file = FileRow.__table__
    ids = [row.id for row in releases]
    hashes: dict[UUID, dict[str, str]] = {each: {} for each in ids}
    wanted = sa.select(file).where(file.c.release_id.in_(ids)).order_by(file.c.file)
    for row in connection.execute(wanted):
        hashes[row.release_id][row.file] = row.sha256
    return [{"release": row.name, "period": row.period, "hashes": hashes[row.id]} for row in releases]


# -- writing ------------------------------------------------------------------------------------------
def _insert(connection: sa.Connection, model: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    listed = list(rows)
    if listed:
        connection.execute(sa.insert(model.__table__), listed)


def write_domain(
    connection: sa.Connection, release_id: UUID, domain: str, unit: str, drawn: Sequence[Drawn],
    described: Mapping[str, tuple[str | None, str | None, Any]], counting: Counting | None,
) -> None:  # fmt: skip
    """Write the sheets of a domain, their truth, and what was counted. `described`: cube → parent, split, k."""
    first = {one.cube: one for one in reversed(drawn)}
    _insert(
        connection, ReleasedCube,
        (
            {
                "release_id": release_id, "name": name, "domain": domain, "unit": unit, "parent": described[name][0],
                "split_dimension": described[name][1], "k": described[name][2],
                "axes": [[d.name, list(d.labels)] for d in one.dimensions],
                "hierarchy": {d.name: {n: list(of) for n, of in d.groups.items()} for d in one.dimensions if d.groups},
            }
            for name, one in sorted(first.items())
        ),
    )  # fmt: skip
    _insert(
        connection, Sheet,
        (
            {
                "release_id": release_id, "cube": one.cube, "period": one.period, "y": one.y.ravel().tolist(),
                "shown": one.shown.ravel().tolist(), "merged": sorted(one.merged),
            }
            for one in drawn
        ),
    )  # fmt: skip
    _insert(
        connection, Ledger,
        (
            {
                "release_id": release_id, "cube": one.cube, "period": one.period,
                "truth": one.truth.ravel().tolist(), "counter": one.counter,
            }
            for one in drawn if one.truth is not None
        ),
    )  # fmt: skip
    if counting is not None:
        freeze(connection, release_id, domain, counting)


#: Rows that one statement takes: they go as one text, for parameters of their own cost several times as much.
FROZEN_AT_ONCE = 5_000
_FROZEN = (
    "release_id, domain, occurrence, own_period, person, household, site, position, period, late, counted, "
    "household_counted, first_ever, covers, amount, sex, age_band"
)
_FREEZE = f"""
    INSERT INTO facts.frozen ({_FROZEN})
    SELECT {_FROZEN} FROM jsonb_populate_recordset(CAST(NULL AS facts.frozen), CAST(:rows AS jsonb))
"""


def freeze(connection: sa.Connection, release_id: UUID, domain: str, counting: Counting) -> None:
    """Note what was counted, and what was taken back, so that no later release counts it again."""
    rows = [
        {
            "release_id": str(release_id), "domain": domain, "occurrence": str(one.atom.occurrence),
            "own_period": one.own_period, "person": str(one.atom.person), "household": str(one.atom.household),
            "site": one.atom.site, "position": position, "period": one.period,
            "late": one.atom.late, "counted": one.atom.counted,
            "household_counted": one.atom.household_counted, "first_ever": one.atom.first_ever,
            "covers": list(one.atom.covers), "amount": one.amount,
            "sex": one.atom.dimensions["sex"], "age_band": one.atom.dimensions.get("age_band", AGE_UNKNOWN),
        }
        for position, one in enumerate(counting.counted)
    ]  # fmt: skip
    for start in range(0, len(rows), FROZEN_AT_ONCE):
        some = json.dumps(rows[start : start + FROZEN_AT_ONCE])
        connection.execute(sa.text(_FREEZE), {"rows": some})
    _insert(
        connection, Withdrawal,
        (
            {
                "release_id": release_id, "domain": domain, "occurrence": one.occurrence,
                "own_period": one.own_period, "amount": one.amount,
            }
            for one in counting.taken_back
        ),
    )  # fmt: skip


def write_figures(connection: sa.Connection, release_id: UUID, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Write the rows of `figures.csv`; returns them by column."""
    found = [
        {
            "release_id": release_id, "position": position, "indicator": row.indicator, "measure": row.measure,
            "unit": row.unit, "period": row.period, "place_level": row.place_level, "place": row.place,
            "sex": row.sex, "age_band": row.age_band, "origin": row.origin, "household_type": row.household_type,
            "need_group": row.need_group, "counted": row.counted, "numerator": row.figure.numerator,
            "denominator": row.figure.denominator, "value": row.figure.value, "status": row.figure.status.value,
            "cube": row.cube,
        }
        for position, row in enumerate(rows, start=2)
    ]  # fmt: skip
    _insert(connection, FigureRow, found)
    return found


def write_coverage(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    _insert(connection, CoverageRow, rows)


def write_revisions(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    _insert(connection, RevisionRow, rows)


def write_files(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    _insert(connection, FileRow, rows)


def clear(connection: sa.Connection, release_id: UUID) -> None:
    """Take away what an earlier attempt wrote for a release that is being made again."""
    for model in (
        FileRow,
        RevisionRow,
        CoverageRow,
        FigureRow,
        Sheet,
        ReleasedCube,
        Ledger,
        Frozen,
        Withdrawal,
    ):
        table: Any = model.__table__
        connection.execute(sa.delete(table).where(table.c.release_id == release_id))


def finish(connection: sa.Connection, release_id: UUID, **values: Any) -> None:
    connection.execute(sa.update(RELEASE).where(RELEASE.c.id == release_id).values(**values))


def release_row(connection: sa.Connection, release_id: UUID) -> Any:
    """One release, or None."""
    return connection.execute(sa.select(RELEASE).where(RELEASE.c.id == release_id)).one_or_none()


def began(connection: sa.Connection, **columns: Any) -> None:
    """Note a release that is being made."""
    connection.execute(sa.insert(RELEASE).values(status=Status.DRAFT.value, **columns))


def next_waiting(connection: sa.Connection) -> Any:
    """The oldest release that was asked for and is not made, locked; None if there is none or another has it."""
    wanted = sa.select(RELEASE).where(RELEASE.c.status == Status.DRAFT.value)
    return connection.execute(
        wanted.order_by(RELEASE.c.made_at).limit(1).with_for_update(skip_locked=True)
    ).one_or_none()


def note_run(connection: sa.Connection, job: str, started: datetime, problem: str | None) -> None:
    """Show a run on the administrators' page."""
    connection.execute(
        sa.text(
            "INSERT INTO public.job_run (id, job, state, done, total, started_at, beat_at, ended_at, error) "
            "VALUES (:id, :job, :state, :done, 1, :started, :now, :now, :error)"
        ),
        {
            "id": uuid7(), "job": job, "state": "FAILED" if problem else "DONE", "done": 0 if problem else 1,
            "started": started, "now": clock.real_now(), "error": problem,
        },
    )  # fmt: skip


# -- reading for export -------------------------------------------------------------------------------
def _rows(connection: sa.Connection, model: Any, release_id: UUID, *order: str) -> list[dict[str, Any]]:
    table = model.__table__
    wanted = sa.select(table).where(table.c.release_id == release_id)
    return [
        dict(row)
        for row in connection.execute(wanted.order_by(*(table.c[name] for name in order))).mappings()
    ]


def figure_rows(connection: sa.Connection, release_id: UUID) -> list[dict[str, Any]]:
    """The rows of `figures.csv`."""
    return _rows(connection, FigureRow, release_id, "position")


def coverage_rows(connection: sa.Connection, release_id: UUID) -> list[dict[str, Any]]:
    """The rows of `coverage.csv`."""
    return _rows(connection, CoverageRow, release_id, "domain", "period", "place_level", "place")


def revision_rows(connection: sa.Connection, release_id: UUID) -> list[dict[str, Any]]:
    """The rows of `revisions.csv`."""
    return _rows(connection, RevisionRow, release_id, "cube", "cell")


def file_rows(connection: sa.Connection, release_id: UUID) -> list[dict[str, Any]]:
    """The seals of a release's files."""
    return _rows(connection, FileRow, release_id, "file")
