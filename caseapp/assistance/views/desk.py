"""`/deliveries`: what a desk hands out today. One thing for several of a family in one act, the list of the day, and
the same as a file, by number unless names may be exported. Who looked, and at whom, is written down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.assistance import queries, rules, service
from caseapp.assistance.access import DESK, EXPORT_NAMES
from caseapp.assistance.forms import QuickForm, WithdrawForm
from caseapp.assistance.models import Delivery
from caseapp.assistance.offering import referral_lines
from caseapp.assistance.present import facts, state, title
from caseapp.assistance.views import blueprint
from caseapp.assistance.views.case import said
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted, NotYours
from caseapp.core.i18n import _
from caseapp.core.pages import csv_answer, day, paged
from caseapp.core.trying import tried
from caseapp.people import queries as people
from caseapp.people.models import Case
from caseapp.places.models import Site

#: For how many days at once a list may be taken away, and how long it may be.
SPANS = (1, 7, 31)
MOST_ROWS = 20_000


@blueprint.get("/deliveries")
@needs(DESK)
@records_view
def desk() -> ResponseReturnValue:
    """The list of a day, and the form for whoever stands here."""
    team, site, teams = _desk()
    today = clock.today(site.timezone)
    on = _asked_day(today)
    audit.record("viewed", "delivery_desk", team.id, on.isoformat())
    number = request.args.get("number", "").strip().upper()
    case = _found(number) if number else None
    if case is not None:
        audit.record("viewed", "case", case.id, "DELIVERIES")
    form = None
    if case is not None and case.status != "CLOSED":
        form = QuickForm(
            None,
            data={"number": number, "team": team.code, "quantity": "1", "result": "DELIVERED_FULL", "who": [case.number]},
        )  # fmt: skip
        _offering(form, case)
    return _page(team, teams, today, on, form=form, number=number, unknown=bool(number) and case is None)


@blueprint.post("/deliveries")
@needs(DESK)
@commits
def give() -> ResponseReturnValue:
    """Write down one act for those who are ticked, today, by this team."""
    team, site, teams = _desk()
    today = clock.today(site.timezone)
    form = QuickForm()
    case = _found(form.number.data or "")
    if case is None:
        raise NotYours
    family = _offering(form, case)

    def verb() -> list[Delivery]:
        kind, _sign, code = form.what.data.partition(":")
        item = code if kind == "ITEM" else None
        return service.deliver(
            [one.case for one in family if one.number in form.who.data], sector=rules.SECTOR_OF[code] if item else code,
            item=item, on=today, quantity=form.quantity.number or (0 if form.quantity.data else 1), result=form.result.data,
            language=form.language.data or None, again_reason=form.again_reason.data or None,
            referral_id=UUID(form.referral.data) if form.referral.data else None,
            provider_team_id=team.id, provider_class="OTHER", team_id=team.id,
        )  # fmt: skip

    def again() -> str:
        return _page(team, teams, today, today, form=form, number=form.number.data or "")

    return tried(form, verb, again=again, done=said, to=url_for("assistance.desk", team=team.code))


@blueprint.post("/deliveries/<uuid:delivery_id>/withdraw")
@needs(DESK)
@commits
def take_back(delivery_id: UUID) -> ResponseReturnValue:
    """An entry of one's own team was a mistake."""
    who = access.current()
    row = session.scalars(
        queries.visible_to(who)
        .where(
            Delivery.id == delivery_id,
            Delivery.team_id.in_(who.teams_as(*DESK.roles)),
            Delivery.sealed.is_(False),
        )
        .with_for_update(of=Delivery)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotYours
    case = session.scalars(people.visible_to(who).where(Case.id == row.case_id)).one_or_none()
    if case is None:
        raise NotYours
    form = WithdrawForm(prefix=_prefix(row.id))
    team, site, teams = _desk(row.team_id)
    return tried(
        form, lambda: service.withdraw(case, row, reason=form.reason.data),
        again=lambda: _page(team, teams, clock.today(site.timezone), row.delivered_on, withdrawing=(row.id, form)),
        done=_("Entrega anulada."),
        to=url_for("assistance.desk", team=team.code, day=row.delivered_on.isoformat()),
    )  # fmt: skip


@blueprint.get("/deliveries.csv")
@needs(DESK)
@records_view
def export() -> ResponseReturnValue:
    """The list of some days as a file: by number, with names only for those who may export them and ask for them."""
    who = access.current()
    team, site, _teams = _desk()
    last = _asked_day(clock.today(site.timezone))
    days = request.args.get("days", 1, type=int)
    first = last - timedelta(days=(days if days in SPANS else 1) - 1)
    with_names = request.args.get("names") == "1" and team.id in who.teams_as(*EXPORT_NAMES.roles)
    audit.record("exported", "delivery_desk", team.id, "NAMES" if with_names else "NUMBERS")
    rows = session.scalars(queries.written_on(who, [team.id], first, last).limit(MOST_ROWS)).all()
    known = queries.named((row.case_id for row in rows), who)
    head = [_("Fecha"), _("Número"), *([_("Nombre")] if with_names else []), _("Servicio"), _("Qué se entregó"),
            _("Piezas"), _("Resultado"), _("Cantidad en dólares"), _("Quién lo dio"), _("Anulada")]  # fmt: skip

    def lines() -> Iterator[list[Any]]:
        for row in rows:
            one = known.get(row.case_id)
            yield [
                row.delivered_on.isoformat(), one.number if one else "", *([one.name or "" if one else ""] if with_names else []),
                reference.label("service_kind", row.sector), title(row), row.quantity, reference.label("service_result", row.result),
                row.amount or "", reference.label("provider_class", row.provider_class), _("Sí") if row.withdrawn_on else "",
            ]  # fmt: skip

    return csv_answer(f"entregas-{first.isoformat()}-{last.isoformat()}.csv", head, lines())


def _prefix(row_id: UUID) -> str:
    return f"row-{row_id.hex}-"


def _desk(team_id: UUID | None = None) -> tuple[Team, Site, list[Team]]:
    """The desk in question (asked for by its code, else the first) and all desks of the principal."""
    found = queries.teams_of(access.current(), DESK)
    if not found:
        raise NotPermitted
    code = request.values.get("team", "")
    chosen = next((d for d in found if d[0].id == team_id or d[0].code == code), None)
    if chosen is None and (team_id is not None or code):
        raise NotYours
    team, site = chosen or found[0]
    return team, site, [each for each, _site in found]


def _asked_day(today: date) -> date:
    """The day of `?day=`, never after today; what is no date is today."""
    try:
        return min(date.fromisoformat(request.args.get("day", "")), today)
    except ValueError:
        return today


def _found(number: str) -> Case | None:
    """The person of a case's number, or the first of a household's, whose file may be opened."""
    who, number = access.current(), number.strip().upper()
    asked = people.visible_to(who)
    found = session.scalars(asked.where(Case.number == number)).one_or_none()
    if found is None and (first := queries.first_of_household(number)) is not None:
        found = session.scalars(asked.where(Case.id == first)).one_or_none()
    return found


def _offering(form: QuickForm, case: Case) -> list[queries.Named]:
    ids = queries.together_with(case.id)
    known = queries.named(ids, access.current())
    family = [known[i] for i in ids if i in known]
    form.who.choices = [
        (one.number, f"{one.name} · {one.number}" if one.name else one.number) for one in family
    ]
    form.what.choices = {
        "": [("", _("Elija…"))],
        _("Artículos"): [
            (f"ITEM:{code}", words)
            for code, words in reference.choices("assistance_kind")
            if code not in rules.WITH_AMOUNT
        ],
        _("Atenciones"): [
            (f"TALK:{code}", words)
            for code, words in reference.choices("service_kind")
            if code in rules.SECTORS
        ],
    }
    form.referral.choices = {
        "": _("Ninguna"),
        **{str(line.id): line.label for line in referral_lines(one.case.id for one in family)},
    }
    return family


def _page(
    team: Team,
    teams: list[Team],
    today: date,
    on: date,
    *,
    form: QuickForm | None = None,
    number: str = "",
    unknown: bool = False,
    withdrawing: tuple[UUID, WithdrawForm] | None = None,
) -> str:
    who = access.current()
    page = paged(queries.written_on(who, [team.id], on, on))
    known = queries.named((row.case_id for row in page.rows), who)
    asked = dict([withdrawing] if withdrawing else [])
    forms = [f for f in (form, *asked.values()) if f is not None and (f.errors or f.form_errors)]
    return render_template(
        "assistance/desk.html", page_title=_("Entregas de hoy") if on == today else _("Entregas del %(day)s", day=day(on)),
        team=team, teams=teams, on=on, today=today, form=form, number=number, unknown=unknown, wrong=forms,
        lodged=queries.lodged(who), pages=page, may_export_names=team.id in who.teams_as(*EXPORT_NAMES.roles), spans=SPANS,
        rows=[_row(row, known.get(row.case_id), asked.get(row.id)) for row in page.rows],
    )  # fmt: skip


def _row(row: Delivery, one: queries.Named | None, form: WithdrawForm | None) -> dict[str, Any]:
    words, kind = state(row)
    return {
        "id": row.id, "who": (one.name or one.number) if one else _("Sin nombre conocido"), "number": one.number if one else "",
        "title": title(row), "state": words, "kind": kind, "facts": facts(row, dated=False),
        "form": None if row.withdrawn_on else form or WithdrawForm(None, prefix=_prefix(row.id)),
    }  # fmt: skip
