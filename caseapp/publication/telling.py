"""Findings of released figures in a reader's language: the sentence above a picture, and the picture told in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from caseapp.core.i18n import _, language
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import findings, present
from caseapp.publication.findings import DEVIATION, Finding, Part, Says
from caseapp.publication.series import Told, number_of

#: Breakdowns whose labels do not overlap once groups are left out, in the order in which a page looks for a finding.
SPOKEN = ("place", "origin", "age_band", "household_type", "sex")
#: Labels that stand for several others.
GROUPS = ("CHILD", "ADULT", "IN_FAMILY")


@dataclass(frozen=True)
class Group:
    """A line of a breakdown: its label in words, its row."""

    label: str
    row: Any

    @property
    def is_published(self) -> bool:
        return bool(self.row.status == "PUBLISHED")


@dataclass(frozen=True)
class Breakdown:
    """One breakdown of a figure. `groups` of base labels only, so that they do not overlap."""

    name: str
    groups: Sequence[Group]
    finding: Finding


def value(indicator: Indicator, number: Any) -> str:
    """A value with its unit: «120 personas», «41.7 %», «12.5 días (mediana)»."""
    return f"{present.number(number)} {present.unit(indicator.unit)}".strip()


def beside(other: Indicator, row: Any) -> str:
    """«Solicitudes cerradas por otro motivo: 58.2 %», or why there is no figure."""
    is_told = row is not None and row.status == "PUBLISHED"
    words = value(other, row.value) if is_told else present.no_value(row.status if row is not None else "")
    return f"{other.name[language()]}: {words}"


def series(indicator: Indicator, told: Sequence[Told]) -> str:
    """The finding of a series of periods of one kind."""
    kind = told[-1].kind if told else "MONTH"
    found = findings.of_series([one.point for one in told], DEVIATION[kind])
    name = indicator.name[language()]
    if found.says is Says.NONE:
        return _("%(name)s: sin cifras publicadas", name=name)
    last = told[found.first]
    here = {
        "name": name, "value": value(indicator, last.value), "period": present.period(last.period, last.release_period),
    }  # fmt: skip
    if found.says is Says.ONE:
        return _("%(name)s: %(value)s en %(period)s", **here)
    first = told[found.second]
    here |= {
        "since": present.period(first.period, first.release_period),
        "before": present.number(first.value),
    }
    words = {
        Says.ROSE: _("%(name)s: subió de %(before)s en %(since)s a %(value)s en %(period)s", **here),
        Says.FELL: _("%(name)s: bajó de %(before)s en %(since)s a %(value)s en %(period)s", **here),
        Says.HIGHEST: _("%(name)s: %(value)s en %(period)s, lo más alto desde %(since)s", **here),
        Says.LOWEST: _("%(name)s: %(value)s en %(period)s, lo más bajo desde %(since)s", **here),
        Says.LEVEL: _("%(name)s: %(value)s en %(period)s, sin cambio que pueda afirmarse desde %(since)s", **here),
    }  # fmt: skip
    return words[found.says]


def breakdowns(rows: Sequence[Any], kind: str, definition: Any = None) -> list[Breakdown]:
    """The breakdowns among the rows of one figure (its total first), each with what can be said of it."""
    if not rows:
        return []
    total, found = number_of(rows[0], definition), []
    for name in SPOKEN:
        groups = [
            Group(present.label(name, _label_of(name, row)), row) for row in rows[1:] if _is_of(name, row)
        ]
        parts = [
            Part(_label_of(name, one.row), number_of(one.row, definition), _is_rest(name, one.row))
            for one in groups
        ]  # fmt: skip
        if groups:
            found.append(Breakdown(name, groups, findings.of_parts(parts, total, DEVIATION[kind])))
    return found


def _label_of(name: str, row: Any) -> str:
    return str(getattr(row, name))


def _is_of(name: str, row: Any) -> bool:
    if name == "place":
        return bool(row.place_level == "SITE")
    return row.place_level != "SITE" and _label_of(name, row) not in ("T", *GROUPS)


def _is_rest(name: str, row: Any) -> bool:
    label = _label_of(name, row)
    return label == "OTHER" or (name == "place" and label.endswith("-OTH"))


def breakdown(indicator: Indicator, one: Breakdown, total: Any) -> str:
    """The finding of a breakdown; what is not sure is not said."""
    says, groups = one.finding.says, one.groups
    by = present.breakdown(one.name)
    if says in (Says.ALIKE, Says.NONE):
        return _("%(by)s: ninguna diferencia que la protección permita afirmar", by=by)
    top = groups[one.finding.first]
    here = {
        "by": by,
        "group": top.label,
        "value": present.number(top.row.value),
        "total": present.number(total.value),
    }
    if says is Says.MAJORITY:
        return _("%(by)s: %(group)s, más de la mitad (%(value)s de %(total)s)", **here)
    other = groups[one.finding.second]
    here |= {"other": other.label, "second": present.number(other.row.value)}
    if says is Says.FIRST:
        return _("%(by)s: %(group)s, el grupo mayor (%(value)s; le sigue %(other)s con %(second)s)", **here)
    unit = present.unit(indicator.unit)
    return _("%(by)s: %(value)s %(unit)s en %(group)s y %(second)s %(unit)s en %(other)s", unit=unit, **here)


def best(found: Sequence[Breakdown]) -> Breakdown | None:
    """The breakdown that a picture shows: the first with something to say, else the first."""
    held = [one for one in found if sum(group.is_published for group in one.groups) > 1]
    sure = [one for one in held if one.finding.says not in (Says.ALIKE, Says.NONE)]
    return next(iter(sure or held), None)


def long_series(indicator: Indicator, told: Sequence[Told]) -> str:
    """A series read out: every point with its period, for whoever does not see the picture."""
    lines = [
        f"{present.period(one.period, one.release_period)}: "
        f"{value(indicator, one.value) if one.is_published else present.no_value(one.status)}"
        for one in told
    ]  # fmt: skip
    return _("Una línea con un punto por periodo. %(points)s.", points="; ".join(lines))


def long_breakdown(indicator: Indicator, one: Breakdown) -> str:
    """A breakdown read out."""
    lines = [
        f"{group.label}: {value(indicator, group.row.value) if group.is_published else present.no_value(group.row.status)}"
        for group in one.groups
    ]  # fmt: skip
    return _("Una barra por grupo. %(bars)s.", bars="; ".join(lines))


def counted(indicator: Indicator) -> str:
    """What one unit of a figure is, so that nobody takes it for a country's total."""
    if indicator.measure == "RATE":
        return _("Parte de lo anotado en Acogida")
    if indicator.measure == "MEDIAN":
        return _("Mediana de lo anotado en Acogida")
    words = {
        "PERSONS": _("Personas registradas en Acogida, cada una contada una vez"),
        "HOUSEHOLDS": _("Familias registradas en Acogida, cada una contada una vez"),
        "EVENTS": _("Hechos anotados en Acogida; una persona puede tener varios"),
        "NIGHTS": _("Noches anotadas en Acogida"),
        "STOCK": _("Personas registradas en Acogida, el último día del trimestre"),
        "FIRST_COUNTED": _("Personas registradas en Acogida, contadas por primera vez en el año"),
        "FIRST_EVER": _("Personas registradas en Acogida, nunca antes contadas"),
        "PERSON_MONTHS": _("Personas registradas en Acogida, por mes"),
    }
    return words.get(indicator.basis, _("Lo anotado en Acogida"))


def deviation(kind: str) -> str:
    """How far totals of this kind of period may lie from the count."""
    return _("Un total puede apartarse de lo contado hasta en %(n)s.", n=DEVIATION[kind])
