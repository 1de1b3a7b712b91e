"""Pages of waiting lists: the list a team keeps, its own people on others' lists, one entry with its history."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, Refused
from caseapp.core.forms import Form, VersionedForm
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import moment, paged, since
from caseapp.referral import kinds, present, queries
from caseapp.referral.access import ANSWER, READ, SEND
from caseapp.referral.views import blueprint
from caseapp.referral.waiting import queries as waiting
from caseapp.referral.waiting import rules, service
from caseapp.referral.waiting.forms import JoinForm, LeaveForm, OfferForm
from caseapp.referral.waiting.models import WaitingEntry


@blueprint.get("/referrals/waiting")
@needs(READ)
def waiting_lists() -> ResponseReturnValue:
    """Who waits for the team's services, in the published order; or the team's own people who wait elsewhere."""
    who = access.current()
    side = "out" if request.args.get("side") == "out" or not who.may(ANSWER) else "in"
    kinds = {kind: count for _team, kind, count in waiting.lists_of(who)} if side == "in" else {}
    kind = request.args.get("kind", "")
    kind = kind if kind in kinds else next(iter(kinds), "")
    page = paged(waiting.kept(who, kind) if side == "in" else waiting.own(who))
    timezone = timezone_of(who.case_teams[0]) if who.case_teams else "UTC"
    return render_template(
        "referral/waiting/list.html",
        page_title=_("Lista de espera"),
        side=side,
        page=page,
        kind=kind,
        kinds=[(k, reference.label("service_kind", k), n) for k, n in kinds.items()],
        rule=_rule(kind) if kind else [],
        rows=[_row(found, side, timezone) for found in page.rows],
    )


def _row(found: WaitingEntry, side: str, timezone: str) -> dict[str, Any]:
    return {
        "href": url_for("referral.waiting_entry", entry_id=found.id),
        "rank": found.rank,
        "size": size_text(found),
        "requirements": present_requirements(found),
        "why": why_text(found),
        "kind": reference.label("service_kind", found.kind),
        "other": found.from_team.name if side == "in" else found.to_team.name,
        "number": found.referral.number if side == "out" else None,
        "priority": reference.label("referral_priority", found.priority),
        "priority_kind": present.PRIORITY_TAGS.get(found.priority, "neutral"),
        "since": since(found.since),
        "since_iso": found.since.isoformat(timespec="minutes"),
        "state": state_text(found, timezone),
        "offered": found.state == rules.OFFERED,
        "may_offer": side == "in" and found.state == rules.WAITING,
    }


def size_text(found: WaitingEntry) -> str:
    parts = [
        ngettext("%(num)d persona adulta", "%(num)d personas adultas", found.adults) if found.adults else "",
        ngettext("%(num)d niña o niño", "%(num)d niñas o niños", found.children) if found.children else "",
    ]
    return ", ".join(filter(None, parts))


def present_requirements(found: WaitingEntry) -> str:
    return ", ".join(
        reference.label("placement_requirement", r) for r in kinds.carried(found.kind, found.requirements)
    )


def why_text(found: WaitingEntry) -> str:
    """The published criteria that hold for an entry, in words."""
    held = rules.Waiting(found.priority, frozenset(found.criteria), found.since)
    return " · ".join(reference.label("waiting_criterion", c) for c in rules.why(found.kind, held))


def state_text(found: WaitingEntry, timezone: str) -> str:
    return {
        rules.WAITING: _("En espera"),
        rules.OFFERED: _("Cupo ofrecido hasta %(when)s", when=moment(found.offer_until, timezone)),
        rules.ASKED: _("Referencia enviada"),
        rules.PLACED: _("Se aceptó"),
        rules.LEFT: _("Salió de la lista"),
    }[found.state]


def _rule(kind: str) -> list[str]:
    """The published order of a kind, sentence by sentence."""
    return [
        _("La prioridad de la referencia"),
        *(reference.label("waiting_criterion", c) for c in rules.criteria_of(kind)),
        _("Quien espera desde hace más tiempo"),
    ]


@blueprint.get("/referrals/waiting/<uuid:entry_id>")
@needs(READ)
@commits
def waiting_entry(entry_id: UUID) -> ResponseReturnValue:
    """An entry: why it stands where it stands, every rank it had, and who went past it with which reason."""
    return _entry_page(waiting.entry(access.current(), entry_id))


def _entry_page(found: WaitingEntry) -> str:
    who = access.current()
    audit.record("viewed", "waiting_entry", found.id)
    sender = found.from_team_id in who.case_teams
    timezone = timezone_of(found.from_team_id if sender else found.to_team_id)
    number = _number(found) if sender else None
    return render_template(
        "referral/waiting/show.html",
        page_title=_("En lista de espera: %(kind)s", kind=reference.label("service_kind", found.kind)),
        found=found,
        rank=found.rank,
        state=state_text(found, timezone),
        summary=[
            {"label": _("De"), "value": found.from_team.name},
            {"label": _("Para"), "value": found.to_team.name},
            {"label": _("Cuántas personas"), "value": size_text(found)},
            {"label": _("Lo que necesita el lugar"), "value": present_requirements(found) or _("Nada especial")},
            {"label": _("Prioridad"), "value": reference.label("referral_priority", found.priority)},
            {"label": _("Qué cuenta para su lugar"), "value": why_text(found) or _("Solo la prioridad y el tiempo")},
            {"label": _("Espera desde"), "value": moment(found.since, timezone)},
        ],
        number=number,
        rule=_rule(found.kind),
        history=[
            {
                "at": moment(line.at, timezone),
                "step": reference.label("waiting_step", line.step),
                "rank": _("%(rank)d de %(length)d", rank=line.rank, length=line.length) if line.rank else "–",
            }
            for line in waiting.history_of(found)
        ],
        passed=[
            {"at": moment(p.at, timezone), "reason": reference.label("waiting_passed_reason", p.reason)}
            for p in waiting.passings_of(found)
        ],
        may_offer=who.may(ANSWER) and found.to_team_id in who.case_teams and found.state == rules.WAITING,
        may_take=sender and who.may(SEND) and found.state in (rules.WAITING, rules.OFFERED),
        may_put_off=sender and who.may(SEND) and found.state == rules.OFFERED,
    )  # fmt: skip


def _number(found: WaitingEntry) -> str | None:
    from caseapp.referral.models import Referral

    behind = session.get(Referral, found.referral_id)
    return behind.number if behind else None


@blueprint.route("/referrals/<number>/wait", methods=["GET", "POST"])
@needs(SEND)
@commits
def wait(number: str) -> ResponseReturnValue:
    """Put the people of a draft, a declined or a lapsed referral on the receiver's waiting list."""
    found = queries.referral(access.current(), number, lock=request.method == "POST")
    if found.from_team_id not in access.current().case_teams:
        raise NotYours
    form = JoinForm().offer(found.kind)
    if request.method == "POST" and form.validate():
        try:
            with session.begin_nested():
                row = service.join(found, form.told.data or [])
            flash(_("En la lista de espera, en el lugar %(rank)d.", rank=row.rank), "good")
            return redirect(url_for("referral.waiting_entry", entry_id=row.id))
        except Refused as error:
            form.refused(error)
    page = render_template(
        "referral/waiting/join.html",
        page_title=_("Poner en lista de espera"),
        found=found,
        form=form,
        kind=reference.label("service_kind", found.kind),
        rule=_rule(found.kind),
        happens=[
            _("%(team)s ve cuántas personas esperan, lo que necesita el lugar y qué cuenta para su lugar en la lista.", team=found.to_team.name),
            _("No ve nombres ni números de expediente."),
            _("Cuando haya cupo le avisan a su equipo y la referencia se envía con un toque."),
        ],
    )  # fmt: skip
    return page, 422 if request.method == "POST" else 200


