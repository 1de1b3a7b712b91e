"""Who enrolled in programmes of institutions outside Acogida, as these report it to a country's register: numbers of a
year, in which no small group stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from caseapp.commitments.annual.parts import Column, Part
from caseapp.core import reference
from caseapp.core.i18n import _, language
from caseapp.publication import present

#: What a group without a number may be at most.
MOST_OF_SMALL = 4
_SUMS = sa.text("""
    SELECT e.country, p.code, p.name_es, p.name_en, min(e.period) AS first, max(e.period) AS last,
           coalesce(sum(e.enrolled), 0) AS enrolled, count(*) FILTER (WHERE e.enrolled IS NULL) AS small
    FROM programme_enrolment e JOIN joint_project p ON p.id = e.project_id
    WHERE e.withdrawn_at IS NULL AND e.country = ANY (:countries) AND left(e.period, 4) = :year
    GROUP BY e.country, p.code, p.name_es, p.name_en ORDER BY e.country, p.code
""").bindparams(sa.bindparam("countries", type_=sa.ARRAY(sa.Text())))


@dataclass(frozen=True)
class Enrolled:
    """A programme's year: from which period to which, how many where a number stands, and how many groups of fewer than
    five."""

    country: str
    code: str
    name_es: str
    name_en: str
    first: str
    last: str
    enrolled: int
    small: int

    @property
    def many(self) -> str:
        """The sum, or what it lies between."""
        least = present.number(self.enrolled)
        if not self.small:
            return least
        most = present.number(self.enrolled + MOST_OF_SMALL * self.small)
        return _("de %(least)s a %(most)s", least=least, most=most)


def read(reader: Any, countries: Sequence[str], year: int) -> list[Enrolled]:
    """The programmes of these countries with enrolments of a year (one statement)."""
    return [
        Enrolled(*row) for row in reader.execute(_SUMS, {"countries": sorted(countries), "year": str(year)})
    ]


def part(enrolled: Sequence[Enrolled], *, of_one: bool) -> Part:
    """The table of a report; `of_one`: of one country."""
    rows = tuple(
        (
            *(() if of_one else (reference.country_label(one.country),)), one.name_en if language() == "en" else one.name_es,
            one.first if one.first == one.last else f"{one.first} – {one.last}", one.many,
        )
        for one in enrolled
    )  # fmt: skip
    columns = (
        *(() if of_one else (Column(_("País")),)), Column(_("Programa")), Column(_("Periodos")),
        Column(_("Personas inscritas"), number=True),
    )  # fmt: skip
    note = _(
        "Las informan las instituciones que llevan los programas; no salen de expedientes y no se suman con las cifras. "
        "Un grupo de menos de cinco no lleva número."
    )
    return Part(
        "table", _("Inscripciones en programas de otras instituciones"), columns=columns, rows=rows, note=note
    )
