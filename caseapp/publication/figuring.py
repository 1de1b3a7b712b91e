"""The figures of a release, computed from published cells and from nothing else.

In: the sheets of the release and of the earlier ones that its quarter, year and MIRPS year sum. Out: rows in the
columns of `figures.csv`. Which breakdowns stand is decided by published numbers too: cells must average 20.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from caseapp.indicators.catalogue import PUBLIC, Indicator
from caseapp.publication.cube import figures
from caseapp.publication.cube import period as periods
from caseapp.publication.cube.definition import QUARTER, YEAR, Dimension
from caseapp.publication.cube.figures import NO_COVERAGE, NOT_OFFERED, Figure
from caseapp.publication.cube.grain import is_offered
from caseapp.publication.drawing import Drawn
from caseapp.publication.plan import PLACE, Plan

TOTAL = "T"
EVENT_BASES = ("EVENTS", "NIGHTS")
#: The breakdowns that `figures.csv` has a column for; others stay in the cells.
COLUMN_BREAKDOWNS = ("sex", "age_band", "origin", "household_type")

#: Persons of the largest household that is thought of: three times as many are surely of three households.
LARGEST_HOUSEHOLD = 10

Numbers = Callable[[str, str], Mapping[str, int]]


@dataclass(frozen=True)
class Row:
    """A row of `figures.csv`, without its position."""

    indicator: str
    measure: str
    unit: str
    period: str
    place_level: str
    place: str
    counted: str
    figure: Figure
    cube: str
    sex: str = TOTAL
    age_band: str = TOTAL
    origin: str = TOTAL
    household_type: str = TOTAL
    need_group: str = TOTAL

    @property
    def value(self) -> Decimal | None:
        return self.figure.value


@dataclass(frozen=True)
class Span:
    """A period that figures are given for, and the cube periods it sums."""

    period: str
    kind: str  # MONTH, QUARTER, YEAR or MIRPS
    pieces: tuple[str, ...]


def spans_of(plan: Plan, month: str, since: str) -> list[Span]:
    """The periods of a release: its month, the quarter and the year to date and, with October, the MIRPS year if
    the country has published all of it by months. A quarterly country has them with a quarter's last month."""
    unit = plan.unit_of(month)
    found = [Span(month, "MONTH", periods.pieces(month) if plan.is_monthly else ())]
    if unit is None:
        return found
    quarter, year = periods.quarter(unit), periods.year(unit)
    if not plan.is_monthly:
        quarters = tuple(f"{year}-Q{n}" for n in range(1, int(unit[-1]) + 1))
        return [*found, Span(quarter, "QUARTER", (unit,)), Span(year, "YEAR", quarters)]
    to_date = [p for m in _months(year) if m <= month for p in periods.pieces(m)]
    found.append(Span(quarter, "QUARTER", tuple(p for p in to_date if periods.quarter(p) == quarter)))
    found.append(Span(year, "YEAR", tuple(to_date)))
    before = str(int(year) - 1)
    if month.endswith("-10") and since <= f"{before}-10":
        pieces = (
            f"{before}-10b",
            f"{before}-11",
            f"{before}-12",
            *(p for p in to_date if p != f"{year}-10b"),
        )
        found.append(Span(f"MIRPS-{year}", "MIRPS", pieces))
    return found


def _months(year: str) -> list[str]:
    return [f"{year}-{number:02d}" for number in range(1, 13)]


def counted_label(basis: str, kind: str, level: str, has_marker: bool) -> str | None:
    """The `counted` of a row, or None where distinct persons do not add up (docs/release-format.md)."""
    if basis in EVENT_BASES or basis == "STOCK":
        return TOTAL
    if basis in ("FIRST_COUNTED", "FIRST_EVER"):
        return YEAR
    if level == "SITE":
        if kind != "MONTH" and basis != "PERSON_MONTHS":
            return None
        return "YEAR+QUARTER+MONTH+SITE" if has_marker else TOTAL
    if basis == "PERSON_MONTHS":
        return "YEAR+QUARTER+MONTH"
    return {"MONTH": "YEAR+QUARTER+MONTH", "QUARTER": f"{YEAR}+{QUARTER}", "YEAR": YEAR}.get(kind)


