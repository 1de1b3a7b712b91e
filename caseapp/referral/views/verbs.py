"""The verbs of a referral as pages: each says what it asks for, checks the version that was read, and leaves
what was typed in place when it is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, Refused
from caseapp.core.forms import VersionedForm
from caseapp.core.i18n import _, ngettext
from caseapp.referral import present, queries, service
from caseapp.referral.access import ANSWER, READ, SEND
from caseapp.referral.errors import NotNow
from caseapp.referral.forms import AskForm, OutcomeForm, ReasonForm, ReplyForm
from caseapp.referral.models import Referral
from caseapp.referral.views import blueprint
from caseapp.referral.views.one import page


def opened(number: str) -> Referral:
    """The referral; locked and read afresh when something is about to be done to it."""
    return queries.referral(access.current(), number, lock=request.method == "POST")


def back(found: Referral, words: str) -> ResponseReturnValue:
    """Done: say so and show the referral. What was said to the team about it has been read by acting."""
    service.read_notices(found)
    flash(words, "good")
    return redirect(url_for("referral.show", number=found.number))


def changed(found: Referral, form: VersionedForm) -> bool:
    """Whether somebody saved the referral after this form was read."""
    version = form.read_version()
    return version is not None and version != found.version


def conflict(found: Referral, form: VersionedForm, wanted: str) -> ResponseReturnValue:
    """409: what was wanted and typed, beside how the referral stands now."""
    rows = [{"label": _("Estado"), "yours": wanted, "saved": reference.label("referral_state", found.state)}]
    saved = {
        "question": found.question,
        "reply": found.reply,
        "unlocks": found.unlocks,
        "message": found.message,
    }
    for field in form:
        if field.short_name in ("version", "csrf_token") or not field.data:
            continue
        rows.append(
            {
                "label": str(field.label.text),
                "yours": str(field.data),
                "saved": saved.get(field.short_name) or "",
            }
        )
    return (
        render_template(
            "referral/conflict.html",
            page_title=_("La referencia cambió"),
            sentence=str(ChangedMeanwhile()),
            rows=rows,
            back_url=url_for("referral.show", number=found.number),
        ),
        409,
    )


def attempt(
    found: Referral, form: VersionedForm, act: Callable[[], object], *, label: str, words: str
) -> ResponseReturnValue | None:
    """Do a verb that a valid form asks for. Returns the answer, or None where the form is shown again."""
    if changed(found, form):
        return conflict(found, form, label)
    try:
        with session.begin_nested():
            act()
    except NotNow:
        session.refresh(found)
        return conflict(found, form, label)
    except Refused as error:
        form.refused(error)
        return None
    return back(found, words)


def form_page(
    found: Referral, form: VersionedForm, title: str, label: str, **extra: Any
) -> ResponseReturnValue:
    """A page that asks for what a verb needs."""
    form.version.data = found.version
    html = render_template(
        "referral/form.html",
        page_title=title,
        found=found,
        form=form,
        label=label,
        back_url=url_for("referral.show", number=found.number),
        **{"lead": "", "happens": [], "quote": "", "kind": "primary", "along": [], "hidden": {}, **extra},
    )
    return html, 422 if request.method == "POST" else 200


@blueprint.post("/referrals/<number>/send")
@needs(SEND)
@commits
def send(number: str) -> ResponseReturnValue:
    """Send a draft."""
    found = opened(number)
    try:
        with session.begin_nested():
            service.send(found)
    except Refused as error:
        return page(found, str(error)), error.status
    return back(found, _("Referencia enviada."))


@blueprint.route("/referrals/<number>/ask", methods=["GET", "POST"])
@needs(ANSWER)
@commits
def ask_info(number: str) -> ResponseReturnValue:
    """Ask the sender something."""
    found, form, label = opened(number), AskForm(), _("Pedir información")
    hours = service.hours_to_pause(found)
    if hours is None:
        del form.stops_clock
    else:
        form.stops_clock.description = ngettext(
            "Por %(num)s hora como máximo y una sola vez; después el plazo sigue.",
            "Por %(num)s horas como máximo y una sola vez; después el plazo sigue.", hours,
        )  # fmt: skip
    if request.method == "POST" and form.validate():
        stops = hours is not None and form.stops_clock.data
        answer = attempt(
            found, form, lambda: service.ask_info(found, form.question.data, stops_clock=stops),
            label=label, words=_("Pregunta enviada."),
        )  # fmt: skip
        if answer is not None:
            return answer
    return form_page(
        found, form, label, _("Enviar pregunta"), lead=_("Pregunte solo lo que necesita para decidir.")
    )


@blueprint.route("/referrals/<number>/reply", methods=["GET", "POST"])
@needs(SEND)
@commits
def give_info(number: str) -> ResponseReturnValue:
    """Answer the receiver's question."""
    found, form, label = opened(number), ReplyForm(), _("Dar la información")
    if request.method == "POST" and form.validate():
        answer = attempt(
            found,
            form,
            lambda: service.give_info(found, form.reply.data),
            label=label,
            words=_("Respuesta enviada."),
        )
        if answer is not None:
            return answer
    return form_page(found, form, label, _("Enviar respuesta"), quote=found.question or "")


