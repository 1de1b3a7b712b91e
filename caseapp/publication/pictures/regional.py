"""Pictures of the countries side by side, for the region's annual report: drawn by the figures worker once nothing of a
country waits, from approved releases alone, and anew when one of them is followed by another."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import Any

import sqlalchemy as sa
from flask_babel import force_locale
from sqlalchemy.dialects import postgresql as pg

from caseapp.core import clock, reference
from caseapp.core.db import connect
from caseapp.core.i18n import LANGUAGES, _, language
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import present, regional, telling
from caseapp.publication.beside import BESIDE
from caseapp.publication.models import RegionDrawing, RegionPicture
from caseapp.publication.pictures import drawing
from caseapp.publication.pictures.drawing import Drawn, Mark
from caseapp.publication.regional import Region

#: Pictures of a pillar.
MOST = 2
_LOCK = 7316

# The newest year whose pictures rest on other releases than those of now.
_STALE = f"""
    SELECT y.year, y.rests_on FROM ({regional.RESTS_ON}) y LEFT JOIN released.region_drawing d ON d.period = y.year
    WHERE d.rests_on IS DISTINCT FROM y.rests_on ORDER BY y.year DESC LIMIT 1
"""


def make_waiting() -> int:
    """Draw one year's pictures anew where a country's newest release of it is another than those rest on; returns how
    many indicators were drawn. Two workers never draw at once. Needs an application context (languages)."""
    with connect("facts") as connection:
        if not connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:n)"), {"n": _LOCK}):
            return 0
        stale = connection.execute(sa.text(_STALE)).one_or_none()
        if stale is None:
            return 0
        rows = list(_year(connection, stale.year))
        pictures: Any = RegionPicture.__table__
        connection.execute(sa.delete(pictures).where(pictures.c.period == stale.year))
        if rows:
            connection.execute(sa.insert(pictures), rows)
        _note(connection, stale.year, stale.rests_on)
    return len({row["indicator"] for row in rows})


def _note(connection: sa.Connection, year: str, rests_on: str) -> None:
    table: Any = RegionDrawing.__table__
    values = {"rests_on": rests_on, "worked_at": clock.real_now()}
    wanted = pg.insert(table).values(period=year, **values)
    connection.execute(wanted.on_conflict_do_update(index_elements=["period"], set_=values))


def _year(connection: sa.Connection, year: str) -> Iterator[dict[str, Any]]:
    for pillar in (code for code in reference.codes("mirps_pillar") if code.code != "P5"):
        here = regional.read(connection, pillar.code, year)
        for indicator in islice((one for one in here.indicators if _is_worth(here, one)), MOST):
            for spoken in LANGUAGES:
                with force_locale(spoken):
                    drawn = drawn_of(here, indicator)
                content = drawing.bars(drawn)[drawing.SVG]
                yield {
                    "period": year, "indicator": indicator.code, "language": spoken, "title": drawn.title,
                    "description": drawn.description, "sha256": sha256(content).hexdigest(), "content": content,
                }  # fmt: skip


def _is_worth(here: Region, indicator: Indicator) -> bool:
    """At least two countries that sum the same months stand side by side, and not all of them at nothing."""
    values = [_value(here, indicator, country) for country in here.compared(_told(here, indicator))]
    return len(values) > 1 and any(values)


def _told(here: Region, indicator: Indicator) -> list[str]:
    return [country for country in here.countries if _value(here, indicator, country) is not None]


def _value(here: Region, indicator: Indicator, country: str) -> float | None:
    if here.status(indicator, country) != "PUBLISHED":
        return None
    value = here.rows[(indicator.code, country)].value
    return None if value is None else float(value)


def drawn_of(here: Region, indicator: Indicator) -> Drawn:
    """What the picture of an indicator shows: a bar for each country, the largest first; after those that sum the same
    months those that sum others, hatched; where there is no figure, why. It names no order among countries that the protected
    deviation does not allow; it gives the two ends, as published, of those that sum the same months."""
    told = [(country, _value(here, indicator, country)) for country in here.countries]
    ours = here.compared(_told(here, indicator))
    told.sort(
        key=lambda one: (one[1] is None, one[0] not in ours, -(one[1] or 0), reference.country_label(one[0]))
    )
    marks = [
        Mark(
            reference.country_label(country),
            value,
            _words(here, indicator, country, value, country in ours),
            country in ours,
        )
        for country, value in told
    ]
    held = [mark for mark in marks if mark.is_ours]
    name, months = indicator.name[language()], here.months(ours[0]) if ours else ""
    period = ", ".join(filter(None, (present.period(here.period), months)))
    title = _(
        "%(name)s, %(period)s, por país: de %(low)s (%(low_country)s) a %(high)s (%(high_country)s)",
        name=name, period=period, low=held[-1].words, low_country=held[-1].label, high=held[0].words,
        high_country=held[0].label,
    )  # fmt: skip
    listed = "; ".join(f"{mark.label}: {mark.words}" for mark in marks)
    description = _("Una barra por país. %(listed)s.", listed=listed)
    foot = [
        _("Acogida, lo publicado por cada país"), telling.counted(indicator), telling.deviation("YEAR").rstrip("."),
        _("Una persona se cuenta una vez en cada país: no se suman, y la cobertura no es la misma"),
    ]  # fmt: skip
    if indicator.code in BESIDE:
        foot += [
            f"{reference.country_label(code)}, {here.beside(indicator, code)}"
            for code in _told(here, indicator)
        ]
    if len(ours) < sum(value is not None for _country, value in told):
        foot.append(_("Una barra rayada suma otros meses: no se compara"))
    return Drawn(title, description, ". ".join(foot) + ".", marks)


def _words(here: Region, indicator: Indicator, country: str, value: float | None, is_ours: bool) -> str:
    """A bar's number; the title says which months those sum that are compared."""
    status = here.status(indicator, country)
    if value is None:
        return regional.gap(status)
    row = here.rows[(indicator.code, country)]
    words = f"{present.number(row.value)}{' %' if row.unit == 'PERCENT' else ''}"
    months = here.months(country) or _("todo el periodo")
    return words if is_ours else f"{words} ({months})"