class Figuring:
    """Computes the rows of one release."""

    def __init__(
        self, plan: Plan, month: str, since: str, sheets: Sequence[Drawn], no_coverage: Mapping[str, bool],
        numbers: Numbers,
    ) -> None:  # fmt: skip
        self.plan, self.month, self.numbers, self.no_coverage = plan, month, numbers, no_coverage
        self.spans = spans_of(plan, month, since)
        self.by_cube: dict[str, dict[str, Drawn]] = {}
        for sheet in sheets:
            self.by_cube.setdefault(sheet.cube, {})[sheet.period] = sheet

    def rows(self, indicators: Sequence[Indicator]) -> list[Row]:
        """All rows in order of indicator, period, breakdown and label."""
        return [row for indicator in indicators for span in self.spans for row in self._of(indicator, span)]

    def total(self, indicator: Indicator, span: Span) -> Row | None:
        """The country's own row of a period, without breakdowns; None where the indicator is not due."""
        return next(self._of(indicator, span), None)

    def _of(self, indicator: Indicator, span: Span) -> Iterator[Row]:
        if not self._is_due(indicator, span):
            return
        label = counted_label(indicator.basis, span.kind, "COUNTRY", has_marker=True)
        if label is None:
            return
        bare = Row(
            indicator.code, indicator.measure, indicator.unit, span.period, "COUNTRY", self.plan.country, label,
            NOT_OFFERED, indicator.cube,
        )  # fmt: skip
        if self.no_coverage.get(span.period):
            yield replace(bare, figure=NO_COVERAGE)
            return
        sheets = self._sheets(indicator.cube, span)
        if not sheets:
            yield replace(bare, cube="")
            return
        whole = self._figure(indicator, bare, sheets, span)
        yield whole
        if whole.figure.status is figures.Status.PUBLISHED:
            yield from self._breakdowns(indicator, whole, span)

    def _is_due(self, indicator: Indicator, span: Span) -> bool:
        if indicator.basis == "STOCK":
            # A stock is of a day: of the quarter that has just ended, never a sum.
            return span.kind == "QUARTER" and int(self.month[5:7]) % 3 == 0
        return span.kind != "MIRPS" or indicator.basis in (*EVENT_BASES, "FIRST_EVER")

    def _sheets(self, cube: str, span: Span) -> list[Drawn]:
        """The sheets that a period sums; none if the unit just closed is missing, or for a whole MIRPS year any."""
        own = self.by_cube.get(cube, {})
        wanted = span.pieces
        if "Q" in next(iter(own), "") and self.plan.is_monthly:
            wanted = (span.period,)  # a stock is quarterly in every country
        found = [own[piece] for piece in wanted if piece in own]
        if span.kind in ("MONTH", "MIRPS") and len(found) < len(wanted):
            return []
        # A split that is younger than its domain would give a quarter or a year without its first months.
        base = self.by_cube.get(cube.partition(".")[0], {})
        if any(piece in base and piece not in own for piece in wanted):
            return []
        if len({tuple(d.name for d in sheet.dimensions) for sheet in found}) > 1:
            return []
        return found

    def _breakdowns(self, indicator: Indicator, whole: Row, span: Span) -> Iterator[Row]:
        for name in indicator.disaggregations:
            if name == "site":
                yield from self._sites(indicator, whole, span)
            elif name in COLUMN_BREAKDOWNS:
                yield from self._labels(indicator, whole, span, name)

    def _labels(self, indicator: Indicator, whole: Row, span: Span, name: str) -> Iterator[Row]:
        cube = self._cube_with(indicator, name)
        sheets = self._sheets(cube, span)
        if not sheets:
            return
        dimension = next(d for d in sheets[-1].dimensions if d.name == name)
        merged = frozenset(origin for sheet in sheets for origin in sheet.merged)
        if not is_offered(_counted(whole, indicator), len(dimension.labels)):
            return
        for label in (*dimension.labels, *dimension.groups):
            bare = replace(whole, cube=cube, figure=NOT_OFFERED, **{name: label})
            if not _told_by_all(name, label, sheets) or (
                name == "origin" and not figures.is_whole(dimension, (label,), merged)
            ):
                yield bare
                continue
            yield self._figure(indicator, bare, sheets, span)

    def _cube_with(self, indicator: Indicator, name: str) -> str:
        """The cube that has a breakdown: the indicator's own, or the split that is this breakdown."""
        own = self.by_cube.get(indicator.cube, {})
        if any(d.name == name for sheet in own.values() for d in sheet.dimensions):
            return indicator.cube
        part = next((p.name for p in indicator.domain.parts if p.axis.name == name), "")
        return f"{indicator.domain.name}.{part}"

    def _sites(self, indicator: Indicator, whole: Row, span: Span) -> Iterator[Row]:
        part = next((p.name for p in indicator.domain.parts if p.axis.name == "site"), "")
        cube = f"{indicator.domain.name}.{part}"
        sheets = self._sheets(cube, span) if self.plan.has_sites else []
        if not sheets or not is_offered(_counted(whole, indicator), len(self.plan.sites)):
            return
        has_marker = any(d.name == "counted" for d in sheets[-1].dimensions)
        label = counted_label(indicator.basis, span.kind, "SITE", has_marker)
        if label is None:
            return
        for site in self.plan.sites:
            bare = replace(
                whole, place_level="SITE", place=site, counted=label, cube=cube, figure=NOT_OFFERED
            )
            if _told_by_all(PLACE, site, sheets):
                yield self._figure(indicator, bare, sheets, span)
            else:
                yield bare

    def _figure(self, indicator: Indicator, bare: Row, sheets: Sequence[Drawn], span: Span) -> Row:
        dimensions = sheets[-1].dimensions
        where = _where(bare, dimensions, indicator)

        def summed(more: Mapping[str, Sequence[str]]) -> int:
            return sum(
                figures.cells_sum(sheet.dimensions, [sheet.y], _both(where, more, sheet.dimensions))
                for sheet in sheets
            )

        if indicator.measure == "COUNT":
            return replace(bare, figure=figures.count(summed({})))
        if indicator.unit_cost is not None:
            return replace(bare, figure=figures.money(summed({}), indicator.unit_cost))
        if indicator.measure == "MEDIAN":
            held = [summed({indicator.dimension: (label,)}) for label, _, _ in indicator.bands]
            # No cube of durations counts households: so many persons that they are surely of three.
            households = sum(held) // LARGEST_HOUSEHOLD
            return replace(
                bare, figure=figures.median([band[1:] for band in indicator.bands], held, households)
            )
        if indicator.of == PUBLIC:
            denominator = self._public(indicator, bare, sheets)
        elif indicator.over:
            below = self._over(indicator, bare, span)
            if below is None:
                return bare
            denominator = below
        else:
            assert not isinstance(indicator.of, str)
            denominator = summed(indicator.of)
        scale = 100 if indicator.unit == "PERCENT" else 1
        found = figures.rate(summed(indicator.part), denominator, scale)
        return replace(bare, figure=found)

    def _over(self, indicator: Indicator, bare: Row, span: Span) -> int | None:
        """All cells of other cubes in the same period and breakdown; None where one of them is not there."""
        where = {n: (getattr(bare, n),) for n in COLUMN_BREAKDOWNS if getattr(bare, n) != TOTAL}
        found = [self._sheets(cube, span) for cube in indicator.over]
        if not all(found):
            return None
        sheets = [sheet for sheets in found for sheet in sheets]
        return sum(figures.cells_sum(sheet.dimensions, [sheet.y], where) for sheet in sheets)

    def _public(self, indicator: Indicator, bare: Row, sheets: Sequence[Drawn]) -> int:
        """The number about no person that stands under a rate, summed over the periods of its cells."""
        by_site: dict[str, int] = {}
        for sheet in sheets:
            for piece in _pieces_of(sheet.period, indicator):
                for site, value in self.numbers(str(indicator.public), piece).items():
                    shown = site if site in self.plan.sites else self.plan.sites[-1]
                    by_site[shown] = by_site.get(shown, 0) + value
        return by_site.get(bare.place, 0) if bare.place_level == "SITE" else sum(by_site.values())


