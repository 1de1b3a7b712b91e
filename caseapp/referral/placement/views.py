"""Ask for a night's proposal, watch it being made, review it, strike lines, send the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.accounts.queries import site_of, timezone_of
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.forms import Form
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day, moment, since
from caseapp.places.models import Site
from caseapp.referral import queries as referrals
from caseapp.referral.access import PLACE_NIGHT
from caseapp.referral.models import Referral
from caseapp.referral.placement import rules, service
from caseapp.referral.placement.models import Placement, PlacementLine, PlacementShare
from caseapp.referral.present import PRIORITY_TAGS
from caseapp.referral.views import blueprint
from caseapp.shelter import present as shelter_present


def _own_teams() -> tuple[UUID, ...]:
    return access.current().teams_as(*PLACE_NIGHT.roles)


def _found(placement_id: UUID, *, lock: bool = False) -> Placement:
    asked = sa.select(Placement).where(Placement.id == placement_id, Placement.team_id.in_(_own_teams()))
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(asked).one_or_none()
    if found is None:
        raise NotYours
    return found


@blueprint.get("/referrals/placements")
@needs(PLACE_NIGHT)
@records_view
def placements() -> ResponseReturnValue:
    """The proposals of one's team, and the button that asks for one."""
    return _list(Form())


@blueprint.post("/referrals/placements")
@needs(PLACE_NIGHT)
@commits
def ask_placement() -> ResponseReturnValue:
    """Ask for tonight's proposal, for the division of the team's site or for the country."""
    form = Form()
    team = session.get_one(Team, _own_teams()[0])
    site = site_of(team.id)
    whole = request.form.get("region") == "country" or site is None or site.admin1 is None
    try:
        with session.begin_nested():
            found = service.ask(team, admin1=None if whole or site is None else site.admin1)
    except Refused as error:
        form.refused(error)
        return _list(form), 422
    return redirect(url_for("referral.placement", placement_id=found.id))


def _list(form: Form) -> str:
    team = session.get_one(Team, _own_teams()[0])
    site = site_of(team.id)
    rows = session.scalars(
        sa.select(Placement)
        .where(Placement.team_id.in_(_own_teams()))
        .order_by(Placement.made_at.desc(), Placement.id.desc())
        .limit(10)
    ).all()
    timezone = timezone_of(team.id)
    return render_template(
        "referral/placements.html",
        page_title=_("Colocar a quienes esperan esta noche"),
        form=form,
        region=reference.admin1_named(site.admin1).name if site is not None and site.admin1 else "",
        country=reference.country_label(team.country),
        rows=[
            {
                "href": url_for("referral.placement", placement_id=p.id),
                "night": day(p.night),
                "made": moment(p.made_at, timezone),
                "where": _where(p),
                "state": _state(p),
            }
            for p in rows
        ],
    )


@blueprint.get("/referrals/placements/<uuid:placement_id>")
@needs(PLACE_NIGHT)
@records_view
def placement(placement_id: UUID) -> ResponseReturnValue:
    """One proposal: how far it is, or line by line what it proposes and why."""
    found = _found(placement_id)
    audit.record("viewed", "placement", found.id)
    return _show(found, Form())


@blueprint.post("/referrals/placements/<uuid:placement_id>/book")
@needs(PLACE_NIGHT)
@commits
def book_placement(placement_id: UUID) -> ResponseReturnValue:
    """Strike the lines that were not ticked and send the others."""
    found, form = _found(placement_id, lock=True), Form()
    kept = set(request.form.getlist("line"))
    lines = service.lines_of(found)
    try:
        with session.begin_nested():
            service.book(found, {line.id for line in lines if str(line.id) not in kept})
    except Refused as error:
        form.refused(error)
        return _show(found, form), error.status
    flash(_("Se están apartando los lugares y enviando las referencias, una por una."), "info")
    return redirect(url_for("referral.placement", placement_id=found.id))


STEP_WORDS = {
    "GATHER": lambda: _("Reuniendo a quienes esperan y los lugares libres"),
    "OPTIONS": lambda: _("Preguntando qué lugar sirve a cada hogar"),
    "WHO": lambda: _("Viendo para quién alcanza, por orden"),
    "WHERE": lambda: _("Buscando juntos, cerca y en su lengua"),
    "SEND": lambda: _("Guardando lugares y refiriendo"),
}


