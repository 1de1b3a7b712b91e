"""Released figures in words: periods, labels, numbers, and what a zero may stand for. No numbers are made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from flask_babel import format_date, format_decimal

from caseapp.core import reference
from caseapp.core.i18n import _, language, ngettext
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import findings
from caseapp.publication.beside import BESIDE
from caseapp.publication.editions import months_of
from caseapp.publication.queries import kind_of
from caseapp.publication.series import Told

BREAKDOWNS = ("sex", "age_band", "origin", "household_type", "place")


def period(code: str, until: str | None = None) -> str:
    """«octubre de 2025», «julio a septiembre de 2025», «2025, hasta agosto», «año MIRPS 2025».

    `until` is the last released month: a quarter or a year that is not over says how far it goes.
    """
    kind = kind_of(code)
    if kind == "MIRPS":
        return _("año MIRPS %(year)s (27 oct a 26 oct)", year=code[-4:])
    if kind == "MONTH":
        return _("%(month)s de %(year)s", month=_month(int(code[5:7])), year=code[:4])
    last = 12 if kind == "YEAR" else int(code[-1]) * 3
    words = code
    if kind == "QUARTER":
        words = _(
            "%(first)s a %(last)s de %(year)s", first=_month(last - 2), last=_month(last), year=code[:4]
        )
    if until is None or until >= f"{code[:4]}-{last:02d}":
        return words
    return _("%(period)s, hasta %(month)s", period=words, month=_month(int(until[5:7])))


def part_of(code: str, first: str, last: str) -> str:
    """Which months of a period a figure sums, where it is not all of them: «hasta agosto», «de agosto a septiembre»."""
    should = months_of(code, "9999-12")
    if (first, last) == (should[0], should[-1]):
        return ""
    here = {"first": _month(int(first[5:7])), "last": _month(int(last[5:7]))}
    return _("hasta %(last)s", **here) if first == should[0] else _("de %(first)s a %(last)s", **here)


def short_period(code: str) -> str:
    """A period beneath a picture: «sep 25», «T3 25», «2025»."""
    kind = kind_of(code)
    if kind == "MONTH":
        return f"{format_date(date(int(code[:4]), int(code[5:7]), 1), 'LLL').rstrip('.')} {code[2:4]}"
    return _("T%(quarter)s %(year)s", quarter=code[-1], year=code[2:4]) if kind == "QUARTER" else code[-4:]


def _month(number: int) -> str:
    return str(format_date(date(2025, number, 1), "LLLL"))


def pillar(code: str) -> str:
    return reference.label("mirps_pillar", code)


def label(name: str, code: str) -> str:
    """A label of a breakdown in the reader's language."""
    if name == "origin":
        return reference.country_label(code)
    if name == "place":
        return _("Otras sedes") if code.endswith("-OTH") else code
    if name == "sex":
        return reference.label("sex_in_figures", code)
    if name == "age_band":
        return reference.label("age_class" if code in ("CHILD", "ADULT") else "age_band", code)
    if code == "IN_FAMILY":
        return _("En familia")
    return reference.label("household_type", code)


def site(code: str, names: Mapping[str, str]) -> str:
    """A site by its code and, where the registry has one, its name."""
    return f"{code} · {names[code]}" if code in names else label("place", code)


def breakdown(name: str) -> str:
    return {
        "sex": _("Por sexo"), "age_band": _("Por edad"), "origin": _("Por origen"),
        "household_type": _("Por tipo de familia"), "place": _("Por sede"),
    }[name]  # fmt: skip


def unit(code: str) -> str:
    """The unit of a value, after it."""
    return {
        "PERSONS": _("personas"), "FIRST_COUNTED": _("personas"), "FIRST_EVER": _("personas"),
        "PERSON_MONTHS": _("personas por mes"), "HOUSEHOLDS": _("familias"), "EVENTS": _("hechos"), "NIGHTS": _("noches"),
        "USD": "US$", "PERCENT": "%", "RATIO": _("por persona del equipo"), "DAYS": _("días (mediana)"), "HOURS": _("horas (mediana)"),
    }.get(code, "")  # fmt: skip


def number(value: Decimal | int | None) -> str:
    """A number as the reader's language writes it; a rate keeps its decimal."""
    if value is None:
        return ""
    exact = Decimal(value)
    return str(format_decimal(exact, format="#,##0.0" if exact.as_tuple().exponent == -1 else "#,##0"))


def no_value(status: str) -> str:
    """What stands in a value's place."""
    return _("Ninguna sede informó") if status == "NO_COVERAGE" else _("No se ofrece")


def coverage(row: Any) -> str:
    """«Informaron 4 de 5 sedes.»"""
    if row is None:
        return _("Sin dato de cobertura.")
    return ngettext(
        "Informó %(reporting)s de %(num)s sede.", "Informaron %(reporting)s de %(num)s sedes.", row.expected,
        reporting=row.reporting,
    )  # fmt: skip


def protected(k: int) -> str:
    """What 0 and k may stand for."""
    return _(
        "Cifra protegida: en cada grupo, 0 puede ser de 0 a %(below)s y %(k)s de 0 a %(k)s (más en una familia numerosa).",
        below=k - 1, k=k,
    )  # fmt: skip