def _pieces_of(period: str, indicator: Indicator) -> tuple[str, ...]:
    """The periods that a public number has: those of the cells, or the months of a quarter that is drawn whole."""
    if "Q" not in period or indicator.domain.grain == "QUARTER":
        return (period,)
    first = 3 * int(period[-1]) - 2
    return tuple(p for n in range(first, first + 3) for p in periods.pieces(f"{period[:4]}-{n:02d}"))


def _told_by_all(name: str, label: str, sheets: Sequence[Drawn]) -> bool:
    """Whether every period of a sum tells a label apart, and means the same by it. A MIRPS year lies in two calendar
    years, and each settles its own grain and sites: what one of them calls *other* holds what the other names."""
    own = [d for sheet in sheets for d in sheet.dimensions if d.name == name]
    if not all(label in d.labels or label in d.groups for d in own):
        return False
    differ = len({d.labels for d in own}) > 1
    return not (differ and name != "age_band" and any(label == d.rest for d in own))


def _counted(row: Row, indicator: Indicator) -> int:
    """The published persons or events that a figure rests on."""
    figure = row.figure
    if row.measure == "COUNT":
        return int(figure.value or 0)
    if indicator.unit_cost is not None:
        return round((figure.value or 0) / indicator.unit_cost)
    public = row.unit == "RATIO" or figure.denominator is None
    return int((figure.numerator if public else figure.denominator) or 0)


def _where(row: Row, dimensions: Sequence[Dimension], indicator: Indicator) -> dict[str, tuple[str, ...]]:
    """The restriction that a row's labels and markers, and the indicator's `select`, put on the cells."""
    names = {d.name for d in dimensions}
    where = {name: tuple(labels) for name, labels in indicator.select.items()}
    for name in COLUMN_BREAKDOWNS:
        if getattr(row, name) != TOTAL:
            where[name] = (getattr(row, name),)
    if row.place_level == "SITE":
        where[PLACE] = (row.place,)
    marker = "household_counted" if indicator.basis == "HOUSEHOLDS" else "counted"
    if row.counted != TOTAL and marker in names:
        where[marker] = tuple(row.counted.split("+"))
    return where


def _both(
    where: Mapping[str, Sequence[str]], more: Mapping[str, Sequence[str]], dimensions: Sequence[Dimension]
) -> dict[str, Sequence[str]]:
    """Both restrictions; where they name the same dimension, the labels that both allow."""
    found: dict[str, Sequence[str]] = dict(where)
    for name, labels in more.items():
        if name in found:
            dimension = next(d for d in dimensions if d.name == name)
            inside = {b for label in labels for b in dimension.base(label)}
            labels = [b for label in found[name] for b in dimension.base(label) if b in inside]
        found[name] = labels
    return found
