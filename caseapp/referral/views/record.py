"""What was answered outside the system, by telephone, on paper or in person, written down by the sender."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.forms import VersionedForm
from caseapp.core.i18n import _
from caseapp.referral import rules, service
from caseapp.referral.access import SEND
from caseapp.referral.fitting import rule_choices
from caseapp.referral.forms import RecordDeclineForm, RecordForm, RecordResultForm, ToldForm
from caseapp.referral.models import Referral
from caseapp.referral.views import blueprint
from caseapp.referral.views.answer import decline_page, reasons_of
from caseapp.referral.views.verbs import attempt, form_page, opened

PHONE = rules.RECORDED_BY_SENDER[0]


def answers() -> tuple[tuple[str, str], ...]:
    """What may have been answered, in words."""
    return (
        ("accept", _("Aceptaron")), ("decline", _("No aceptaron")), ("start", _("La persona llegó o empezó el servicio")),
        ("complete", _("Concluyó, con su resultado")),
    )  # fmt: skip


@blueprint.route("/referrals/<number>/record", methods=["GET", "POST"])
@needs(SEND)
@commits
def record(number: str) -> ResponseReturnValue:
    """Write down an answer with who gave it and how; a no asks as much as the receiver's own page does."""
    found, answer = opened(number), request.values.get("answer", "")
    possible = [(a, words) for a, words in answers() if rules.may(a, found.state, rules.SENDER, PHONE)]
    if answer not in dict(answers()) or (request.method == "GET" and answer not in dict(possible)):
        page = render_template(
            "referral/record.html",
            page_title=_("Anotar respuesta dada fuera del sistema"),
            found=found,
            possible=possible,
        )
        return page, 422 if request.method == "POST" else 200
    return _decline(found) if answer == "decline" else _other(found, answer)


def _decline(found: Referral) -> ResponseReturnValue:
    form, label = RecordDeclineForm(reason=request.args.get("reason", "")), _("Anotar que no aceptaron")
    form.ask(reasons_of(found, outside=True), lambda: rule_choices(found))
    if request.method == "POST" and form.validate():
        done = attempt(
            found, form, lambda: service.decline(found, form.reason.data, **_told(form), **form.said()), label=label,
            words=_("Respuesta anotada."),
        )  # fmt: skip
        if done is not None:
            return done
    url = url_for("referral.record", number=found.number, answer="decline")
    return decline_page(found, form, label, url, first=("channel", "answered_by_name", "read_back"))


def _told(form: Any) -> dict[str, Any]:
    return {
        "channel": form.channel.data, "answered_by_name": form.answered_by_name.data, "read_back": form.read_back.data,
    }  # fmt: skip


def _other(found: Referral, answer: str) -> ResponseReturnValue:
    label = dict(answers())[answer]
    form, act = _form(found, answer)
    if request.method == "POST" and form.validate():
        done = attempt(found, form, act, label=label, words=_("Respuesta anotada."))
        if done is not None:
            return done
    lead = _(
        "Lea de vuelta lo que entendió antes de guardar. Aquí no se elige lugar: si aceptan, lo que estaba apartado queda reservado."
    )
    return form_page(found, form, label, _("Anotar respuesta"), lead=lead, hidden={"answer": answer})


def _form(found: Referral, answer: str) -> tuple[VersionedForm, Callable[[], object]]:
    if answer == "accept":
        accepted = RecordForm()
        return accepted, lambda: service.accept(found, **_told(accepted))
    if answer == "start":
        began = ToldForm()
        return began, lambda: service.start(found, channel=began.channel.data)
    result = RecordResultForm()
    result.tell(found.kind)
    return result, lambda: service.complete(
        found, result.reason.data, outcome=result.said(), channel=result.channel.data
    )