def change(now: Told, before: Told | None) -> str:
    """The difference from the period before, in words: only as far as the declared deviation allows one to be claimed;
    nothing where the two cannot be compared."""
    if before is None or now.value is None or before.value is None:
        return ""
    if findings.why_apart(now.point.ground, before.point.ground) or findings.span(now.number, 0) is None:
        return ""
    words = {"before": period(before.period)}
    sign = findings.apart(now.number, before.number, findings.DEVIATION[now.kind])
    if not sign:
        return _("sin cambio que pueda afirmarse desde %(before)s", **words)
    many = number(abs(now.value - before.value))
    if now.unit == "PERCENT":
        more = _("%(n)s puntos más que en %(before)s", n=many, **words)
        return more if sign > 0 else _("%(n)s puntos menos que en %(before)s", n=many, **words)
    more = _("%(n)s más que en %(before)s", n=many, **words)
    return more if sign > 0 else _("%(n)s menos que en %(before)s", n=many, **words)


@dataclass(frozen=True)
class Spark:
    """A small line of a card, in a box of 100 by 24: the pieces whose points may be compared, and the last point."""

    lines: Sequence[str]
    last: tuple[float, float]


def spark(told: Sequence[Told]) -> Spark | None:
    """The small picture of a series; none of fewer than three figures. What has other coverage or another definition
    than its neighbour, or is not over, is not joined to it."""
    held = [(at, one) for at, one in enumerate(told) if one.value is not None]
    if len(held) < 3:
        return None
    top = max(float(one.value or 0) for _, one in held) or 1.0
    wide = max(len(told) - 1, 1)
    points = [
        (round(2 + 96 * at / wide, 1), round(22 - 20 * float(one.value or 0) / top, 1)) for at, one in held
    ]
    lines, piece = [], [points[0]]
    for (before, after), point in zip(pairwise(held), points[1:], strict=True):
        if after[0] != before[0] + 1 or findings.why_apart(after[1].point.ground, before[1].point.ground):
            lines.append(piece)
            piece = []
        piece.append(point)
    return Spark([" ".join(f"{x},{y}" for x, y in each) for each in [*lines, piece]], points[-1])


def period_before(code: str) -> str | None:
    """The month or quarter before; a card compares no years."""
    kind = kind_of(code)
    if kind == "MONTH":
        year, month = int(code[:4]), int(code[5:7])
        return f"{year - 1}-12" if month == 1 else f"{year}-{month - 1:02d}"
    if kind == "QUARTER":
        year, quarter = int(code[:4]), int(code[-1])
        return f"{year - 1}-Q4" if quarter == 1 else f"{year}-Q{quarter - 1}"
    return None


@dataclass
class Card:
    """An indicator on a page: its words, its total and its breakdowns. `apart`: why it is not compared with the period
    before."""

    indicator: Indicator
    total: Any
    change: str = ""
    apart: findings.Apart | None = None
    spark: Spark | None = None
    beside: str = ""

    @property
    def name(self) -> str:
        return self.indicator.name[language()]

    @property
    def definition(self) -> str:
        return self.indicator.definition[language()]

    @property
    def is_rate(self) -> bool:
        return self.indicator.measure == "RATE"

    @property
    def value(self) -> str:
        return number(self.total.value) if self.total.status == "PUBLISHED" else no_value(self.total.status)

    @property
    def unit(self) -> str:
        return unit(self.indicator.unit) if self.total.status == "PUBLISHED" else ""

    @property
    def is_published(self) -> bool:
        return bool(self.total.status == "PUBLISHED")

    @property
    def note(self) -> str:
        """Beneath the value: what a 0 may stand for, or why there is none."""
        if self.is_published:
            return protected(self.indicator.smallest_cell)
        if self.total.status == "NO_COVERAGE":
            return reference.label("figure_status", self.total.status)
        if self.indicator.measure == "RATE" and self.total.cube:
            return _("Una tasa se publica desde un denominador de 10.")
        if self.indicator.measure == "MEDIAN" and self.total.cube:
            return _("Una mediana se publica desde 30 personas.")
        return _("El país publica esta cifra por trimestre, o aún no puede protegerse.")

    def part(self, name: str) -> str:
        """The numerator's or denominator's definition with its number."""
        words = self.indicator.numerator if name == "numerator" else (self.indicator.denominator or {})
        found = getattr(self.total, name)
        text = words.get(language(), "")
        return f"{text}: {number(found)}" if found is not None else text


def cards(
    rows: Sequence[Any], known: Mapping[str, Indicator], told: Mapping[str, Sequence[Told]]
) -> list[Card]:
    """One card for each total, in the order of the file. `known`: the definitions that the release was made by; `told`:
    each indicator's periods of this kind up to this one."""
    found = {row.indicator: Card(known[row.indicator], row) for row in rows}
    for code, card in found.items():
        series = told.get(code, ())
        now = next((one for one in series if one.period == card.total.period), None)
        before = next((one for one in series if one.period == period_before(card.total.period)), None)
        if now is not None:
            card.change = change(now, before)
            if before is not None and before.value is not None and not card.change:
                card.apart = findings.why_apart(now.point.ground, before.point.ground)
        card.spark = spark(series[-12:])
        other = found.get(BESIDE.get(code, ""))
        if other is not None:
            card.beside = f"{other.name}: {other.value} {other.unit}".strip()
    return list(found.values())


def line(name: str, row: Any) -> dict[str, Any]:
    """A line of a breakdown."""
    published = row.status == "PUBLISHED"
    return {
        "label": label(name, getattr(row, name)),
        "value": number(row.value) if published else no_value(row.status),
        "numerator": number(row.numerator), "denominator": number(row.denominator),
    }  # fmt: skip
