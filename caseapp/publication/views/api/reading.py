"""The operations: releases and their files, the catalogue, figures, cubes and cells, coverage, revisions, hierarchy.

A docstring's first paragraph is the operation's summary in the OpenAPI document, the rest its description.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from caseapp.core.errors import NotYours
from caseapp.indicators import catalogue
from caseapp.publication import beside
from caseapp.publication.api import problem, queries, shapes
from caseapp.publication.api.document import answers, needs_key, spec
from caseapp.publication.api.rules import EVERYTHING, Scope
from caseapp.publication.editions import editions
from caseapp.publication.package import zipped
from caseapp.publication.views.api import blueprint
from caseapp.publication.views.api.keyed import JSON, asking, keyed, sealed

RELEASES, FIGURES, CELLS = ("releases",), ("figures",), ("cells",)
MEDIA = {"csv": "text/csv", "json": JSON, "svg": "image/svg+xml", "png": "image/png"}
FILE_TYPES = (*MEDIA.values(), "text/plain")


def _given(model: type[shapes.Given], **values: Any) -> bytes:
    """An answer's JSON, checked by its model."""
    return model.model_validate(values).model_dump_json().encode()


def _page(model: type[shapes.Given], cursor: int | str | None, **values: Any) -> tuple[bytes, dict[str, str]]:
    """A page's JSON, and a link to the next one (RFC 8288) beside `next_cursor`."""
    content = _given(model, **values, next_cursor=cursor)
    if cursor is None:
        return content, {}
    query = urlencode({**request.args.to_dict(), "cursor": cursor})
    return content, {"Link": f'<{request.path}?{query}>; rel="next"'}


def _release(name: str) -> Any:
    return queries.release(asking().connection, asking().reader, name)


def _file(row: Any, name: str) -> bytes:
    """A file of a release, as it was sealed. Raises NotYours."""
    found = queries.files(asking().connection, row)
    if name not in found:
        raise NotYours
    return found[name]


def _must_open(country: str | None) -> None:
    if country is not None and not asking().reader.may_read(country):
        raise problem.CountryClosed(country=country)


# -- releases -----------------------------------------------------------------------------------------
@blueprint.get("/releases")
@keyed(Scope.RELEASES)
@spec.validate(resp=answers(shapes.ReleaseList), tags=RELEASES, security=needs_key(Scope.RELEASES))
def releases(query: shapes.ReleasesAsked) -> Response:
    """List releases.

    Published months of the countries that the key reads, the newest month first within a country.
    """
    _must_open(query.country)
    here = asking()

    def make() -> tuple[bytes, dict[str, str]]:
        found = queries.releases(
            here.connection,
            here.reader,
            country=query.country,
            period=query.period,
            skip=query.cursor,
            limit=query.limit,
        )
        following = query.cursor + query.limit if len(found) > query.limit else None
        return _page(shapes.ReleaseList, following, releases=[_summary(row) for row in found[: query.limit]])

    return sealed(queries.state(here.connection, here.reader), make)


def _summary(row: Any) -> dict[str, Any]:
    return {
        "release": row.name, "country": row.country, "period": row.period, "edition": row.edition,
        "revision_code": row.revision_code, "revision_reason": row.revision_reason,
        "published_at": row.decided_at, "known_until": row.known_until, "manifest_sha256": row.seal,
    }  # fmt: skip


@blueprint.get("/releases/<release>")
@keyed(Scope.RELEASES)
@spec.validate(resp=answers(shapes.ReleaseDetail), tags=RELEASES, security=needs_key(Scope.RELEASES))
def one_release(release: str, query: shapes.NothingAsked) -> Response:
    """Read one release.

    With the seals of its files and the definitions that its figures were counted by.
    """
    row = _release(release)

    def make() -> bytes:
        manifest = queries.document(row.manifest.encode())
        return _given(
            shapes.ReleaseDetail, **_summary(row), code_version=row.code_version, rule=manifest["rule"], k=manifest["k"],
            delta=manifest["delta"], definitions=manifest["definitions"],
            files=queries.seals(asking().connection, row.id),
        )  # fmt: skip

    return sealed(row.seal, make)


@blueprint.get("/releases/<release>/files/<file>")
@keyed(*sorted(EVERYTHING), gives=FILE_TYPES)
@spec.validate(resp=answers(None), tags=RELEASES, security=needs_key(*sorted(EVERYTHING)))
def one_file(release: str, file: str, query: shapes.NothingAsked) -> Response:
    """Read a file of a release.

    Byte for byte as it was sealed: `figures.csv`, `cube-<cube>.csv`, `manifest.json`, `README` …
    """
    row = _release(release)
    content = _file(row, file)
    return sealed(row.seal, lambda: content, MEDIA.get(file.rpartition(".")[2], "text/plain"))


