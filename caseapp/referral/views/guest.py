"""The one-time page, for a receiver without an account (no cookie, no script, no name before the code).

A GET asks nothing of the database and answers every address alike, so that no scanner and no preview learns or uses up
anything. The code is posted; what follows carries a ticket in the form, good for this link alone and half an hour.
"""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer

from caseapp.accounts.queries import timezone_of
from caseapp.core import clock, reference
from caseapp.core.access import open_to_all
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _, language, ngettext
from caseapp.core.pages import csrf, limiter
from caseapp.people import present as people_present
from caseapp.people import rules as people_rules
from caseapp.referral import errors, present, rules, service
from caseapp.referral.fitting import rule_choices
from caseapp.referral.forms import GuestAcceptForm, GuestDeclineForm, GuestForm
from caseapp.referral.kinds import GIVES_PLACES
from caseapp.referral.legal import rules as legal_rules
from caseapp.referral.legal import service as legal
from caseapp.referral.models import Referral
from caseapp.referral.rules import linking, unlocking
from caseapp.referral.service import linking as links
from caseapp.referral.views import blueprint
from caseapp.referral.views.answer import grouped, quick_days
from caseapp.shelter.present import life_critical_lines, requirements_text
from config.settings import settings

TICKET_SECONDS = 30 * 60
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
}


def _answer(template: str, status: int = 200, **values: Any) -> Response:
    other = "es" if language() == "en" else "en"
    answer = make_response(
        render_template(
            f"referral/guest/{template}.html", **{"ticket": "", "place": "", "other": other, **values}
        ),
        status,
    )
    answer.headers.update(HEADERS)
    return answer


def _too_many(limit: Any) -> Response:
    """Too many tries from one address: the same words as everywhere on this page."""
    return _code_page(_("Demasiados intentos seguidos. Espere un minuto."), 429)


def _code_page(wrong: str = "", status: int = 200) -> Response:
    return _answer("code", status, wrong=wrong)


def _closed() -> Response:
    return _code_page(_("Ese código no abre esta página. Revise las cifras o llame a quien se lo dio."), 422)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="referral-link")


def _mac_of_ticket(token: str) -> bytes | None:
    """What the ticket in the form proves; None where it is none, is too old, or belongs to another link."""
    try:
        told = _signer().loads(request.form["ticket"], max_age=TICKET_SECONDS)
        mac, bound = bytes.fromhex(told["m"]), bytes.fromhex(told["h"])
    except (BadSignature, KeyError, TypeError, ValueError):
        return None
    return mac if secrets.compare_digest(bound, linking.token_hash(token)) else None


@blueprint.get("/r/<token>")
@open_to_all
def guest(token: str) -> ResponseReturnValue:
    """Only a field for the code, whatever the address: nothing is looked up, counted or used."""
    return _code_page()


@blueprint.post("/r/<token>")
@csrf.exempt
@open_to_all
@limiter.limit("20/minute;120/hour", on_breach=_too_many)
@commits
def guest_answer(token: str) -> ResponseReturnValue:
    """Try the code, or go on with the ticket of one that opened: read, accept, say no, note that they came."""
    mac = _mac_of_ticket(token)
    if mac is None:
        code = linking.figures(request.form.get("code", ""))
        if len(code) != linking.DIGITS:
            return _closed()
        mac = links.mac_of(token, code)
    attempt = links.try_code(token, mac)
    if attempt.verdict != "OPENED":
        return _closed()
    ticket = str(_signer().dumps({"m": mac.hex(), "h": linking.token_hash(token).hex()}))
    with links.let_in(attempt) as found:
        return _inside(found, ticket)


def _inside(found: Referral, ticket: str) -> Response:
    may, verb = _may(found), request.form.get("verb", "")
    if verb in may:
        return {"check": _check, "accept": _accept, "decline": _decline, "start": _start}[verb](found, ticket)
    return _seen(found, ticket)


def _may(found: Referral) -> tuple[str, ...]:
    """What the page may do now: before the check for conflicts only that, or say no."""
    may = linking.MAY.get(found.state, ())
    return tuple("check" if verb == "accept" else verb for verb in may) if legal.unread(found) else may


def _check(found: Referral, ticket: str) -> Response:
    """Whether there is a conflict of interest, before anybody is read; with one the answer is no, and no more is said."""
    form = GuestForm()
    if not form.validate():
        return _seen(found, ticket, form)
    try:
        with session.begin_nested():
            verdict = legal.check(found)
            if verdict == legal_rules.CONFLICT:
                service.decline(
                    found,
                    legal_rules.SHOWN_AS,
                    channel=rules.ONE_TIME_PAGE,
                    answered_by_name=form.answered_by_name.data,
                )
    except Refused as error:
        form.refused(error)
        return _seen(found, ticket, form)
    if verdict == legal_rules.CONFLICT:
        return _answer(
            "done",
            words=_(
                "Hay conflicto: no pueden representarles. Se anotó «no es posible». Puede cerrar esta página."
            ),
        )
    return _seen(found, ticket)


