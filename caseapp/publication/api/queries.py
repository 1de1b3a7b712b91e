"""What the open interface reads, as role `figures`: approved releases and nothing else. Releases never change, so the
bytes of the last few folders are kept in memory; every request asks again whether it may read them."""

from __future__ import annotations

import csv
import io
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from threading import Lock
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from caseapp.core import reference
from caseapp.core.errors import NotYours
from caseapp.publication import beside, service
from caseapp.publication.api.keys import Reader
from caseapp.publication.editions import Editions
from caseapp.publication.models import CoverageRow, FigureRow, FileRow, Release
from caseapp.publication.of_registers import reading
from caseapp.publication.package import FIGURES, MANIFEST

RELEASE: Any = Release.__table__
FIGURE: Any = FigureRow.__table__
COVERAGE: Any = CoverageRow.__table__
FILE: Any = FileRow.__table__
#: The columns that a reader may ask by, as they are.
EQUAL = (
    "indicator", "measure", "period", "place_level", "place", "sex", "age_band", "origin", "household_type", "need_group",
    "status",
)  # fmt: skip
_KEPT = 6


def _of_reader(wanted: sa.Select[Any], reader: Reader) -> sa.Select[Any]:
    return (
        wanted if reader.countries is None else wanted.where(RELEASE.c.country.in_(sorted(reader.countries)))
    )


def _releases(reader: Reader) -> sa.Select[Any]:
    seal = sa.and_(FILE.c.release_id == RELEASE.c.id, FILE.c.file == MANIFEST)
    wanted = sa.select(RELEASE, FILE.c.sha256.label("seal")).join(FILE, seal)
    return _of_reader(wanted.where(RELEASE.c.status == "APPROVED"), reader)


def state(connection: sa.Connection, reader: Reader) -> str:
    """The seal of all that somebody may read: it changes with every new release, and with nothing else."""
    rows = connection.execute(
        _of_reader(
            sa.select(RELEASE.c.name, RELEASE.c.edition, FILE.c.sha256)
            .join(FILE, sa.and_(FILE.c.release_id == RELEASE.c.id, FILE.c.file == MANIFEST))
            .where(RELEASE.c.status == "APPROVED"),
            reader,
        ).order_by(FILE.c.sha256)
    )
    return sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()


def releases(
    connection: sa.Connection, reader: Reader, *, country: str | None, period: str | None, skip: int, limit: int
) -> Sequence[Any]:  # fmt: skip
    """Releases, the newest month first within a country; one more than `limit` where there are more."""
    wanted = _releases(reader)
    for name, value in (("country", country), ("period", period)):
        if value is not None:
            wanted = wanted.where(RELEASE.c[name] == value)
    ordered = wanted.order_by(RELEASE.c.country, RELEASE.c.period.desc(), RELEASE.c.edition.desc())
    return connection.execute(ordered.offset(skip).limit(limit + 1)).all()


def release(connection: sa.Connection, reader: Reader, name: str) -> Any:
    """The release of this name; of one that was revised under the same name, the newest. Raises NotYours."""
    wanted = _releases(reader).where(RELEASE.c.name == name).order_by(RELEASE.c.edition.desc()).limit(1)
    found = connection.execute(wanted).one_or_none()
    if found is None:
        raise NotYours
    return found