@blueprint.route("/referrals/waiting/<uuid:entry_id>/offer", methods=["GET", "POST"])
@needs(ANSWER)
@commits
def offer_place(entry_id: UUID) -> ResponseReturnValue:
    """Offer a place; past somebody who stands before only with a reason."""
    found = waiting.entry(access.current(), entry_id, lock=request.method == "POST")
    form = OfferForm(version=found.version)
    ahead = waiting.before(found) if found.state == rules.WAITING else []

    def act() -> None:
        service.offer(found, {e.id: form.reason.data for e in ahead if form.reason.data})

    done = _attempt(found, form, act, _("Cupo ofrecido. Su equipo ya tiene el aviso."))
    if done is not None:
        return done
    timezone = timezone_of(found.to_team_id)
    page = render_template(
        "referral/waiting/offer.html",
        page_title=_("Ofrecer un cupo"),
        found=found,
        form=form,
        size=size_text(found),
        ahead=[_row(e, "in", timezone) for e in ahead],
        back_url=url_for("referral.waiting_lists", kind=found.kind),
    )
    return page, 422 if request.method == "POST" else 200


@blueprint.post("/referrals/waiting/<uuid:entry_id>/not-now")
@needs(SEND)
@commits
def put_off(entry_id: UUID) -> ResponseReturnValue:
    """The offer cannot be taken now; they wait on."""
    found = waiting.entry(access.current(), entry_id, lock=True)
    service.not_now(found)
    flash(_("Siguen en espera, con su antigüedad."), "info")
    return redirect(url_for("referral.waiting_entry", entry_id=found.id))


@blueprint.post("/referrals/waiting/<uuid:entry_id>/take")
@needs(SEND)
@commits
def take_place(entry_id: UUID) -> ResponseReturnValue:
    """On to the draft, to look at it once more and send it."""
    behind = service.take(waiting.entry(access.current(), entry_id, lock=True))
    return redirect(url_for("referral.show", number=behind.number))


@blueprint.route("/referrals/waiting/<uuid:entry_id>/leave", methods=["GET", "POST"])
@needs(SEND)
@commits
def leave_list(entry_id: UUID) -> ResponseReturnValue:
    """Take them off the list."""
    found = waiting.entry(access.current(), entry_id, lock=request.method == "POST")
    form = LeaveForm(version=found.version)
    done = _attempt(
        found, form, lambda: service.leave(found, form.reason.data), _("Ya no están en la lista de espera.")
    )
    if done is not None:
        return done
    page = render_template(
        "referral/waiting/leave.html",
        page_title=_("Quitar de la lista de espera"),
        form=form,
        back_url=url_for("referral.waiting_entry", entry_id=found.id),
    )
    return page, 422 if request.method == "POST" else 200


def _attempt(
    found: WaitingEntry, form: VersionedForm | Form, act: Any, words: str
) -> ResponseReturnValue | None:
    """Do a verb that a valid form asks for; None where the form is shown (again)."""
    if request.method != "POST" or not form.validate():
        return None
    version = form.read_version() if isinstance(form, VersionedForm) else None
    try:
        if version is not None and version != found.version:
            raise ChangedMeanwhile
        with session.begin_nested():
            act()
    except Refused as error:
        form.refused(error)
        return None
    flash(words, "good")
    return redirect(url_for("referral.waiting_entry", entry_id=found.id))
