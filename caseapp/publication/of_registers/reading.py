"""The kept figures of registers, read as role `figures`, and their words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from caseapp.core.i18n import _, language
from caseapp.indicators import registers
from caseapp.publication import present
from caseapp.publication.models import RegisterFigure
from caseapp.publication.of_registers.rules import CUT_OFF, FEWEST, STEP, Status

#: Columns of the files, and of the open interface.
COLUMNS = (
    "indicator", "unit", "period", "place_level", "place", "standard", "facilities", "value", "status",
)  # fmt: skip
TABLE: Any = RegisterFigure.__table__


@dataclass(frozen=True)
class Line:
    """One kept figure."""

    country: str
    indicator: str
    month: str
    standard: str
    status: str
    facilities: int | None
    share: int | None

    @property
    def name(self) -> str:
        """The indicator in the reader's language, with the standard where there are two."""
        name = registers.registers()[self.indicator].name[language()]
        return f"{name} ({standard(self.standard)})" if self.standard else name

    @property
    def definition(self) -> str:
        """What is counted, in the reader's language."""
        return registers.registers()[self.indicator].definition[language()]

    @property
    def value(self) -> str:
        """The share, or why there is none."""
        return f"{self.share} %" if self.share is not None else why(self.status)

    @property
    def row(self) -> dict[str, Any]:
        """Its line of a file."""
        return {
            "indicator": self.indicator, "unit": "PERCENT", "period": self.month, "place_level": "COUNTRY",
            "place": self.country, "standard": self.standard, "facilities": self.facilities, "value": self.share,
            "status": self.status,
        }  # fmt: skip


def standard(code: str) -> str:
    """A standard of space in words."""
    return {"SPHERE": _("Esfera: 3,5 m² por plaza"), "EUAA": _("EUAA: 4 m² por plaza")}[code]


def why(status: str) -> str:
    """Why no share is given."""
    return {
        Status.FEW_SITES: _("no se da: menos de %(n)s albergues", n=FEWEST),
        Status.ONE_DOMINATES: _("no se da: un albergue tiene más de la mitad de las plazas"),
    }[Status(status)]


def protected() -> str:
    """What the reader is told of these figures."""
    said = _(
        "Cuentan instituciones, no personas. La parte se da en pasos de %(step)s por ciento; con menos de %(n)s albergues no se da.",
        step=STEP, n=FEWEST,
    )  # fmt: skip
    return f"{said} {cut_off()}"


def cut_off() -> str:
    """Until when something is in a month's figure."""
    return _("Lo que se anota desde el día %(day)s del mes siguiente no cambia la cifra.", day=CUT_OFF)


def lines(
    connection: sa.Connection,
    countries: Collection[str],
    *,
    indicator: str | None = None,
    period: str | None = None,
) -> list[Line]:
    """The kept figures of countries, by country, indicator, month (the newest first) and standard. `period`: a month, or a
    year's months."""
    wanted = sa.select(*(TABLE.c[name] for name in Line.__dataclass_fields__)).where(
        TABLE.c.country.in_(sorted(countries))
    )
    if indicator is not None:
        wanted = wanted.where(TABLE.c.indicator == indicator)
    if period is not None:
        wanted = wanted.where(TABLE.c.month.startswith(period, autoescape=True))
    ordered = wanted.order_by(
        TABLE.c.country, TABLE.c.indicator, TABLE.c.month.desc(), TABLE.c.standard.desc()
    )
    return [Line(*row) for row in connection.execute(ordered)]


def last_month(period: str) -> str:
    """The last month of a period (`2025-10`, `2025-Q3`, `2025`, `MIRPS-2025`)."""
    kind = present.kind_of(period)
    if kind == "MONTH":
        return period
    if kind == "QUARTER":
        return f"{period[:4]}-{3 * int(period[-1]):02d}"
    return f"{period[-4:]}-{'10' if kind == 'MIRPS' else '12'}"


def newest(told: Sequence[Line], until: str | None = None) -> list[Line]:
    """Of each indicator the lines of its newest month, not after `until`."""
    months: dict[tuple[str, str], str] = {}
    for line in told:
        if until is None or line.month <= until:
            key = line.country, line.indicator
            months[key] = max(months.get(key, ""), line.month)
    return [line for line in told if months.get((line.country, line.indicator)) == line.month]
