"""What the pictures of an indicator show and say, from released tables alone (role `facts`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_babel import force_locale

from caseapp.core import reference
from caseapp.core.i18n import LANGUAGES, _, language
from caseapp.indicators import versions
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import beside, present, series, telling
from caseapp.publication.findings import Says, why_apart
from caseapp.publication.pictures import drawing
from caseapp.publication.pictures.drawing import Drawn, Mark
from caseapp.publication.queries import KINDS
from caseapp.publication.series import Told

SERIES, PARTS = "SERIES", "PARTS"
#: Points of a line: two years of months.
SHOWN = 24


@dataclass(frozen=True)
class Asked:
    """One indicator of one approved release; `beside`: the indicator that is never left out, `other` its figure."""

    release_id: UUID
    country: str
    month: str
    indicator: Indicator
    told: Sequence[Told]
    rows: Sequence[Any]
    beside: Indicator | None = None
    other: Told | None = None

    @property
    def last(self) -> Told:
        return self.told[-1]


def asked(connection: sa.Connection, release_id: UUID, country: str, month: str, code: str) -> Asked:
    """What the pictures of one indicator show in the release of a month: what was published when it was made."""
    every = series.series(connection, country, beside.codes(code), until=month, as_of=release_id)
    shown = _kind_with_figures(every[code])[-SHOWN:]
    last = shown[-1]
    made_by, on = versions.of(connection, country), versions.last_day(last.release_period)
    known, other = made_by.get(code, on), beside.BESIDE.get(code)
    rows = series.rows_of(connection, last.release_id, code, last.period)
    if other is None:
        return Asked(release_id, country, month, known, shown, rows)
    own = next((one for one in every[other] if one.period == last.period), None)
    return Asked(release_id, country, month, known, shown, rows, made_by.get(other, on), own)


def _kind_with_figures(told: Sequence[Told]) -> list[Told]:
    """The months up to the last that has a figure; of a country without months, its quarters."""
    for kind in KINDS:
        own = [one for one in told if one.kind == kind]
        held = [at for at, one in enumerate(own) if one.is_published]
        if held:
            return own[: held[-1] + 1]
    return list(told)


def pictures(one: Asked) -> Iterator[dict[str, Any]]:
    """The rows of its pictures, in both languages and formats."""
    for spoken in LANGUAGES:
        with force_locale(spoken):
            line, parts = _line(one), _parts(one)
        yield from _stored(one, SERIES, spoken, drawing.line(line), line)
        if parts is not None:
            yield from _stored(one, PARTS, spoken, drawing.bars(parts), parts)


def _stored(
    one: Asked, kind: str, spoken: str, files: dict[str, bytes], drawn: Drawn
) -> Iterator[dict[str, Any]]:
    for form, content in files.items():
        yield {
            "release_id": one.release_id, "indicator": one.indicator.code, "kind": kind, "language": spoken,
            "format": form, "period": one.last.period, "title": drawn.title, "description": drawn.description,
            "sha256": sha256(content).hexdigest(), "content": content,
        }  # fmt: skip


def _line(one: Asked) -> Drawn:
    ground = one.last.point.ground
    last = one.last.period
    marks = [
        Mark(
            present.short_period(point.period), float(point.value) if point.value is not None else None,
            present.number(point.value), point.period == last or why_apart(point.point.ground, ground) is None,
        )
        for point in one.told
    ]  # fmt: skip
    return Drawn(
        telling.series(one.indicator, one.told), telling.long_series(one.indicator, one.told),
        _foot(one, any(not mark.is_ours for mark in marks if mark.value is not None)), marks,
    )  # fmt: skip


def _parts(one: Asked) -> Drawn | None:
    found = telling.best(telling.breakdowns(one.rows, one.last.kind, one.last.definition))
    if found is None:
        return None
    named = {found.finding.first, found.finding.second if found.finding.says is Says.APART else -1}
    order = sorted(enumerate(found.groups), key=lambda at: (-(at[1].row.value or 0), at[0]))
    if found.name == "age_band":
        order = list(enumerate(found.groups))
    marks = [
        Mark(
            group.label, float(group.row.value) if group.row.value is not None else None,
            present.number(group.row.value) if group.is_published else present.no_value(group.row.status), at in named,
        )
        for at, group in order
    ]  # fmt: skip
    title = f"{one.indicator.name[language()]}, {present.period(one.last.period, one.month)}. "
    title += telling.breakdown(one.indicator, found, one.rows[0])
    return Drawn(title, telling.long_breakdown(one.indicator, found), _foot(one, False), marks)


def _foot(one: Asked, has_other: bool) -> str:
    """Source, coverage, protection: what must travel with a picture."""
    last = one.last
    words = [
        _("Acogida, %(country)s, publicación de %(month)s", country=reference.country_label(one.country), month=present.period(one.month)),
        telling.counted(one.indicator), present.coverage(last if last.expected is not None else None).rstrip("."),
        telling.deviation(last.kind).rstrip("."),
    ]  # fmt: skip
    if one.beside is not None:
        words.append(telling.beside(one.beside, one.other).rstrip("."))
    if has_other:
        words.append(
            _(
                "Un cuadro vacío es un periodo incompleto o de otra cobertura, definición o edición: no se compara"
            )
        )
    return ". ".join(words) + "."
