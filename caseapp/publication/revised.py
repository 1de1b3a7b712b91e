"""What a revision changed, from released tables alone, and how pages speak of editions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import format_date

from caseapp.core import reference
from caseapp.core.i18n import _
from caseapp.indicators import words
from caseapp.publication import present
from caseapp.publication.editions import Edition, Editions
from caseapp.publication.findings import Apart
from caseapp.publication.series import Told

_KEYS = (
    "indicator", "measure", "unit", "period", "place_level", "place", "sex", "age_band", "origin", "household_type",
    "need_group", "counted",
)  # fmt: skip
#: What a file of changed figures says of each, beside the keys of `figures.csv`.
CHANGED_COLUMNS = (*_KEYS, "old", "new", "old_status", "new_status", "revises", "reason")
# A figure that appears stands in the new edition alone, one that vanishes in the old; what is absent here and not offered
# there is no change. The whole is a country's total: first the totals, in the order of the file.
_CHANGED = f"""
    SELECT {", ".join(f"{key}" for key in _KEYS)}, o.value AS old, n.value AS new, o.status AS old_status,
           n.status AS new_status
    FROM (SELECT * FROM released.figure WHERE release_id = :now) n
    FULL JOIN (SELECT * FROM released.figure WHERE release_id = :before) o USING ({", ".join(_KEYS)})
    WHERE (o.value, o.status) IS DISTINCT FROM (n.value, n.status)
      AND ('PUBLISHED' IN (o.status, n.status) OR (o.status IS NOT NULL AND n.status IS NOT NULL))
    ORDER BY (place_level, sex, age_band, origin, household_type, need_group) <> ('COUNTRY', 'T', 'T', 'T', 'T', 'T'),
             coalesce(n.position, o.position), n.position IS NULL, o.position
"""
_CELLS = """
    SELECT v.cube, v.cell, v.old, v.new, v.revises, v.reason, c.domain, c.axes
    FROM released.revision v LEFT JOIN released.cube c ON c.release_id = v.release_id AND c.name = v.cube
    WHERE v.release_id = :now ORDER BY v.cube, v.cell
"""
_EARLIER = """
    SELECT value FROM released.figure WHERE release_id = :before AND indicator = :indicator AND measure = :measure
      AND period = :period AND place_level = 'COUNTRY' AND sex = 'T' AND age_band = 'T' AND origin = 'T'
      AND household_type = 'T' AND need_group = 'T' AND status = 'PUBLISHED' LIMIT 1
"""


def figures(connection: sa.Connection, known: Editions, edition: Edition) -> Sequence[Any]:
    """Each figure, breakdowns too, that a revision says otherwise than the edition before it, that it says anew or no longer
    says: the totals first, in the order of the file. A status is None where an edition has no such row."""
    before = known.before(edition)
    if before is None:
        return []
    return connection.execute(sa.text(_CHANGED), {"now": edition.id, "before": before.id}).all()


def cells(connection: sa.Connection, edition: Edition) -> list[dict[str, Any]]:
    """The rows of its revisions.csv, with the dimensions of their cube (`axes`)."""
    return [dict(row) for row in connection.execute(sa.text(_CELLS), {"now": edition.id}).mappings()]


def group(row: Any) -> str:
    """Of whom a figure is, in words: «Mujeres», «MX-TAP»; nothing for a country's total."""
    held = [(name, getattr(row, name)) for name in ("sex", "age_band", "origin", "household_type")]
    found = [present.label(name, code) for name, code in held if code != "T"]
    if row.place_level == "SITE":
        found.insert(0, present.label("place", row.place))
    return " · ".join(found)


def earlier(connection: sa.Connection, known: Editions, told: Told) -> Decimal | None:
    """What the edition before said of a revised month; None where the month was not revised, or said nothing."""
    own = next((one for one in told.taken if one.period == told.period or one.id == told.release_id), None)
    before = known.before(own) if own is not None else None
    if before is None:
        return None
    asked = {
        "before": before.id, "indicator": told.indicator, "measure": told.measure, "period": told.period,
    }  # fmt: skip
    found = connection.scalar(sa.text(_EARLIER), asked)
    return None if found is None else Decimal(found)


