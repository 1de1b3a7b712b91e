"""What the open interface takes and gives, as pydantic models. Descriptions are English: they become the OpenAPI
document. A field is added within a version; none is renamed, removed or given another meaning."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_DIGITS = re.compile(r"[0-9]{1,9}")
_CODE = r"^[A-Z0-9][A-Z0-9_+-]{0,39}$"
_CURSOR = r"^[A-Z]{3}\.[0-9]{4}-(0[1-9]|1[0-2])\.[0-9]{1,4}\.[0-9]{1,9}$"
RELEASE = r"^[A-Z]{3}-[0-9]{4}-[0-9A-Za-z.-]{1,20}$"
PERIOD = r"^([0-9]{4}|[0-9]{4}-Q[1-4]|[0-9]{4}-(0[1-9]|1[0-2])[ab]?|MIRPS-[0-9]{4})$"


def _written_plainly(value: Any) -> Any:
    """A whole number as digits, and in no other way that Python would read."""
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise ValueError("must be a whole number")
    return value


WholeNumber = BeforeValidator(_written_plainly)
# The bounds come before the validator: the document then tells them.
Limit = Annotated[
    int, Field(100, ge=1, le=1000, description="How many rows at most (1 to 1000)."), WholeNumber
]
Skip = Annotated[
    int,
    Field(0, ge=0, le=999_999_999, description="`next_cursor` of the page before; 0 begins."),
    WholeNumber,
]
Country = Annotated[
    str | None, Field(None, pattern=r"^[A-Z]{3}$", description="ISO 3166 alpha-3, such as MEX.")
]
Period = Annotated[
    str | None,
    Field(None, pattern=PERIOD, description="Year, quarter, month or MIRPS year: 2025, 2025-Q3, 2025-09, MIRPS-2025."),
]  # fmt: skip


def _dimension(words: str) -> Any:
    return Field(
        None, pattern=_CODE, description=f"{words} `T` asks for the rows that are not broken down by it."
    )


# -- asked --------------------------------------------------------------------------------------------
class Asked(BaseModel):
    """Query parameters. Unknown ones are refused: a misspelt filter must not answer with everything."""

    model_config = ConfigDict(extra="forbid")


class NothingAsked(Asked):
    """An operation without query parameters."""


class PageAsked(Asked):
    """A page of rows."""

    cursor: Skip
    limit: Limit


class ReleasesAsked(PageAsked):
    """Which releases."""

    country: Country
    period: Period


class FiguresAsked(Asked):
    """Which figures. Without `release`, each period comes from the newest release that tells of it."""

    country: Country
    release: Annotated[
        str | None,
        Field(
            None, pattern=RELEASE, description="Name of a release, such as MEX-2025-09: its own rows only."
        ),
    ]
    pillar: Annotated[str | None, Field(None, pattern=r"^P[1-9]$", description="MIRPS pillar, such as P1.")]
    indicator: Annotated[
        str | None,
        Field(None, pattern=r"^P[1-9]-[0-9]{2}$", description="Code of an indicator, such as P1-00."),
    ]
    measure: Annotated[
        str | None, Field(None, pattern=r"^[A-Z_]{1,20}$", description="COUNT, RATE, MEDIAN or MONEY.")
    ]
    period: Period
    place_level: Annotated[
        Literal["COUNTRY", "ADMIN1", "SITE"] | None, Field(None, description="Level of place.")
    ]
    place: Annotated[
        str | None,
        Field(
            None,
            pattern=r"^[A-Z0-9][A-Z0-9-]{1,19}$",
            description="Country, P-code of an area, or site code.",
        ),
    ]
    sex: Annotated[str | None, _dimension("Sex: F, M, O.")]
    age_band: Annotated[str | None, _dimension("Age band, or CHILD, ADULT.")]
    origin: Annotated[str | None, _dimension("Country of origin or group of countries.")]
    household_type: Annotated[str | None, _dimension("Type of household.")]
    need_group: Annotated[str | None, _dimension("Group of needs.")]
    status: Annotated[
        Literal["PUBLISHED", "NOT_OFFERED", "NO_COVERAGE"] | None,
        Field(None, description="PUBLISHED asks for rows with a value."),
    ]
    cursor: Annotated[
        str | None,
        Field(None, pattern=_CURSOR, description="`next_cursor` of the page before; leave it out to begin."),
    ]
    limit: Limit


class RegistersAsked(PageAsked):
    """Which figures of registers."""

    country: Country
    indicator: Annotated[
        str | None,
        Field(None, pattern=r"^P[1-9]-[0-9]{2}$", description="Code of an indicator, such as P5-05."),
    ]
    period: Annotated[
        str | None,
        Field(
            None, pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2]))?$", description="A month, or all months of a year."
        ),
    ]


class CellsAsked(PageAsked):
    """Which cells of a cube."""

    period: Period


# -- given --------------------------------------------------------------------------------------------
class Given(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid")


class Words(Given):
    """A text in both languages."""

    en: str = Field(description="English.")
    es: str = Field(description="Spanish.")


class Wrong(Given):
    """A parameter that was refused."""

    parameter: str = Field(description="Its name.")
    message: str = Field(description="What is wrong with it.")


class Problem(Given):
    """An error (RFC 9457), in the language of Accept-Language (Spanish or English)."""

    type: str = Field(description="What kind of problem; `about:blank` where the status says it.")
    title: str = Field(description="A sentence for people.")
    status: int = Field(description="The HTTP status.")
    errors: list[Wrong] | None = Field(None, description="The parameters that were refused, with 422.")


class FileSeal(Given):
    """A file of a release folder."""

    file: str = Field(description="Its name; read it at /api/v1/releases/{release}/files/{file}.")
    sha256: str = Field(description="SHA-256 of its bytes, lower-case hex.")
    rows: int | None = Field(description="Data rows of a CSV file; null for others.")


class ReleaseSummary(Given):
    """A published month of a country. It never changes; what turns out otherwise is a release of its own."""

    release: str = Field(description="Its name, such as MEX-2025-09.")
    country: str = Field(description="ISO 3166 alpha-3.")
    period: str = Field(description="The month.")
    edition: int = Field(description="0 for the first publication of the month; counts its revisions.")
    revision_code: str | None = Field(
        description="Of a revision, the kind of reason; null for the first publication."
    )
    revision_reason: str | None = Field(
        description="Of a revision, why it was made, in the steward's words; its changes stand under /revisions."
    )
    published_at: datetime = Field(description="When it was approved (business time, UTC).")
    known_until: datetime | None = Field(description="The cut-off: what was recorded later is not in it.")
    manifest_sha256: str = Field(
        description="The seal of its manifest, which seals every other file and release."
    )


class ReleaseList(Given):
    """A page of releases, newest month first within a country."""

    releases: list[ReleaseSummary] = Field(description="The releases.")
    next_cursor: int | None = Field(description="`cursor` of the next page; null on the last.")


class ReleaseDetail(ReleaseSummary):
    """One release with its files and the definitions that it was counted by."""

    code_version: str | None = Field(description="The version of Acogida that made it.")
    rule: str = Field(description="How the numbers are protected.")
    k: dict[str, Any] = Field(description="The smallest cell of each cube: a number, or one for each part.")
    delta: dict[str, int] = Field(description="The greatest deviation of totals, by kind of period.")
    definitions: dict[str, list[dict[str, Any]]] = Field(
        description="Indicator → its definition and version in this release, as in manifest.json."
    )
    files: list[FileSeal] = Field(description="Its files with their seals.")


class ReleasedVersion(Given):
    """Which version of a definition a country's newest release counts by."""

    country: str = Field(description="ISO 3166 alpha-3.")
    release: str = Field(description="Name of the release; its `definitions` hold the whole definition.")
    version: int = Field(description="The version.")