@blueprint.get("/releases/<release>/package.zip")
@keyed(*sorted(EVERYTHING), gives=("application/zip",))
@spec.validate(resp=answers(None), tags=RELEASES, security=needs_key(*sorted(EVERYTHING)))
def package(release: str, query: shapes.NothingAsked) -> Response:
    """Download a release as one zip.

    The whole folder, a Frictionless Data Package. The same release gives the same bytes.
    """
    row = _release(release)
    answer = sealed(
        row.seal, lambda: zipped(queries.files(asking().connection, row), row.name), "application/zip"
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="{row.name}.zip"'
    return answer


@blueprint.get("/releases/<release>/coverage")
@keyed(Scope.RELEASES)
@spec.validate(resp=answers(shapes.CoverageList), tags=RELEASES, security=needs_key(Scope.RELEASES))
def coverage(release: str, query: shapes.PageAsked) -> Response:
    """Read the coverage of a release.

    The rows of coverage.csv: how many of the sites in service reported, by domain and period.
    """
    return _table(release, "coverage.csv", shapes.CoverageList, "coverage", query)


@blueprint.get("/releases/<release>/revisions")
@keyed(Scope.RELEASES)
@spec.validate(resp=answers(shapes.RevisionList), tags=RELEASES, security=needs_key(Scope.RELEASES))
def revisions(release: str, query: shapes.PageAsked) -> Response:
    """Read what a release revised.

    The rows of revisions.csv: cells whose published value it changes, with the reason.
    """
    return _table(release, "revisions.csv", shapes.RevisionList, "revisions", query)


def _table(
    release: str, file: str, model: type[shapes.Given], name: str, query: shapes.PageAsked
) -> Response:
    row = _release(release)

    def make() -> tuple[bytes, dict[str, str]]:
        rows, following = queries.rows_of(_file(row, file), skip=query.cursor, limit=query.limit)
        return _page(model, following, **{name: rows})

    return sealed(row.seal, make)


@blueprint.get("/releases/<release>/hierarchy")
@keyed(Scope.RELEASES)
@spec.validate(resp=answers(shapes.Hierarchy), tags=RELEASES, security=needs_key(Scope.RELEASES))
def hierarchy(release: str, query: shapes.NothingAsked) -> Response:
    """Read the hierarchy of a release.

    hierarchy.json: for each dimension label → base labels, and the cubes with their parents.
    """
    row = _release(release)
    content = _file(row, "hierarchy.json")
    return sealed(row.seal, lambda: _given(shapes.Hierarchy, **queries.document(content)))


# -- catalogue ----------------------------------------------------------------------------------------
@blueprint.get("/indicators")
@keyed(Scope.RELEASES)
@spec.validate(resp=answers(shapes.IndicatorList), tags=("indicators",), security=needs_key(Scope.RELEASES))
def indicators(query: shapes.NothingAsked) -> Response:
    """List the indicators.

    The catalogue as it comes with the program, with names and definitions in both languages, and the version that each
    country's newest release counts by.
    """
    told = queries.released_versions(asking().connection, asking().reader)
    listed = [_indicator(each) | {"released": told.get(each.code, [])} for each in catalogue.all()]
    content = _given(shapes.IndicatorList, indicators=listed)
    return sealed(content.hex(), lambda: content)


@blueprint.get("/indicators/<code>")
@keyed(Scope.RELEASES)
@spec.validate(resp=answers(shapes.Indicator), tags=("indicators",), security=needs_key(Scope.RELEASES))
def one_indicator(code: str, query: shapes.NothingAsked) -> Response:
    """Read one indicator."""
    try:
        found = catalogue.get(code)
    except LookupError:
        raise NotYours from None
    told = queries.released_versions(asking().connection, asking().reader)
    content = _given(shapes.Indicator, **_indicator(found), released=told.get(code, []))
    return sealed(content.hex(), lambda: content)


def _words(texts: Mapping[str, str]) -> dict[str, str]:
    return {"en": texts["en"], "es": texts["es"]}


def _indicator(each: catalogue.Indicator) -> dict[str, Any]:
    return {
        "code": each.code, "pillar": each.pillar, "version": each.version, "valid_from": each.valid_from,
        "valid_to": each.valid_to, "name": _words(each.name), "definition": _words(each.definition),
        "numerator": _words(each.numerator), "denominator": _words(each.denominator) if each.denominator else None,
        "measure": each.measure, "unit": each.unit, "basis": each.basis, "direction": each.direction,
        "smallest_cell": each.smallest_cell, "disaggregations": list(each.disaggregations),
        "computation": each.manifest(), "source": list(each.source),
    }  # fmt: skip


# -- figures ------------------------------------------------------------------------------------------
@blueprint.get("/figures")
@keyed(Scope.FIGURES)
@spec.validate(resp=answers(shapes.FigureList), tags=FIGURES, security=needs_key(Scope.FIGURES))
def figures(query: shapes.FiguresAsked) -> Response:
    """List figures.

    The very rows of figures.csv. Without `release` each period comes from the newest release of its country that tells
    of it, so that a quarter or a year that is not over is given to date once.
    """
    _must_open(query.country)
    here = asking()
    row = _release(query.release) if query.release is not None else None

    def make() -> tuple[bytes, dict[str, str]]:
        found = queries.figures(
            here.connection,
            here.reader,
            query.model_dump(),
            release_id=row.id if row else None,
            limit=query.limit,
        )
        page, known = found[: query.limit], editions(here.connection, query.country)
        following = queries.cursor_of(page[-1]) if len(found) > query.limit else None
        others = beside.rows(here.connection, page)
        return _page(
            shapes.FigureList, following, figures=[queries.figure(one, known, others) for one in page]
        )

    # A release never changes, but a later one may revise its months, which each row tells.
    state = queries.state(here.connection, here.reader)
    return sealed(f"{row.seal}{state}" if row else state, make)


@blueprint.get("/registers")
@keyed(Scope.FIGURES)
@spec.validate(resp=answers(shapes.RegisterFigureList), tags=FIGURES, security=needs_key(Scope.FIGURES))
def registers(query: shapes.RegistersAsked) -> Response:
    """List figures of registers.

    Shares of institutions at a month's end, counted once and kept: P5-05 (beds reported) and P1-23 (space). They rest on no
    person and stand in no release.
    """
    _must_open(query.country)
    here = asking()
    found = queries.of_registers(here.connection, here.reader, query.model_dump())
    page = found[query.cursor : query.cursor + query.limit]
    following = query.cursor + query.limit if len(found) > query.cursor + query.limit else None
    return sealed(repr((page, following)), lambda: _page(shapes.RegisterFigureList, following, figures=page))


# -- cells --------------------------------------------------------------------------------------------
@blueprint.get("/releases/<release>/cubes")
@keyed(Scope.CELLS)
@spec.validate(resp=answers(shapes.CubeList), tags=CELLS, security=needs_key(Scope.CELLS))
def cubes(release: str, query: shapes.NothingAsked) -> Response:
    """List the cubes of a release.

    Their dimensions, parents and smallest cells.
    """
    row = _release(release)

    def make() -> bytes:
        known = queries.document(_file(row, "hierarchy.json"))["cubes"]
        smallest = queries.document(row.manifest.encode())["k"]
        many = {one["file"]: one["rows"] for one in queries.seals(asking().connection, row.id)}
        listed = [
            {
                "cube": name, "domain": of["domain"], "unit": of["unit"], "dimensions": of["dimensions"],
                "parent": of["parent"], "split_dimension": of["split_dimension"], "k": smallest[name],
                "rows": many[f"cube-{name}.csv"],
            }
            for name, of in sorted(known.items())
        ]  # fmt: skip
        return _given(shapes.CubeList, cubes=listed)

    return sealed(row.seal, make)


@blueprint.get("/releases/<release>/cubes/<cube>/cells")
@keyed(Scope.CELLS)
@spec.validate(resp=answers(shapes.CellList), tags=CELLS, security=needs_key(Scope.CELLS))
def cells(release: str, cube: str, query: shapes.CellsAsked) -> Response:
    """List the cells of a cube.

    The very rows of its file, zeros too, of the release's own period and of the earlier ones that its figures sum.
    """
    row = _release(release)
    content = _file(row, f"cube-{cube}.csv")

    def make() -> tuple[bytes, dict[str, str]]:
        rows, following = queries.rows_of(content, skip=query.cursor, limit=query.limit, period=query.period)
        found = [{"value": one.pop("value"), "labels": one} for one in rows]
        return _page(shapes.CellList, following, cube=cube, cells=found)

    return sealed(row.seal, make)
