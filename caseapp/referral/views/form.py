"""The referral on paper: three copies in two languages, and whether the person took theirs."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.errors import NotYours
from caseapp.core.i18n import LANGUAGES, _, language
from caseapp.referral import paper, queries, rules
from caseapp.referral.access import SEND
from caseapp.referral.models import CLIENT_COPY, Referral
from caseapp.referral.views import blueprint
from caseapp.referral.views.verbs import opened


def _sent(number: str) -> Referral:
    found = opened(number)
    if rules.SENDER not in queries.party_of(found, access.current()):
        raise NotYours
    return found


@blueprint.get("/referrals/<number>/form")
@needs(SEND)
def form(number: str) -> ResponseReturnValue:
    """Which copy, in which language."""
    found = _sent(number)
    names = {
        "sender": _("Para el expediente"), "receiver": _("Para quien recibe"), "client": _("Para la persona, si la quiere")
    }  # fmt: skip
    tongues = {"es": _("en español"), "en": _("en inglés")}
    return render_template(
        "referral/form_paper.html",
        page_title=_("Formulario en papel"),
        found=found,
        prints=paper.may_print(found),
        copies=[
            (words, [(tongues[tongue], url_for("referral.form_pdf", number=found.number, copy=copy, lang=tongue)) for tongue in LANGUAGES])
            for copy, words in names.items()
        ],
        taken={"TAKEN": _("La persona llevó su copia."), "DECLINED": _("La persona no quiso llevar su copia.")}.get(
            found.client_copy or "", ""
        ),
    )  # fmt: skip


@blueprint.post("/referrals/<number>/form")
@needs(SEND)
@commits
def client_copy(number: str) -> ResponseReturnValue:
    """The person took their copy, or did not want it; both are as good."""
    found, answer = _sent(number), request.form.get("client_copy", "")
    if answer in CLIENT_COPY and found.sent_at is not None:
        found.client_copy = answer
        audit.record("client_copy", "referral", found.id, answer)
        flash(_("Anotado."), "good")
    return redirect(url_for("referral.form", number=found.number))


@blueprint.get("/referrals/<number>/form/<copy>.pdf")
@needs(SEND)
@records_view
def form_pdf(number: str, copy: str) -> ResponseReturnValue:
    """One copy as a file; that it was made is written down."""
    found = _sent(number)
    if copy not in paper.COPIES:
        abort(404)
    tongue = language()
    made = paper.pdf(found, copy, tongue)
    audit.record("exported", "referral", found.id, f"FORM:{copy}:{tongue}")
    answer = Response(made, mimetype="application/pdf")
    # The name of a file that somebody carries says nothing either.
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.number}-{copy[0]}.pdf"'
    return answer
