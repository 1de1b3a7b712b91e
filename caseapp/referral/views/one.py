"""One referral, as sender or receiver, with the verbs that the rules allow now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.i18n import _
from caseapp.core.pages import day, moment
from caseapp.people.models import Case
from caseapp.places import queries as places
from caseapp.referral import events, kinds, present, queries, rules, service, showing
from caseapp.referral.access import ANSWER, READ, SEND
from caseapp.referral.kinds import GIVES_PLACES
from caseapp.referral.legal import present as present_legal
from caseapp.referral.legal import service as legal
from caseapp.referral.models import ITEMS, Referral
from caseapp.referral.options import WITH_PLACES, next_options
from caseapp.referral.paper import may_print
from caseapp.referral.queries import related
from caseapp.referral.rules import linking, reviewing
from caseapp.referral.service.nights import STILL_ASKED
from caseapp.referral.views import blueprint
from caseapp.referral.waiting import rules as waiting_rules
from caseapp.shelter import present as shelter_present
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter import service as shelter_service
from caseapp.shelter.models import GIVEN, Stay

#: Verb → (label, endpoint, kind of button, permission). The first that is allowed is the primary one.
VERBS = (
    ("send", lambda: _("Enviar referencia"), "referral.send", "post", SEND),
    ("accept", lambda: _("Aceptar"), "referral.accept", "primary", ANSWER),
    ("decline", lambda: _("No aceptar"), "referral.decline", "quiet", ANSWER),
    ("ask_info", lambda: _("Pedir información"), "referral.ask_info", "quiet", ANSWER),
    ("give_info", lambda: _("Dar la información"), "referral.give_info", "primary", SEND),
    ("agree_part", lambda: _("Aceptar la parte"), "referral.agree_part", "primary", SEND),
    ("refuse_part", lambda: _("No separar a la familia"), "referral.refuse_part", "quiet", SEND),
    ("start", lambda: _("Anotar que empezó"), "referral.start", "primary", ANSWER),
    ("complete", lambda: _("Concluir con resultado"), "referral.complete", "quiet", ANSWER),
    ("not_complete", lambda: _("No se realizó"), "referral.not_complete", "quiet", READ),
    ("withdraw", lambda: _("Retirar"), "referral.withdraw", "danger", SEND),
)


@blueprint.get("/referrals/<number>")
@needs(READ)
@records_view
def show(number: str) -> ResponseReturnValue:
    """A referral: the draft with its preview, or how it stands."""
    return page(queries.referral(access.current(), number))


def page(found: Referral, wrong: str = "") -> str:
    """The page of a referral; `wrong` is a refusal to say on top."""
    who = access.current()
    audit.record("viewed", "referral", found.id)
    parties = queries.party_of(found, who)
    sender = rules.SENDER in parties
    timezone = timezone_of(found.from_team_id if sender else found.to_team_id)
    # Once it has ended without a service, the receiver sees its own answer and nobody's person.
    people = present.seen_by_receiver(
        found.kind, found.items, _shown_members(found, sender), clock.today(timezone)
    )
    stays = shelter_queries.holding_for_referral(found.id) if found.sent_at else []
    notices = queries.notices_of([found.id], who).get(found.id, [])
    return render_template(
        "referral/show.html",
        page_title=_("Referencia %(number)s", number=found.number),
        found=found,
        sender=sender,
        people=people,
        hidden=not sender and not people,
        items=[present.item_texts()[i] for i in ITEMS if i in found.items],
        summary=_summary(found, sender, timezone, texts=sender or _reads_everybody(found, people)),
        clock=present.clock_of(found, timezone),
        state_kind=present.STATE_TAGS.get(found.state, "neutral"),
        priority_kind=present.PRIORITY_TAGS.get(found.priority, "neutral"),
        verbs=allowed(found, parties),
        steps=_steps(found, timezone),
        notices=[present.notice_text(kind) for kind in notices],
        stays=[
            {
                "name": s.called_name,
                "nights": present.nights_text(s.first_night, s.last_night),
                "state": s.state,
            }
            for s in stays
            if s.state != "HELD"
        ],
        missing=_missing(found) if sender else "",
        hold=_hold(found, stays, timezone),
        records=sender
        and who.may(SEND)
        and _may_be_told(found)
        and not (any(s.state in GIVEN for s in stays) and related.answering_teams([found.to_team_id])),
        no_place=sender and present.no_place_kept(found, stays),
        link_url=url_for("referral.link", number=found.number)
        if sender and who.may(SEND) and found.nobody_told_at is not None and found.state in linking.MAY
        else None,
        wrong=wrong,
        silent=sender and found.next_told_at is not None and found.state in rules.AWAITING_RECEIVER,
        duty=places.duty_of(who, found.to_team_id, found.kind)
        if sender and found.state in rules.AWAITING_RECEIVER
        else {},
        blind=not sender and found.state in rules.AWAITING_RECEIVER and legal.unread(found),
        represented=present_legal.lines(found) if kinds.of(found.kind).blind else [],
        lawyer_url=_lawyer_url(found, parties),
        reached=_reached(found)
        if sender and found.to_team.stands_for_id and found.state not in rules.ENDED
        else None,
        nobody=found.nobody_told_at is not None and sender and found.state in rules.AWAITING_RECEIVER,
        form_url=url_for("referral.form", number=found.number)
        if sender and who.may(SEND) and may_print(found)
        else None,
        nights_url=_nights_url(found) if sender and who.may(SEND) else None,
        review_url=_review_url(found),
        ground=_ground(found) if sender else None,
        **_next(found, sender),
        may_wait=sender and who.may(SEND) and waiting_rules.may_join(found.state, found.not_completed_reason),
    )


def _reached(found: Referral) -> dict[str, Any]:
    """How a receiver that is an entry of the directory is called, and where the rest of it stands."""
    entry = found.to_team.stands_for_id
    assert entry is not None
    lines = [
        " · ".join(filter(None, (c.name, c.phone, c.email)))
        for c in places.contacts_of(access.current(), entry)
    ]
    return {"lines": list(dict.fromkeys(lines)), "href": url_for("places.show", service_id=entry)}


def _lawyer_url(found: Referral, parties: tuple[str, ...]) -> str | None:
    """Where it is written who represents the people of a referral for legal aid."""
    if not kinds.of(found.kind).blind or found.state not in ("ACCEPTED", "STARTED"):
        return None
    if not access.current().may(READ) or not legal.writes(found, parties):
        return None
    return url_for("referral.lawyers", number=found.number)


def _may_be_told(found: Referral) -> bool:
    """Whether something that is missing may be told by telephone or on paper."""
    return any(
        rules.may(verb, found.state, rules.SENDER, rules.RECORDED_BY_SENDER[0]) for verb in rules.OUTSIDE
    )


def _nights_url(found: Referral) -> str | None:
    if found.first_night is None or found.state not in STILL_ASKED:
        return None
    return url_for("referral.nights", number=found.number)


def _review_url(found: Referral) -> str | None:
    """Where somebody else than who wrote a reason down is to look at it."""
    row = related.review_of(found, access.current())
    if row is None or not reviewing.may_review(access.current().user_id, row.asked_by_id):
        return None
    return url_for("referral.review", number=found.number)


def _ground(found: Referral) -> Referral | None:
    return session.get(Referral, found.because_of_id) if found.because_of_id else None


def _next(found: Referral, sender: bool) -> dict[str, Any]:
    """For the sender, once nobody takes them: who else may, each with the new referral already filled in."""
    if (
        not sender
        or not access.current().may(SEND)
        or not reviewing.needs_another(found.state, found.not_completed_reason)
    ):
        return {"again": None, "who_url": None, "options": []}
    number = _case_number(found)
    if not number:
        return {"again": None, "who_url": None, "options": []}
    options = [
        {
            "label": option.label,
            "reasons": option.reasons,
            "href": url_for(
                "referral.new", number=number, kind=found.kind, again=found.number, to=option.key
            ),
        }
        for option in next_options(found)
    ]
    return {
        "again": url_for("referral.new", number=number, kind=found.kind, again=found.number),
        "who_url": _who_url(found, number),
        "options": options,
    }


def _who_url(found: Referral, number: str) -> str | None:
    """Who can take them, with these people and the nights that are still ahead."""
    if found.kind != WITH_PLACES or found.first_night is None or found.last_night is None:
        return None
    first = max(found.first_night, clock.today(timezone_of(found.from_team_id)))
    return url_for(
        "referral.who", number=number, members=[str(m.case_id) for m in found.members], first_night=first.isoformat(),
        last_night=max(first, found.last_night).isoformat(), priority=found.priority,
    )  # fmt: skip


def _hold(found: Referral, stays: Sequence[Stay], timezone: str) -> str:
    """What is held while the shelter answers, or what it declares, before it is sent."""
    if found.kind not in GIVES_PLACES:
        return ""
    if found.state == "DRAFT":
        minutes = shelter_service.hold_policy(found.to_team_id).get(found.priority)
        return shelter_present.hold_words(minutes)
    held = [s for s in stays if s.state == "HELD" and s.held_until and s.held_until > clock.now()]
    return shelter_present.held_words(held, timezone) if held else ""


def _missing(found: Referral) -> str:
    """Who did not come to the shelter, for whoever looks for them."""
    if found.kind not in GIVES_PLACES or found.answered_at is None:
        return ""
    return ", ".join(s.called_name or "" for s in events.stays_of(found.id) if s.state == "NO_SHOW")


def _reads_everybody(found: Referral, people: Sequence[present.Seen]) -> bool:
    """Texts may speak of anybody who was ever of it: they are shown to a receiver who still reads them all."""
    return {p.case_id for p in people} == {m.case_id for m in queries.everyone_of(found.id)}


def _shown_members(found: Referral, sender: bool) -> list[Any]:
    if found.state == "DRAFT":
        return list(showing.as_sent(found.kind, found.items, found.members))
    if sender or found.state not in rules.ENDED:
        return list(found.members)
    return [m for m in found.members if m.outcome == "ACCEPTED"]


def allowed(found: Referral, parties: tuple[str, ...]) -> list[dict[str, Any]]:
    """The verbs that this person may do now, the first of them primary."""
    who = access.current()
    unread = rules.SENDER not in parties and legal.unread(found)
    rows = [
        {"verb": verb, "label": label(), "href": url_for(endpoint, number=found.number), "kind": kind}
        for verb, label, endpoint, kind, permission in VERBS
        if who.may(permission)
        and any(rules.may(verb, found.state, party) for party in parties)
        # Before the check for conflicts a receiver may only say no.
        and not (unread and verb in ("accept", "ask_info"))
        # The check-in and the last departure do this for a shelter.
        and not (verb in ("start", "complete") and found.sector == "SHELTER" and found.state == "ACCEPTED")
    ]
    for i, row in enumerate(rows):
        if i and row["kind"] == "primary":
            row["kind"] = "quiet"
    return rows


def _case_number(found: Referral) -> str:
    case = session.get(Case, found.case_id)
    return case.number if case else ""


def _summary(found: Referral, sender: bool, timezone: str, *, texts: bool) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"label": _("Servicio"), "value": present.kind_text(found)},
        {"label": _("De"), "value": found.from_team.name},
        {"label": _("Para"), "value": found.to_team.name},
        {
            "label": _("Noches"),
            "value": present.nights_of(found),
            "note": " · ".join(present.nights_changed(related.nights_of(found) if found.first_night else [])),
        },
        {"label": _("Debe ser atendida antes de"), "value": moment(found.be_seen_by, timezone)},
        {"label": _("Enviada"), "value": moment(found.sent_at, timezone)},
        {"label": _("Mensaje"), "value": found.message if texts else ""},
        {"label": _("Pregunta"), "value": found.question if texts else ""},
        {"label": _("Respuesta a la pregunta"), "value": found.reply if texts else ""},
        {"label": _("Respondida"), "value": moment(found.answered_at, timezone), "note": _channel(found)},
        {"label": _("Motivo"), "value": present.reason_text(found, own=not sender)},
        {"label": _("Qué lo haría posible"), "value": present.unlocks_text(found)},
        {
            "label": _("Motivo del retiro"),
            "value": found.withdraw_reason and reference.label("withdraw_reason", found.withdraw_reason),
        },
        {"label": _("Resultado"), "value": found.result and reference.label("service_result", found.result)},
        {
            "label": _("En qué quedó"),
            "value": found.outcome and reference.label("service_outcome", found.outcome),
        },
        {
            "label": _("Por qué no se realizó"),
            "value": found.not_completed_reason
            and reference.label("not_completed_reason", found.not_completed_reason),
        },
    ]
    return [row for row in rows if row["value"]]


def _channel(found: Referral) -> str:
    if found.answer_channel in (None, "SYSTEM"):
        return ""
    label = reference.label("answer_channel", found.answer_channel)
    return f"{label} ({found.answered_by_name})" if found.answered_by_name else label


def _steps(found: Referral, timezone: str) -> list[dict[str, Any]]:
    words = present.verb_texts()
    parties = {
        rules.SENDER: found.from_team.name,
        rules.RECEIVER: found.to_team.name,
        rules.CLOCK: _("el plazo"),
        rules.STAY: found.to_team.name,
    }
    days: dict[str, dict[str, Any]] = {}
    for step in queries.steps_of(found):
        local = clock.local(step.at, timezone)
        entry = {"fact": words[step.verb], "who": parties[step.party], "time": f"{local:%H:%M}"}
        days.setdefault(
            local.date().isoformat(),
            {"text": day(local.date()), "iso": local.date().isoformat(), "entries": []},
        )["entries"].append(entry)
    return list(reversed(days.values()))


@blueprint.post("/referrals/<number>/seen")
@needs(READ)
@commits
def seen(number: str) -> ResponseReturnValue:
    """The team has read what was said to it."""
    found = queries.referral(access.current(), number)
    service.read_notices(found)
    flash(_("Avisos leídos."), "info")
    return redirect(url_for("referral.show", number=found.number))


__all__ = ["allowed", "page"]