class Indicator(Given):
    """An indicator as the catalogue defines it now; a release's own definitions stand in the release."""

    code: str = Field(description="Its code, such as P1-00.")
    pillar: str = Field(description="MIRPS pillar.")
    version: int = Field(description="The version of its definition.")
    valid_from: date = Field(description="First day of this version.")
    valid_to: date | None = Field(description="Last day of this version; null while it is in force.")
    name: Words = Field(description="What it is called.")
    definition: Words = Field(description="What is counted.")
    numerator: Words = Field(description="What is counted, or the numerator of a rate.")
    denominator: Words | None = Field(description="The denominator of a rate.")
    measure: str = Field(description="COUNT, RATE, MEDIAN or MONEY.")
    unit: str = Field(description="What one is.")
    basis: str = Field(description="How persons, households or events are counted (docs/release-format.md).")
    direction: str = Field(description="Whether more is better (up), worse (down), or neither (context).")
    smallest_cell: int = Field(description="Counts below it are not shown as they are.")
    disaggregations: list[str] = Field(description="Breakdowns that are offered where numbers allow.")
    computation: dict[str, Any] = Field(description="Which cells are summed, as in a release's manifest.")
    source: list[str] = Field(description="Where the definition comes from.")
    released: list[ReleasedVersion] = Field(
        description="Countries that publish it, by the version that they count by."
    )


class IndicatorList(Given):
    """The catalogue."""

    indicators: list[Indicator] = Field(description="Every indicator, by code.")


class Beside(Given):
    """A figure without which another is not to be shown."""

    indicator: str = Field(description="Code of the indicator.")
    value: int | float | None = Field(description="The protected number; null where there is none.")
    status: str = Field(description="PUBLISHED, NOT_OFFERED or NO_COVERAGE.")