def released_versions(connection: sa.Connection, reader: Reader) -> dict[str, list[dict[str, Any]]]:
    """Indicator → the version that each country's newest release counts by."""
    newest = (
        _releases(reader)
        .ext(pg.distinct_on(RELEASE.c.country))
        .order_by(RELEASE.c.country, RELEASE.c.period.desc(), RELEASE.c.edition.desc())
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(newest):
        for code, measures in json.loads(row.manifest)["definitions"].items():
            entry = {"country": row.country, "release": row.name, "version": measures[0]["version"]}
            found.setdefault(code, []).append(entry)
    return found


# -- figures ------------------------------------------------------------------------------------------
def _newest(reader: Reader) -> sa.Subquery:
    """For each country and period the newest release that tells of it (coverage names its periods)."""
    told = sa.select(COVERAGE.c.release_id, COVERAGE.c.period).distinct().subquery()
    wanted = _of_reader(
        sa.select(told.c.release_id, told.c.period).join(RELEASE, RELEASE.c.id == told.c.release_id), reader
    ).where(RELEASE.c.status == "APPROVED")
    return (
        wanted.ext(pg.distinct_on(RELEASE.c.country, told.c.period))
        .order_by(RELEASE.c.country, told.c.period, RELEASE.c.period.desc(), RELEASE.c.edition.desc())
        .subquery()
    )


def figures(
    connection: sa.Connection, reader: Reader, asked: Mapping[str, Any], *, release_id: UUID | None, limit: int
) -> Sequence[Any]:  # fmt: skip
    """Rows of figures.csv with their release's name; one more than `limit` where there are more.

    `asked`: the filters by name; `cursor` is the place of the last row read.
    """
    wanted = _of_reader(
        sa.select(FIGURE, RELEASE.c.name.label("release"), RELEASE.c.country, RELEASE.c.edition)
        .add_columns(RELEASE.c.period.label("month"))
        .join(RELEASE, RELEASE.c.id == FIGURE.c.release_id)
        .where(RELEASE.c.status == "APPROVED"),
        reader,
    )
    if release_id is not None:
        wanted = wanted.where(FIGURE.c.release_id == release_id)
    else:
        newest = _newest(reader)
        same = sa.and_(newest.c.release_id == FIGURE.c.release_id, newest.c.period == FIGURE.c.period)
        wanted = wanted.join(newest, same)
    for name in EQUAL:
        if asked.get(name) is not None:
            wanted = wanted.where(FIGURE.c[name] == asked[name])
    if asked.get("country") is not None:
        wanted = wanted.where(RELEASE.c.country == asked["country"])
    if asked.get("pillar") is not None:
        wanted = wanted.where(FIGURE.c.indicator.startswith(f"{asked['pillar']}-"))
    place = (RELEASE.c.country, RELEASE.c.period, RELEASE.c.edition, FIGURE.c.position)
    if asked.get("cursor") is not None:
        country, month, edition, position = asked["cursor"].split(".")
        wanted = wanted.where(sa.tuple_(*place) > sa.tuple_(country, month, int(edition), int(position)))
    return connection.execute(wanted.order_by(*place).limit(limit + 1)).all()


def cursor_of(row: Any) -> str:
    """Where a figure stands among all."""
    return f"{row.country}.{row.month}.{row.edition}.{row.position}"


def figure(row: Any, known: Editions, others: Mapping[tuple[Any, ...], Any] | None = None) -> dict[str, Any]:
    """A row as the interface gives it, with the editions that it rests on and what stands beside it. `known`: of the
    countries that are read; `others`: by `beside.key`."""
    other = (others or {}).get(beside.key(row, beside.BESIDE.get(row.indicator, "")))
    found = {name: getattr(row, name) for name in FIGURES}
    told = known.columns(row)
    editions = {name: told[name].split() for name in ("revisions", "revisions_awaited")}
    return {
        "release": row.release,
        "edition": row.edition,
        **editions,
        **found,
        "value": plain_number(row.value),
        "beside": None if other is None else {
            "indicator": other.indicator, "value": plain_number(other.value), "status": other.status,
        },
    }  # fmt: skip


def of_registers(connection: sa.Connection, reader: Reader, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The kept figures of registers of the countries that the reader may read (a few a month and country)."""
    countries = reader.countries if reader.countries is not None else reference.mirps_countries()
    wanted = [one for one in countries if asked["country"] in (None, one)]
    told = reading.lines(connection, wanted, indicator=asked["indicator"], period=asked["period"])
    return [line.row for line in told]


def plain_number(value: Decimal | None) -> int | float | None:
    """A number of JSON: whole where it is whole in the file."""
    if value is None:
        return None
    return (
        int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
    )


# -- files --------------------------------------------------------------------------------------------
_folders: OrderedDict[UUID, dict[str, bytes]] = OrderedDict()
_lock = Lock()


def files(connection: sa.Connection, row: Any) -> dict[str, bytes]:
    """Every file of a release by name, as it was sealed. `row` was read in this request, so it may be read."""
    with _lock:
        if row.id in _folders:
            _folders.move_to_end(row.id)
            return _folders[row.id]
    found = service.sealed_files(connection, row)
    with _lock:
        _folders[row.id] = found
        while len(_folders) > _KEPT:
            _folders.popitem(last=False)
    return found


def document(content: bytes) -> Any:
    """A JSON file."""
    return json.loads(content)


def rows_of(
    content: bytes, *, skip: int, limit: int, period: str | None = None
) -> tuple[list[dict[str, str]], int | None]:
    """A page of a CSV file, and the cursor of the next. `period`: only rows of it."""
    every = csv.DictReader(io.StringIO(content.decode()))
    wanted = [row for row in every if period is None or row["period"] == period]
    page = wanted[skip : skip + limit]
    more = skip + limit < len(wanted)
    return page, skip + limit if more else None


def seals(connection: sa.Connection, release_id: UUID) -> list[dict[str, Any]]:
    """The files of a release with their seals."""
    wanted = sa.select(FILE.c.file, FILE.c.sha256, FILE.c.cells.label("rows")).where(
        FILE.c.release_id == release_id
    )
    return [dict(row) for row in connection.execute(wanted.order_by(FILE.c.file)).mappings()]
