"""`/today`: for each role, what must be done now and the way to do it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.casefile import minding
from caseapp.casefile.access import TODAY
from caseapp.casefile.glass import queries as glass_queries
from caseapp.casefile.linking import linked
from caseapp.casefile.queries import consent as consents
from caseapp.casefile.queries import today as work
from caseapp.casefile.queries.duties import duties as duties_of
from caseapp.casefile.views import (
    blueprint,
    today_apart,
    today_children,
    today_consent,
    today_custody,
    today_month,
)
from caseapp.casefile.views.duties import duty_parts
from caseapp.casefile.views.today_ways import ways
from caseapp.core import access, clock, reference
from caseapp.core.access import Principal, needs
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import asked_page, day, since
from caseapp.custody import queries as custody
from caseapp.deadline.queries import Pressing
from caseapp.deadline.rules import due_at
from caseapp.deadline.show import clock_shown
from caseapp.people.models import Case
from caseapp.protection.queries import began_at
from caseapp.referral import present as referral_present
from caseapp.referral import queries as referrals
from caseapp.referral.models import Referral
from caseapp.shelter import queries as shelter
from caseapp.shelter.night import queries as shelter_night

#: Rows of a page of a whole list.
WHOLE = 25
#: Where a person begins the day whose only role has one page of work.
STRAIGHT_TO = {
    "GATE_NIGHT": "shelter.tonight", "SHELTER_VOLUNTEER": "assistance.tally", "ASSISTANCE_OFFICER": "assistance.requests",
    "PAYMENTS_APPROVER": "assistance.requests",
}  # fmt: skip


@blueprint.get("/today")
@needs(TODAY)
def today() -> ResponseReturnValue:
    """The page a person begins the day with; whose role has one page of work begins there."""
    who = access.current()
    if len(who.roles) == 1 and (straight := STRAIGHT_TO.get(next(iter(who.roles)))):
        return redirect(url_for(straight))
    timezone = timezone_of(who.grants[0].team_id)
    return render_template(
        "casefile/today.html",
        page_title=_("Hoy, %(day)s", day=day(clock.today(timezone))),
        parts=[_with_whole(part) for part in _parts(who, timezone, work.FEW)],
        shelters=[_shelter(team) for team in shelter.shelters_of(who)]
        if "SHELTER_COORDINATOR" in who.roles
        else [],
        ways=ways(who),
        register=linked("reception.new_family") if who.roles & {"CASEWORKER", "SUPERVISOR"} else None,
    )


@blueprint.get("/today/list")
@needs(TODAY)
def today_list() -> ResponseReturnValue:
    """One list of the day (`?of=`), whole, page by page; the page of the day where somebody has no such list."""
    who, page, part = access.current(), asked_page(), request.args.get("of", "")
    timezone = timezone_of(who.grants[0].team_id)
    window = work.Window(WHOLE, (page - 1) * WHOLE)
    found = next((p for p in _parts(who, timezone, window) if p["id"] == part), None)
    if found is None:
        return redirect(url_for("casefile.today"))
    here = url_for("casefile.today_list", of=part)
    return render_template(
        "casefile/today_part.html",
        page_title=found["title"],
        part=found,
        pages={
            "text": _("Página %(number)s", number=page),
            "previous": f"{here}&page={page - 1}" if page > 1 else None,
            "next": f"{here}&page={page + 1}" if len(found["rows"]) >= WHOLE else None,
        },
    )


def _parts(who: Principal, timezone: str, window: work.Window) -> list[dict[str, Any]]:
    """The lists of the day for somebody's roles, each with these of its rows."""
    parts: list[dict[str, Any]] = []
    if who.roles & {"CASEWORKER", "SUPERVISOR"}:
        parts += _casework(who, timezone, window)
    elif who.roles & {"SHELTER_COORDINATOR", "SERVICE_FOCAL_POINT"}:
        parts.append(_inbox(who, timezone, window))
    if "CHILD_OFFICER" in who.roles:
        assess = today_children.part(who, timezone, window, _row)
        parts = [today_custody.told(who, timezone), assess, *parts]
    return today_apart.parts(who, _row) + parts + today_month.parts(who, timezone, window)