@blueprint.route("/referrals/<number>/withdraw", methods=["GET", "POST"])
@needs(SEND)
@commits
def withdraw(number: str) -> ResponseReturnValue:
    """Take the referral back, with everything that hangs on it, which is shown before."""
    found, form, label = opened(number), ReasonForm().offer("withdraw_reason"), _("Retirar referencia")
    if request.method == "POST" and form.validate():
        answer = attempt(
            found,
            form,
            lambda: service.withdraw(found, form.reason.data),
            label=label,
            words=_("Referencia retirada."),
        )
        if answer is not None:
            return answer
    happens = [
        _("La entidad deja de ver a estas personas."),
        _("Los lugares reservados quedan libres."),
        _(
            "Quien ya ingresó se queda. Si retiró su consentimiento, el albergue conserva solo nombre, cama, noches y lo vital."
        ),
    ]
    return form_page(
        found,
        form,
        label,
        label,
        happens=happens,
        kind="danger",
        along=present.dependants_shown(service.dependants(found)),
    )


@blueprint.route("/referrals/<number>/complete", methods=["GET", "POST"])
@needs(ANSWER)
@commits
def complete(number: str) -> ResponseReturnValue:
    """Close the loop with the result."""
    found, label = opened(number), _("Concluir con resultado")
    form = OutcomeForm().tell(found.kind)
    if request.method == "POST" and form.validate():
        answer = attempt(
            found,
            form,
            lambda: service.complete(found, form.reason.data, outcome=form.said()),
            label=label,
            words=_("Referencia concluida."),
        )
        if answer is not None:
            return answer
    happens = [
        _("Quien la envió recibe el resultado."),
        _("Su equipo deja de ver a estas personas, salvo las que siguen alojadas."),
    ]
    return form_page(found, form, label, _("Concluir"), happens=happens)


@blueprint.route("/referrals/<number>/not-complete", methods=["GET", "POST"])
@needs(READ)
@commits
def not_complete(number: str) -> ResponseReturnValue:
    """Accepted and not delivered, with its reason."""
    found, form, label = opened(number), ReasonForm().offer("not_completed_reason"), _("No se realizó")
    if request.method == "POST" and form.validate():
        answer = attempt(
            found,
            form,
            lambda: service.not_complete(found, form.reason.data),
            label=label,
            words=_("Anotado: no se realizó."),
        )
        if answer is not None:
            return answer
    return form_page(
        found,
        form,
        label,
        _("Anotar que no se realizó"),
        happens=[_("Los lugares reservados quedan libres.")],
        kind="danger",
    )


@blueprint.post("/referrals/<number>/start")
@needs(ANSWER)
@commits
def start(number: str) -> ResponseReturnValue:
    """The service began."""
    return _at_once(number, service.start, _("Anotado: empezó el servicio."))


@blueprint.post("/referrals/<number>/agree-part")
@needs(SEND)
@commits
def agree_part(number: str) -> ResponseReturnValue:
    """The sender agrees that only some were accepted."""
    return _at_once(
        number,
        service.agree_part,
        _("Aceptada la parte. Las demás personas pueden referirse a otra entidad."),
    )


@blueprint.post("/referrals/<number>/refuse-part")
@needs(SEND)
@commits
def refuse_part(number: str) -> ResponseReturnValue:
    """The family is not divided."""
    return _at_once(number, service.refuse_part, _("La familia sigue junta. Busque otra opción."))


def _at_once(number: str, act: Callable[[Referral], None], words: str) -> ResponseReturnValue:
    found = opened(number)
    try:
        with session.begin_nested():
            act(found)
    except Refused as error:
        session.refresh(found)
        return page(found, str(error)), error.status
    return back(found, words)