def _show(found: Placement, form: Form) -> str:
    lines = service.lines_of(found)
    teams = {row.id: row for row in _teams(lines)}
    mine = _readable(lines)
    timezone = timezone_of(found.team_id)
    rows = [_line(line, teams, mine, timezone) for line in lines]
    done = sum(line.state in ("SENT", "REFUSED") for line in lines)
    going = sum(line.state in ("SENT", "REFUSED", "QUEUED") for line in lines)
    steps = list(STEP_WORDS)
    return render_template(
        "referral/placement.html",
        page_title=_("Propuesta para la noche del %(day)s", day=day(found.night)),
        found=found,
        form=form,
        where=_where(found),
        state=_state(found),
        running=found.state in ("WAITING", "RUNNING", "BOOKING"),
        step=STEP_WORDS[found.step]() if found.step else _("En espera de su turno"),
        done=done if found.state == "BOOKING" else (steps.index(found.step) if found.step else 0),
        total=going if found.state == "BOOKING" else len(steps) - 1,
        ready=found.state == "READY",
        placed=[r for r in rows if r["placed"]],
        unplaced=[r for r in rows if not r["placed"]],
        counts=_counts(found, lines),
        shares=_shares(found),
    )


def _teams(lines: Sequence[PlacementLine]) -> Iterable[Any]:
    ids = {line.from_team_id for line in lines} | {line.to_team_id for line in lines if line.to_team_id}
    return session.execute(
        sa.select(Team.id, Team.name, Site.name.label("site")).outerjoin(Site, Site.id == Team.site_id).where(Team.id.in_(ids))
    )  # fmt: skip


def _readable(lines: Sequence[PlacementLine]) -> dict[UUID, str]:
    """The numbers of those referrals that the reader may open anyway."""
    ids = {line.referral_id for line in lines} | {
        line.sent_referral_id for line in lines if line.sent_referral_id
    }
    visible = referrals.visible_to(access.current()).where(Referral.id.in_(ids))
    return {
        row.id: row.number for row in session.execute(visible.with_only_columns(Referral.id, Referral.number))
    }


def _line(
    line: PlacementLine, teams: dict[UUID, Any], mine: dict[UUID, str], timezone: str
) -> dict[str, Any]:
    number = mine.get(line.sent_referral_id or line.referral_id)
    to = teams.get(line.to_team_id) if line.to_team_id else None
    return {
        "id": str(line.id),
        "rank": line.rank,
        "placed": line.to_team_id is not None,
        "people": ngettext("%(num)s persona", "%(num)s personas", line.people),
        "priority": reference.label("referral_priority", line.priority),
        "priority_kind": PRIORITY_TAGS.get(line.priority, "neutral"),
        "since": since(line.since),
        "from": teams[line.from_team_id].site or teams[line.from_team_id].name,
        "requirements": shelter_present.requirements_text(line.requirements),
        "to": (to.site or to.name) if to else "",
        "why": _why(line) if to else _why_not(line),
        "number": number,
        "href": url_for("referral.show", number=number) if number else "",
        "outcome": _outcome(line),
    }


def _why(line: PlacementLine) -> list[str]:
    """Why here, in words."""
    found = [
        _("todos juntos")
        if line.in_rooms < 2
        else ngettext("en %(num)s cuarto", "en %(num)s cuartos de la misma sede", line.in_rooms)
    ]
    if line.km is not None:
        found.append(_("en el mismo municipio") if line.km == 0 else _("a %(km)s km", km=line.km))
    if line.until is not None and line.until <= line.last_night:
        found.append(_("libre hasta el %(day)s", day=day(line.until)))
    if line.strange:
        found.append(
            ngettext("%(num)s persona no encontrará su lengua", "%(num)s personas no encontrarán su lengua", line.strange)
        )  # fmt: skip
    return found


def _why_not(line: PlacementLine) -> list[str]:
    """What binds, in numbers of places and never in anybody's data."""
    if not line.rooms and not line.beds:
        return [_("Ninguno de los lugares libres de esta noche puede ofrecerse.")]
    parts = []
    if line.rooms:
        parts.append(ngettext("%(num)s cuarto", "%(num)s cuartos", line.rooms))
    if line.beds:
        parts.append(
            ngettext("%(num)s cama en cuarto compartido", "%(num)s camas en cuartos compartidos", line.beds)
        )
    people = ngettext("%(num)s persona", "%(num)s personas", line.people)
    return [
        _(
            "Para %(people)s sirven %(places)s; todo va a hogares con más urgencia o que piden desde antes.",
            people=people, places=_(" y ").join(parts),
        )
    ]  # fmt: skip


