"""What released figures allow anybody to say: pure, from published numbers and their declared deviation alone.

A total may lie away from the count by as much as is declared (10 in a month, 15 in a quarter or at a site, 20 in a
year). Two figures differ only where the spans around them do not touch; figures of different coverage or definition are
never set against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

#: The declared deviation by kind of period (DISCLOSURE.md, "What readers see").
DEVIATION = {"MONTH": 10, "QUARTER": 15, "YEAR": 20, "MIRPS": 20}
#: A site's month, and no other part of a total is promised more closely.
PART_DEVIATION = 15


class Says(StrEnum):
    """Which sentence stands above a picture."""

    ROSE = "ROSE"
    FELL = "FELL"
    HIGHEST = "HIGHEST"
    LOWEST = "LOWEST"
    LEVEL = "LEVEL"
    ONE = "ONE"
    NONE = "NONE"
    MAJORITY = "MAJORITY"
    FIRST = "FIRST"
    APART = "APART"
    ALIKE = "ALIKE"


@dataclass(frozen=True)
class Number:
    """A published figure: its value, and for a rate what stands above and below. `is_public`: the denominator is about
    no person, so it is exact."""

    measure: str
    value: Decimal | None
    numerator: int | None = None
    denominator: int | None = None
    is_public: bool = False


class Apart(StrEnum):
    """Why two periods are not set against each other."""

    UNFINISHED = "UNFINISHED"
    COVERAGE = "COVERAGE"
    SIGNATURES = "SIGNATURES"
    DEFINITION = "DEFINITION"
    EDITION = "EDITION"


@dataclass(frozen=True)
class Ground:
    """What a period's figure rests on. `reporting` of `expected` sites (None: no coverage was published); `status`: of
    that coverage; `signed`: each site with how many of its months it had signed of how many (empty: it was not published);
    `definition`: by what it was counted; `awaits`: revisions of its months that it has not taken yet; `through`: the last
    month that it sums; `is_whole`: it sums every month of its period."""

    reporting: int | None = None
    expected: int | None = None
    status: str | None = None
    signed: tuple[str, ...] = ()
    definition: str = ""
    awaits: tuple[str, ...] = ()
    through: str = ""
    is_whole: bool = True


def why_apart(one: Ground, other: Ground) -> Apart | None:
    """Why the figures on two grounds may not be set against each other; None where they may.

    Both must be whole: two years to date are not set against each other either, nor is a year of which the country published
    its last months only. As many sites must have reported of as many; both periods be complete, or neither; each site must
    have signed as many of its months in both, and at least one all of them; where that was not published (releases of
    before), only complete periods are set against each other; the definition must be the same; and none may rest on an
    edition that has been revised since.
    """
    if not (one.is_whole and other.is_whole):
        return Apart.UNFINISHED
    if one.reporting is None or (one.reporting, one.expected) != (other.reporting, other.expected):
        return Apart.COVERAGE
    if one.status != other.status or not _same_sites(one, other):
        return Apart.SIGNATURES
    if one.definition != other.definition:
        return Apart.DEFINITION
    return Apart.EDITION if one.awaits or other.awaits else None


def _same_sites(one: Ground, other: Ground) -> bool:
    if one.signed and other.signed:
        return one.signed == other.signed and bool(one.reporting)
    return one.status == "COMPLETE"


@dataclass(frozen=True)
class Point:
    """A period of a series; only what stands on alike grounds is set against it."""

    period: str
    number: Number
    ground: Ground = Ground()


@dataclass(frozen=True)
class Part:
    """A group of a breakdown. `is_rest`: what is left over, which leads nothing."""

    label: str
    number: Number
    is_rest: bool = False


@dataclass(frozen=True)
class Finding:
    """The sentence, and the points or parts (by position) that it names."""

    says: Says
    first: int = -1
    second: int = -1


def span(number: Number, deviation: int) -> tuple[Decimal, Decimal] | None:
    """The values that a figure may stand for; None where nothing is known of them (a median, no figure)."""
    if number.value is None:
        return None
    if number.measure == "COUNT":
        return max(Decimal(0), number.value - deviation), number.value + deviation
    above, below = number.numerator, number.denominator
    if number.measure != "RATE" or above is None or not below:
        return None
    scale = number.value / (Decimal(above) / below) if above else Decimal(100)
    slack = 0 if number.is_public else deviation
    low = Decimal(max(0, above - deviation)) / (below + slack)
    high = Decimal(above + deviation) / max(below - slack, 1)
    if not number.is_public:
        low, high = min(low, Decimal(1)), min(high, Decimal(1))
    return low * scale, high * scale


def apart(one: Number, other: Number, deviation: int) -> int:
    """1 where the first is surely more than the second, −1 where it is surely less, 0 where nobody can say."""
    first, second = span(one, deviation), span(other, deviation)
    if first is None or second is None:
        return 0
    return 1 if first[0] > second[1] else -1 if first[1] < second[0] else 0


def of_series(points: Sequence[Point], deviation: int) -> Finding:
    """The finding of a series in order of time, about its last point.

    Out: HIGHEST or LOWEST among at least three points in a row that are all comparable, for what stands between might be
    higher or lower; else ROSE or FELL since the first comparable one, else LEVEL; ONE where nothing can be compared; NONE
    without any figure.
    """
    held = [number for number, point in enumerate(points) if point.number.value is not None]
    if not held:
        return Finding(Says.NONE)
    last = held[-1]
    before = [at for at in held[:-1] if why_apart(points[at].ground, points[last].ground) is None]
    compared = [at for at in before if span(points[at].number, deviation) is not None]
    if not compared or span(points[last].number, deviation) is None:
        return Finding(Says.ONE, last)
    signs = {at: apart(points[last].number, points[at].number, deviation) for at in compared}
    row = _in_a_row(compared, last)
    if len(row) > 1 and all(signs[at] > 0 for at in row):
        return Finding(Says.HIGHEST, last, row[0])
    if len(row) > 1 and all(signs[at] < 0 for at in row):
        return Finding(Says.LOWEST, last, row[0])
    since = signs[compared[0]]
    says = Says.ROSE if since > 0 else Says.FELL if since < 0 else Says.LEVEL
    return Finding(says, last, compared[0])


def _in_a_row(compared: Sequence[int], last: int) -> list[int]:
    """The comparable points that reach the last one without another between them."""
    row: list[int] = []
    for at in reversed(compared):
        if at != last - len(row) - 1:
            break
        row.insert(0, at)
    return row


def of_parts(parts: Sequence[Part], total: Number, deviation: int) -> Finding:
    """The finding of a breakdown whose parts do not overlap.

    Out: of counts MAJORITY (surely more than half of the total) or FIRST (surely more than every other); of rates
    APART (the highest is surely above the lowest); ALIKE where none is sure; NONE below two figures.
    """
    deviation = max(deviation, PART_DEVIATION)
    held = [(part.number.value, at) for at, part in enumerate(parts) if part.number.value is not None]
    if len(held) < 2:
        return Finding(Says.NONE)
    ordered = [at for _, at in sorted(held, key=lambda one: (-one[0], one[1]))]
    top, second, least = ordered[0], ordered[1], ordered[-1]
    if total.measure != "COUNT":
        is_apart = apart(parts[top].number, parts[least].number, deviation) > 0
        return Finding(Says.APART, top, least) if is_apart else Finding(Says.ALIKE)
    if parts[top].is_rest:
        return Finding(Says.ALIKE)
    own, whole = span(parts[top].number, deviation), span(total, deviation)
    if own is not None and whole is not None and 2 * own[0] > whole[1]:
        return Finding(Says.MAJORITY, top)
    if apart(parts[top].number, parts[second].number, deviation) > 0:
        return Finding(Says.FIRST, top, second)
    return Finding(Says.ALIKE)