class Figure(Given):
    """A row of a release's figures.csv, column by column, and the release that it stands in."""

    release: str = Field(description="Name of the release.")
    edition: int = Field(
        description="Of that release: 0 for a first publication, otherwise the revision's number."
    )
    revisions: list[str] = Field(
        description="Names of the revisions of its months that the figure rests on; read their changes under "
        "/api/v1/releases/{release}/revisions."
    )
    revisions_awaited: list[str] = Field(
        description="Names of revisions of its months that came later: the figure still rests on the edition before, "
        "and takes them with the country's next release. Compare it with no other period until then."
    )
    indicator: str = Field(description="Code of the indicator.")
    measure: str = Field(description="COUNT, RATE, MEDIAN or MONEY.")
    unit: str = Field(description="What one is.")
    period: str = Field(description="Year, quarter, month or MIRPS year.")
    place_level: str = Field(description="COUNTRY, ADMIN1 or SITE.")
    place: str = Field(description="Country, area or site.")
    sex: str = Field(description="T is everybody.")
    age_band: str = Field(description="T is everybody.")
    origin: str = Field(description="T is all.")
    household_type: str = Field(description="T is everybody.")
    need_group: str = Field(description="T is all.")
    counted: str = Field(description="Which markers of distinct counting are summed; T is all.")
    numerator: int | None = Field(description="Of a rate.")
    denominator: int | None = Field(description="Of a rate; of a median the number of values.")
    value: int | float | None = Field(description="The protected number; null where there is none.")
    status: str = Field(description="PUBLISHED, NOT_OFFERED or NO_COVERAGE.")
    cube: str = Field(description="The cube whose cells it sums; empty where there is none.")
    beside: Beside | None = Field(
        description="What is to be shown beside it, of the same release, period, place and group: beside a recognition rate "
        "the claims that were closed otherwise, the commonest end. Null where nothing is."
    )


class FigureList(Given):
    """A page of figures, by country, release and the order of the file."""

    figures: list[Figure] = Field(description="The rows.")
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last.")


class RegisterFigure(Given):
    """A figure that rests on registers of institutions and on no person, at a month's end. It never changes."""

    indicator: str = Field(description="Code of the indicator.")
    unit: str = Field(description="PERCENT.")
    period: str = Field(description="The month at whose end it holds.")
    place_level: str = Field(description="COUNTRY.")
    place: str = Field(description="Country.")
    standard: str = Field(
        description="Standard of space: SPHERE or EUAA; empty where there is one way to count."
    )
    facilities: int | None = Field(description="How many sites it rests on; null where fewer than 5.")
    value: int | None = Field(description="The share, in steps of 5; null where none is given.")
    status: str = Field(
        description="PUBLISHED; FEW_SITES: fewer than 5; ONE_DOMINATES: one site holds more than half of the beds."
    )


class RegisterFigureList(Given):
    """A page of them, by country, indicator and month, the newest month first."""

    figures: list[RegisterFigure] = Field(description="The figures.")
    next_cursor: int | None = Field(description="`cursor` of the next page; null on the last.")


class Cube(Given):
    """How a cube of a release is laid out."""

    cube: str = Field(description="Its name.")
    domain: str = Field(description="What is counted together.")
    unit: str = Field(description="What one atom is.")
    dimensions: list[str] = Field(description="Its columns before `value`, in order.")
    parent: str | None = Field(description="The cube whose cells it divides.")
    split_dimension: str | None = Field(description="The dimension along which they are divided.")
    k: int | dict[str, int] = Field(description="Its smallest cell.")
    rows: int = Field(description="How many cells it has.")


class CubeList(Given):
    """The cubes of a release."""

    cubes: list[Cube] = Field(description="By name.")


class Cell(Given):
    """A cell: its label on each dimension, and the published value."""

    labels: dict[str, str] = Field(description="Dimension → label.")
    value: int = Field(description="The protected count.")


class CellList(Given):
    """A page of cells in the order of the cube's file."""

    cube: str = Field(description="Name of the cube.")
    cells: list[Cell] = Field(description="The cells.")
    next_cursor: int | None = Field(description="`cursor` of the next page; null on the last.")


class Coverage(Given):
    """A row of coverage.csv."""

    domain: str = Field(description="What is counted together.")
    period: str = Field(description="The period.")
    place_level: str = Field(description="COUNTRY, ADMIN1 or SITE.")
    place: str = Field(description="Country, area or site.")
    status: str = Field(description="COMPLETE, PARTIAL or NO_COVERAGE.")
    reporting: int = Field(description="Sites that reported.")
    expected: int = Field(description="Sites in service.")


class CoverageList(Given):
    """A page of coverage."""

    coverage: list[Coverage] = Field(description="The rows, in the order of the file.")
    next_cursor: int | None = Field(description="`cursor` of the next page; null on the last.")


class Revision(Given):
    """A row of revisions.csv: a cell whose published value this release changes."""

    cube: str = Field(description="Name of the cube.")
    cell: str = Field(description="Its labels joined by |.")
    old: int = Field(description="The value before.")
    new: int = Field(description="The value from this release on.")
    revises: str = Field(description="The release that published the value before.")
    reason: str = Field(description="Why.")


class RevisionList(Given):
    """A page of revisions."""

    revisions: list[Revision] = Field(description="The rows, in the order of the file.")
    next_cursor: int | None = Field(description="`cursor` of the next page; null on the last.")


class Hierarchy(Given):
    """hierarchy.json of a release: labels → base labels, and how cubes hang together."""

    dimensions: dict[str, dict[str, list[str]]] = Field(description="Dimension → label → its base labels.")
    cubes: dict[str, dict[str, Any]] = Field(
        description="Cube → its domain, unit, dimensions, parent and stages."
    )