def _seen(found: Referral, ticket: str, form: GuestForm | None = None, place: str = "") -> Response:
    """What is asked, with the minimum of each person, and what may be answered now; `place`: what became of what was
    held."""
    on = clock.today(timezone_of(found.to_team_id))
    people = links.people_for_guest(found.kind)
    reasons = unlocking.reasons(
        gives_places=found.kind in GIVES_PLACES, with_child=_with_child(people, on), outside=True
    )
    labels = {c.code: c.label() for c in reference.codes("decline_reason")}
    return _answer(
        "seen",
        422 if form is not None else 200,
        ticket=ticket,
        found=found,
        people=[_person(p, on) for p in people],
        ticked=set(request.form.getlist("member")),
        kind=reference.label("service_kind", found.sector),
        nights=present.nights_of(found),
        may=_may(found),
        groups=grouped([(r, labels[r]) for r in reasons]),
        form=form or GuestAcceptForm(formdata=None).ask(_part_reasons(found)),
        accepted=found.state == "ACCEPTED",
        place=place,
    )


def _with_child(people: list[links.GuestSees], on: Any) -> bool:
    return any(p.birth is not None and people_rules.is_child(p.birth, p.age_status, on) for p in people)


def _person(seen: links.GuestSees, on: Any) -> dict[str, Any]:
    facts = (
        people_present.age_text(seen, on) if seen.birth is not None else "",  # type: ignore[arg-type]
        reference.label("sex_in_document", seen.sex) if seen.sex else "",
        people_present.languages_text(list(seen.languages)),
    )
    critical = {line.partition("|")[0] for line in seen.life_critical.splitlines()}
    return {
        "id": str(seen.case_id),
        "name": seen.called or _("Sin nombre conocido"),
        "facts": " · ".join(f for f in facts if f),
        "life": life_critical_lines(seen.life_critical or None),
        "requirements": requirements_text([r for r in seen.requirements if r not in critical]),
    }


def _accept(found: Referral, ticket: str) -> Response:
    """All of them, or those that were ticked; then the sender decides whether the family is divided."""
    form = GuestAcceptForm().ask(_part_reasons(found))
    everybody = [str(m.case_id) for m in found.members]
    ticked = set(request.form.getlist("member")) & set(everybody)
    part = 0 < len(ticked) < len(everybody)
    nobody = not ticked and "chooses" in request.form
    if nobody:
        form.form_errors.append(str(errors.NobodyChosen.sentence))
    if not form.validate() or nobody or (part and not form.reason.data):
        if part and not form.reason.data:
            form.reason.errors = [*form.reason.errors, _("Diga por qué no a las demás.")]
        return _seen(found, ticket, form)
    try:
        with session.begin_nested():
            kept = service.accept(
                found, channel=rules.ONE_TIME_PAGE, answered_by_name=form.answered_by_name.data,
                members=[UUID(one) for one in ticked] if part else None, reason=form.reason.data if part else None,
            )  # fmt: skip
    except Refused as error:
        form.refused(error)
        return _seen(found, ticket, form)
    if part:
        words = _(
            "Se anotó. Quien envía decide si la familia se separa y le llama. Guarde el enlace y el código."
        )
        return _answer("done", words=words, place=_place(found, kept))
    return _seen(found, ticket, place=_place(found, kept))


def _place(found: Referral, kept: int) -> str:
    """What became of what was held, for whoever said yes."""
    if kept:
        return ngettext(
            "El lugar que estaba apartado quedó reservado.",
            "Los %(num)s lugares que estaban apartados quedaron reservados.",
            kept,
        )
    if present.no_place_kept(found, []):
        return _("En el sistema no quedó lugar reservado. Guárdelo usted y dígaselo a quien envía.")
    return ""


def _part_reasons(found: Referral) -> list[tuple[str, str]]:
    """Why not the others: what somebody outside may say of a part."""
    reasons = unlocking.reasons(
        gives_places=found.kind in GIVES_PLACES, with_child=True, outside=True, part=True
    )
    return [(r, reference.label("decline_reason", r)) for r in reasons]


def _decline(found: Referral, ticket: str) -> Response:
    """The reason was tapped; what it asks is shown, and sent with the second tap."""
    on = clock.today(timezone_of(found.to_team_id))
    people = links.people_for_guest(found.kind)
    reasons = unlocking.reasons(
        gives_places=found.kind in GIVES_PLACES, with_child=_with_child(people, on), outside=True
    )
    form = GuestDeclineForm().ask(reasons, lambda: rule_choices(found))
    if form.reason.data not in dict(form.reason.choices):
        return _seen(found, ticket)
    if request.form.get("send") or request.form.get("quick"):
        if form.validate():
            try:
                with session.begin_nested():
                    service.decline(
                        found, form.reason.data, channel=rules.ONE_TIME_PAGE, answered_by_name=form.answered_by_name.data,
                        **form.said(),
                    )  # fmt: skip
                return _answer("done", words=_("Se anotó: no es posible. Puede cerrar esta página."))
            except Refused as error:
                form.refused(error)
        status = 422
    else:
        status = 200
    return _answer(
        "no", status, ticket=ticket, form=form, chosen=form.reason.data, quick=quick_days(form, on),
        reason=dict(form.reason.choices)[form.reason.data],
    )  # fmt: skip


def _start(found: Referral, ticket: str) -> Response:
    service.start(found, channel=rules.ONE_TIME_PAGE)
    return _answer("done", words=_("Se anotó que llegaron. Puede cerrar esta página."))