def cell(row: Mapping[str, Any]) -> str:
    """A cell in words: «Mujeres · 18 a 59 años · Honduras»; its period and country go without saying."""
    piece, place, *labels = str(row["cell"]).split("|")
    names = [each for each, _labels in row["axes"] or ()]
    if "place" in names:
        labels = [place, *labels]
        names = ["place", *(each for each in names if each != "place")]
    told = [
        _label(each, code)
        for each, code in zip(names, labels, strict=False)
        if (each, code) != ("late", "NO")
    ]
    return " · ".join(
        [
            *(
                [_("1 a 26 de octubre") if piece[-1] == "a" else _("27 a 31 de octubre")]
                if piece[-1] in "ab"
                else []
            ),
            *told,
        ]
    )


def _label(dimension: str, code: str) -> str:
    if dimension == "place":
        return present.label("place", code)
    if dimension == "late":
        return _("conocido tarde")
    return words.label(dimension, code)


# -- in words -----------------------------------------------------------------------------------------
def name(edition: Edition) -> str:
    """«revisión 1 de agosto de 2025»."""
    return _("revisión %(n)s de %(month)s", n=edition.edition, month=present.period(edition.period))


def why(edition: Edition) -> str:
    """Its reason: the code in words, and the sentence of the steward."""
    return f"{reference.label('revision_reason', edition.code)}. {edition.reason}" if edition.code else ""


def day(edition: Edition) -> str:
    return str(format_date(edition.published_at, "d MMM y")) if edition.published_at else ""


@dataclass(frozen=True)
class Notice:
    """What a page says of an edition. `is_pending`: the figure does not rest on it yet."""

    sentence: str
    edition: Edition
    is_pending: bool = False

    @property
    def release(self) -> str:
        return self.edition.name


def notices(period: str, taken: Sequence[Edition], awaits: Sequence[Edition]) -> list[Notice]:
    """Of a period, the revisions that it rests on and those that it has not taken yet."""
    found = [Notice(_of_pending(one), one, is_pending=True) for one in awaits]
    return found + [Notice(_of_taken(period, one), one) for one in taken]


def _of_taken(period: str, one: Edition) -> str:
    here = {"revision": name(one), "day": day(one), "why": why(one)}
    if one.period == period:
        return _("Este mes fue revisado: %(revision)s, publicada el %(day)s. Motivo: %(why)s", **here)
    return _("Incluye la %(revision)s, publicada el %(day)s. Motivo: %(why)s", **here)


def _of_pending(one: Edition) -> str:
    return _(
        "Todavía descansa en la edición anterior de %(month)s. La %(revision)s, publicada el %(day)s, entra con la "
        "siguiente publicación del país; hasta entonces no se compara con otros periodos. Motivo: %(why)s",
        month=present.period(one.period), revision=name(one), day=day(one), why=why(one),
    )  # fmt: skip


def difference(told: Told, old: Decimal | None) -> str:
    """What a revision did to the figure itself."""
    if old is None or told.value is None:
        return ""
    if old == told.value:
        return _("Esta cifra quedó como estaba.")
    return _(
        "Esta cifra: antes %(old)s, ahora %(new)s.", old=present.number(old), new=present.number(told.value)
    )


def apart(reason: Apart, before: str = "") -> str:
    """Why two periods are not compared."""
    words: Mapping[Apart, str] = {
        Apart.UNFINISHED: _("un periodo incompleto no se compara"),
        Apart.COVERAGE: _("no informaron las mismas sedes, no se compara"),
        Apart.SIGNATURES: _("no firmaron las mismas sedes, no se compara"),
        Apart.DEFINITION: _("otra definición, no se compara"),
        Apart.EDITION: _("descansa en una edición ya revisada, no se compara"),
    }
    return f"{before}: {words[reason]}" if before else words[reason]


def notes(found: Sequence[Notice], more: str = "") -> list[tuple[str, str]]:
    """The same for the sheet of notes of a file."""
    lines = [(_("Revisión"), f"{one.sentence} ({one.release})") for one in found]
    return [*lines, (_("Revisión"), more)] if more and lines else lines
