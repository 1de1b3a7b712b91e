"""Cooperation's year in a report: places offered and used, contributions, and what was held and agreed. Public numbers of
institutions, read through role `figures`; of nobody's case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from caseapp.commitments.annual.parts import Column, Part
from caseapp.commitments.models import (
    CooperationAction,
    CooperationExchange,
    CooperationMeeting,
    CooperationPlaces,
    CooperationPledge,
    CooperationTraining,
)
from caseapp.core import reference
from caseapp.core.i18n import _, ngettext
from caseapp.publication import present


@dataclass(frozen=True)
class Helped:
    """`places` by scheme (offered, used), `pledges` by currency (how many, pledged, received), `counts` of exchanges,
    meetings, action points due (and of them done) and trainings."""

    places: Sequence[tuple[str, int, int]]
    pledges: Sequence[tuple[str, int, Decimal, Decimal]]
    counts: dict[str, int]


def read(reader: Any, countries: Sequence[str], year: int) -> Helped:
    """A year of the registers of these countries (three statements)."""
    places = sa.select(
        CooperationPlaces.scheme, sa.func.sum(CooperationPlaces.offered), sa.func.sum(CooperationPlaces.used)
    ).where(CooperationPlaces.country.in_(countries), sa.func.left(CooperationPlaces.period, 4) == str(year))
    pledges = sa.select(
        CooperationPledge.currency, sa.func.count(), sa.func.sum(CooperationPledge.pledged), sa.func.sum(CooperationPledge.received),
    ).where(CooperationPledge.country.in_(countries), _in_year(CooperationPledge.pledged_on, year))  # fmt: skip
    done = CooperationAction.done_on.is_not(None)
    counted = {
        "exchanges": _count(CooperationExchange, CooperationExchange.held_on, countries, year),
        "meetings": _count(CooperationMeeting, CooperationMeeting.held_on, countries, year),
        "actions": _count(CooperationAction, CooperationAction.due_on, countries, year),
        "done": _count(CooperationAction, CooperationAction.due_on, countries, year).where(done),
        "trainings": _count(CooperationTraining, CooperationTraining.held_on, countries, year),
    }
    counts = reader.execute(
        sa.select(*(one.scalar_subquery().label(name) for name, one in counted.items()))
    ).one()
    return Helped(
        [tuple(row) for row in reader.execute(places.group_by(CooperationPlaces.scheme).order_by(CooperationPlaces.scheme))],
        [tuple(row) for row in reader.execute(pledges.group_by(CooperationPledge.currency).order_by(CooperationPledge.currency))],
        dict(counts._mapping),
    )  # fmt: skip


def _in_year(day: Any, year: int) -> Any:
    return sa.extract("year", day) == year


def _count(table: Any, day: Any, countries: Sequence[str], year: int) -> sa.Select[Any]:
    return (
        sa.select(sa.func.count()).select_from(table).where(table.country.in_(countries), _in_year(day, year))
    )


def parts(helped: Helped) -> Iterator[Part]:
    """The parts of the chapter on cooperation; nothing where the registers are empty."""
    if helped.places:
        columns = (
            Column(_("Vía")),
            Column(_("Plazas ofrecidas"), number=True),
            Column(_("Usadas"), number=True),
        )
        rows = tuple(
            (reference.label("cooperation_scheme", scheme), present.number(offered), present.number(used))
            for scheme, offered, used in helped.places
        )
        note = _("Cifras públicas de los países que ofrecen; no son un recuento de expedientes.")
        yield Part("table", _("Plazas de otros países"), columns=columns, rows=rows, note=note)
    if helped.pledges:
        money = (
            Column(_("Moneda")), Column(_("Aportes"), number=True), Column(_("Prometido"), number=True), Column(_("Recibido"), number=True),
        )  # fmt: skip
        amounts = tuple(
            (currency, str(count), present.number(round(pledged)), present.number(round(received)))
            for currency, count, pledged, received in helped.pledges
        )
        yield Part(
            "table",
            _("Aportes"),
            columns=money,
            rows=amounts,
            note=_("Prometidos en el año; las monedas no se suman."),
        )
    held = tuple(_held(helped.counts))
    if held:
        yield Part("list", _("Encuentros"), words=held)


def _held(counts: dict[str, int]) -> Iterator[str]:
    if counts["meetings"]:
        yield ngettext("%(num)s reunión", "%(num)s reuniones", counts["meetings"])
    if counts["actions"]:
        yield ngettext(
            "%(num)s acuerdo con fecha en el año; cumplidos: %(done)s",
            "%(num)s acuerdos con fecha en el año; cumplidos: %(done)s",
            counts["actions"],
            done=counts["done"],
        )
    if counts["exchanges"]:
        yield ngettext(
            "%(num)s intercambio con otros países",
            "%(num)s intercambios con otros países",
            counts["exchanges"],
        )
    if counts["trainings"]:
        yield ngettext(
            "%(num)s capacitación con cooperación",
            "%(num)s capacitaciones con cooperación",
            counts["trainings"],
        )