def _outcome(line: PlacementLine) -> tuple[str, str]:
    """A tag for what became of a line: words and kind."""
    if line.state == "SENT":
        held = ngettext("%(num)s lugar apartado", "%(num)s lugares apartados", line.held)
        return (held if line.held else _("referida; la sede responde"), "good")
    if line.state == "REFUSED":
        return _refusal(line.refused or ""), "warning"
    return {"STRUCK": (_("tachada"), "neutral"), "QUEUED": (_("en cola"), "info")}.get(line.state, ("", ""))


def _refusal(name: str) -> str:
    """What a booking was refused with: the sentence where somebody can do something about it, else the neutral one."""
    sentences = {
        "ConsentMissing": _("Falta el consentimiento de una persona para esa sede."),
        "LeaveNeeded": _("Falta el permiso de la autoridad para cambiar de estado."),
        "NotNow": _("La referencia ya cambió de estado."),
        "AlreadyAsked": _("Ya tiene una referencia abierta a esa sede."),
        "CaseClosed": _("El expediente está cerrado."),
    }
    return sentences.get(name, _("No es posible ofrecerlo aquí."))


def _where(found: Placement) -> str:
    if found.admin1:
        return reference.admin1_named(found.admin1).name
    return reference.country_label(found.country)


def _state(found: Placement) -> tuple[str, str]:
    return {
        "WAITING": (_("en espera"), "neutral"),
        "RUNNING": (_("en curso"), "info"),
        "READY": (_("lista para revisar"), "warning"),
        "BOOKING": (_("enviando"), "info"),
        "DONE": (_("enviada"), "good"),
        "FAILED": (_("no se pudo hacer"), "urgent"),
    }[found.state]


def _counts(found: Placement, lines: Sequence[PlacementLine]) -> list[dict[str, Any]]:
    if found.proven is None:
        return []
    placed = [line for line in lines if line.to_team_id is not None]
    people, everybody = sum(line.people for line in placed), sum(line.people for line in lines)
    km = [line.km for line in placed if line.km is not None]
    apart = sum(line.in_rooms > 1 for line in placed)
    return [
        {"label": _("Hogares con lugar"), "value": _("%(some)s de %(all)s", some=len(placed), all=len(lines))},
        {"label": _("Personas con lugar"), "value": _("%(some)s de %(all)s", some=people, all=everybody)},
        {"label": _("Por orden de llegada, sin mirar la urgencia, habrían tenido lugar"),
         "value": _compared(found)},
        {"label": _("Sedes con lugar"), "value": str(found.sites or 0)},
        {"label": _("Distancia media"), "value": _("%(km)s km", km=round(sum(km) / len(km))) if km else "–"},
        {"label": _("Hogares en más de un cuarto"), "value": str(apart)},
        {"label": _("Comprobado que no hay mejor reparto"), "value": _("sí") if found.proven else _("no, se acabó el tiempo")},
    ]  # fmt: skip


def _compared(found: Placement) -> str:
    return ngettext("%(num)s persona", "%(num)s personas", sum(found.served))


DIMENSIONS = {"SEX": lambda: _("Sexo"), "ORIGIN": lambda: _("Origen"), "REQUIREMENT": lambda: _("Requisito")}


def _shares(found: Placement) -> list[dict[str, Any]]:
    """How the outcome is shared, without small numbers."""
    rows = session.scalars(
        sa.select(PlacementShare)
        .where(PlacementShare.placement_id == found.id)
        .order_by(PlacementShare.value)
    ).all()
    tables = []
    for dimension, title in DIMENSIONS.items():
        shares = rules.guarded([(r.value, r.waiting, r.placed) for r in rows if r.dimension == dimension])
        if shares:
            tables.append(
                {
                    "title": title(),
                    "rows": [
                        {
                            "value": _value(dimension, s.value),
                            "waiting": "–" if s.waiting is None else s.waiting,
                            "placed": "–" if s.placed is None else s.placed,
                            "share": "–" if s.percent is None else f"{s.percent} %",
                        }
                        for s in shares
                    ],
                }
            )
    return tables


def _value(dimension: str, code: str) -> str:
    if dimension == "SEX":
        return reference.label("sex_in_figures", code)
    if dimension == "ORIGIN":
        return reference.country_label(code)
    return reference.label("placement_requirement", code)