def _with_whole(part: dict[str, Any]) -> dict[str, Any]:
    """A list that may have more rows than the few shown leads to its whole list."""
    here = url_for("casefile.today_list", of=part["id"])
    return {**part, "whole": here if len(part["rows"]) >= work.LIMIT else None}


def _part(id: str, title: str, rows: Sequence[dict[str, Any]], nothing: str) -> dict[str, Any]:
    return {"id": id, "title": title, "rows": rows, "nothing": nothing}


# -- casework -----------------------------------------------------------------------------------------
def _casework(who: Principal, timezone: str, window: work.Window) -> list[dict[str, Any]]:
    supervises, on = "SUPERVISOR" in who.roles, clock.today(timezone)
    again, screen = work.to_refer_again(who, window), work.to_screen(who, window)
    consent, urgent = work.without_consent(who, window), work.emergencies(who, window)
    families, clocks = work.registered_on(who, on, window), work.clocks(who, window)
    decide = work.to_decide(who, window) if supervises else []
    waiting = referrals.inbox_for(who, window.size, window.first)
    overdue = referrals.overdue_for(who, window.size, window.first) if supervises else []
    turns = consents.turns(who, on, window)
    held = custody.to_do(work.mine(who).with_only_columns(Case.id), who, window.size)
    glass = glass_queries.unseen(who, window.size, window.first) if supervises else []
    duties = duties_of(who, on, window)
    known = work.known_of(
        [
            *(line.access.case_id for line in glass),
            *(r.case_id for r in (*again, *waiting, *overdue)),
            *(row.case.id for rows in (screen, urgent, families, decide) for row in rows),
            *(case.id for case in consent),
            *(c.clock.case_id for c in clocks),
            *(t.case_id for t in turns),
            *(one.case.id for one in held),
            *(d.case_id for d in duties if d.case_id),
        ]
    )
    names = {i: s.name or s.called for i, s in known.items()}
    numbers = {i: s.number for i, s in known.items()}
    parts = [
        _part("urgent", _("Emergencias que nadie atiende"), [_urgent(u, names) for u in urgent], _("Ninguna.")),
        _part("clocks", _("Plazos"), [_clock(c, names, numbers, timezone) for c in clocks], _("Ninguno vencido ni por vencer.")),
        *duty_parts(duties, names, timezone, supervises),
        _part("again", _("Buscar otra opción"), [_again(r, names) for r in again], _("Ninguna referencia quedó sin lugar.")),
        _part("waiting", _("Esperan su respuesta"), [_waiting(r, names, who, timezone) for r in waiting], _("Nada espera su respuesta.")),
        _part("screen", _("Por entrevistar"), [_screen(s, names, timezone) for s in screen], _("Todas las personas han sido entrevistadas.")),
        _part("consent", _("Consentimiento por preguntar"), [_consent(c, names) for c in consent], _("No falta ninguno.")),
        _part("ending", _("Consentimientos por vencer"), today_consent.rows(turns, "ENDING", names, _row), _("Ninguno.")),
        _part("untold", _("Decirle que se actuó sin su consentimiento"), today_consent.rows(turns, "TELL", names, _row), _("Nada por decir.")),
        _part("families", _("Registradas hoy"), [_family(f, names) for f in families], _("Nadie todavía.")),
    ]  # fmt: skip
    if supervises:
        rows = [_decide(d, names) for d in decide]
        waived = today_consent.rows(turns, "REVIEW", names, _row)
        parts.insert(
            0, _part("waived", _("Se actuó sin consentimiento: por revisar"), waived, _("Nada por revisar."))
        )
        unanswered = [_waiting(r, names, who, timezone) | {"next": _("Llamar")} for r in overdue]
        parts.insert(0, _part("overdue", _("Referencias sin respuesta a tiempo"), unanswered, _("Ninguna.")))
        parts.insert(0, _part("decide", _("Cierres por aprobar"), rows, _("Ninguno.")))
        opened = [_glass(line, names) for line in glass]
        parts.insert(
            0,
            _part(
                "glass", _("Accesos excepcionales"), opened, _("Nadie de otro equipo abrió un expediente.")
            ),
        )
    return today_custody.parts(held, names) + parts


def _row(
    case_id: UUID, names: dict[UUID, str], href: str, why: str, when: datetime, next_step: str, **more: Any
) -> dict[str, Any]:
    return {
        "who": names.get(case_id) or _("Sin nombre conocido"), "href": href, "why": why, "since": since(when),
        "since_iso": when.isoformat(timespec="minutes"), "next": next_step, "next_href": href, "clock": None, "tag": None,
        **more,
    }  # fmt: skip


def _noon(when: Any, timezone: str = "UTC") -> datetime:
    return clock.at(when, 12, 0, timezone)


def _file_href(case: Any) -> str:
    return url_for("casefile.show", number=case.number)


def _urgent(row: work.Unanswered, names: dict[UUID, str]) -> dict[str, Any]:
    href = _file_href(row.case)
    why = _("Tiene una emergencia y no se ha pedido a nadie que la atienda")
    when = min(_noon(row.since), clock.now())
    refer = linked("referral.new", number=row.case.number)
    return _row(
        row.case.id, names, href, why, when, _("Referir"), next_href=refer or href, since=day(row.since)
    )


def _clock(
    found: Pressing, names: dict[UUID, str], numbers: dict[UUID, str], timezone: str
) -> dict[str, Any]:
    """A clock; where this person was told of it, late or before the end, the file's clocks ask them to say that they saw it."""
    row = found.clock
    what = reference.label("clock", row.rule)
    shown = clock_shown(row.due_at, timezone, start=row.started_at)
    href = url_for("casefile.show", number=numbers[row.case_id])
    when = min(row.started_at, clock.now())
    if found.told is None:
        return _row(row.case_id, names, href, what, when, _("Abrir"), clock=shown)
    return _row(
        row.case_id, names, href, what, when, _("Ver y anotar visto"), clock=shown,
        next_href=url_for("casefile.clocks", number=numbers[row.case_id]),
        tag={"label": _("se le avisó a usted"), "kind": "warning"}
        if found.told == "LATE"
        else {"label": _("aviso antes de que venza"), "kind": "info"},
    )  # fmt: skip


def _again(found: Referral, names: dict[UUID, str]) -> dict[str, Any]:
    said = (
        _("venció sin respuesta")
        if found.state == "LAPSED"
        else referral_present.reason_text(found, own=False)
    )
    why = _(
        "%(service)s, %(team)s: %(said)s",
        service=referral_present.kind_text(found),
        team=found.to_team.name,
        said=minding.lower(said),
    )
    href = url_for("referral.show", number=found.number)
    return _row(
        found.case_id,
        names,
        href,
        why,
        found.ended_at or found.made_at,
        _("Ver opciones"),
        who=referral_present.who_text(found, names),
    )


def _waiting(found: Referral, names: dict[UUID, str], who: Principal, timezone: str) -> dict[str, Any]:
    receiving = found.to_team_id in who.case_teams
    other = found.from_team if receiving else found.to_team
    why = f"{referral_present.kind_text(found)} · {other.name}"
    href = url_for("referral.show", number=found.number)
    step = (
        _("Responder")
        if receiving
        else _("Dar la información")
        if found.state == "INFO_ASKED"
        else _("Decidir")
    )
    return _row(
        found.case_id, names, href, why, found.sent_at or found.made_at, step,
        who=referral_present.who_text(found, names), clock=referral_present.clock_of(found, timezone),
        tag={
            "label": reference.label("referral_priority", found.priority),
            "kind": referral_present.PRIORITY_TAGS.get(found.priority, "neutral"),
        },
    )  # fmt: skip


def _screen(row: work.ToScreen, names: dict[UUID, str], timezone: str) -> dict[str, Any]:
    case = row.case
    began = (
        began_at(row.arrived_on, row.written_at, timezone)
        if row.arrived_on and row.written_at
        else _noon(case.opened_on, timezone)
    )
    due = due_at(reference.clock_rule("SCREENING_FIRST", case.opened_on, case.country), began, timezone)
    why = {
        "STARTED": _("Entrevista empezada"),
        "UNFINISHED": _(
            "Entrevista sin concluir: %(why)s",
            why=minding.lower(reference.label("screening_incomplete_reason", row.why or "TIME")),
        ),
    }.get(row.state or "", _("Aún no se le entrevista"))
    rule = _("La primera entrevista se concluye en 24 horas desde la llegada.")
    clock_of = clock_shown(due, timezone, start=began, what=_("entrevista"), rule=rule) if due else None
    step = _("Continuar") if row.state else _("Entrevistar a solas")
    return _row(
        case.id, names, _file_href(case), why, min(began, clock.now()), step, clock=clock_of,
        next_href=url_for("protection.start", number=case.number),
    )  # fmt: skip


def _consent(case: Any, names: dict[UUID, str]) -> dict[str, Any]:
    href = linked("people.consents", number=case.number) or _file_href(case)
    why = _("No se le ha preguntado si acepta el registro")
    when = min(_noon(case.opened_on), clock.now())
    return _row(
        case.id,
        names,
        _file_href(case),
        why,
        when,
        _("Preguntar a solas"),
        next_href=href,
        since=day(case.opened_on),
    )


def _family(row: work.Family, names: dict[UUID, str]) -> dict[str, Any]:
    others = row.size - 1
    why = (
        ngettext("y %(num)s persona más", "y %(num)s personas más", others)
        if others
        else _("Sin familia aquí")
    )
    href = _file_href(row.case)
    return _row(row.case.id, names, href, why, clock.now(), _("Abrir"), since=_("hoy"))


def _decide(row: work.ToDecide, names: dict[UUID, str]) -> dict[str, Any]:
    why = _(
        "Cierre por: %(reason)s",
        reason=minding.lower(reference.outside_label("case_closure_reason", row.reason) or ""),
    )
    href = url_for("casefile.decide_request", number=row.case.number)
    return _row(row.case.id, names, _file_href(row.case), why, row.asked_at, _("Decidir"), next_href=href)


def _glass(line: glass_queries.Line, names: dict[UUID, str]) -> dict[str, Any]:
    row = line.access
    why = _(
        "%(team)s lo abrió: %(reason)s",
        team=line.team,
        reason=minding.lower(reference.label("glass_reason", row.reason)),
    )
    href = url_for("casefile.glass_seen", number=row.number)
    return _row(row.case_id, names, href, why, row.opened_at, _("Ver quién y por qué"))


# -- shelters and services ----------------------------------------------------------------------------
def _inbox(who: Principal, timezone: str, window: work.Window) -> dict[str, Any]:
    found = referrals.inbox_for(who, window.size, window.first)
    names = referral_present.names_in(found, who)
    rows = [_waiting(r, names, who, timezone) for r in found]
    return _part("waiting", _("Esperan su respuesta"), rows, _("Nada espera su respuesta."))


def _shelter(team: Any) -> dict[str, Any]:
    now = shelter_night.tonight(team, whole=True)
    return {
        "name": team.site.name,
        "href": url_for("shelter.tonight"),
        "night": _("noche del %(day)s", day=day(now.coming)),
        "free": now.count.free,
        "rows": [
            {"label": _("Lugares"), "value": now.count.capacity},
            {"label": _("Ocupados o reservados"), "value": now.count.taken},
            {"label": _("Libres"), "value": now.count.free},
            {"label": _("Llegan hoy"), "value": len(now.expected)},
            {"label": _("Debían llegar antes"), "value": len(now.overdue_in)},
            {"label": _("Ausentes esta noche"), "value": len(now.absent)},
            {"label": _("Debían salir antes"), "value": len(now.overdue_out)},
            {"label": _("Salidas por acordar"), "value": len(now.to_agree)},
            {"label": _("Salidas por revisar"), "value": len(now.to_review)},
        ],
    }
