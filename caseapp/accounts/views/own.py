"""One's own account: language, password, and the browsers in which one is signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts import queries
from caseapp.accounts.access import OWN_ACCOUNT
from caseapp.accounts.forms import ChangePasswordForm, LanguageForm
from caseapp.accounts.service import sessions, users
from caseapp.accounts.views import blueprint
from caseapp.accounts.views.identity import browser, give_cookie, keep_language, visit
from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _


def _who() -> UUID:
    user_id = access.current().user_id
    assert user_id is not None  # `needs` has seen to it
    return user_id


def timezone() -> str:
    """The zone in which times are shown to this user: that of the first team's site."""
    grants = access.current().grants
    return queries.timezone_of(grants[0].team_id) if grants else "UTC"


@blueprint.get("/account")
@needs(OWN_ACCOUNT)
def show() -> ResponseReturnValue:
    """Who one is here, one's roles, language and sessions."""
    who, found = access.current(), visit()
    places = found.places if found else tuple(g.team_code for g in who.grants)
    roles = [
        f"{reference.label('role', g.role)}, {place}" for g, place in zip(who.grants, places, strict=True)
    ]
    living: list[dict[str, Any]] = [
        {"row": row, "here": found is not None and row.id == found.session_id}
        for row in queries.living_sessions(_who())
    ]
    form = LanguageForm(language=found.language if found else who.language)
    return render_template(
        "accounts/own.html", page_title=_("Mi cuenta"), email=who.name, name=found.name if found else who.name,
        roles=roles, sessions=living, form=form, timezone=timezone(),
    )  # fmt: skip


@blueprint.post("/account/language")
@needs(OWN_ACCOUNT)
@commits
def language() -> ResponseReturnValue:
    """The language of one's pages, here and at every later sign-in."""
    form = LanguageForm()
    answer = redirect(url_for("account.show"))
    if not form.validate():
        return answer
    users.choose_language(_who(), form.language.data)
    return keep_language(answer, form.language.data)


@blueprint.route("/account/password", methods=["GET", "POST"])
@needs(OWN_ACCOUNT)
@commits
def password() -> ResponseReturnValue:
    """Change one's password; every other browser is signed out."""
    form, found = ChangePasswordForm(), visit()
    if form.is_submitted() and found is not None and form.validate():
        try:
            token = users.change_password(found, form.current.data, form.password.data, browser())
        except Refused as error:
            form.refused(error)
        else:
            flash(_("Su contraseña cambió. Se cerraron las demás sesiones."), "good")
            return give_cookie(redirect(url_for("account.show")), token)
    page = render_template("accounts/password.html", page_title=_("Cambiar contraseña"), form=form)
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/account/sessions/<uuid:session_id>/end")
@needs(OWN_ACCOUNT)
@commits
def end_session(session_id: UUID) -> ResponseReturnValue:
    """Sign one's other browser out; somebody else's session is not found."""
    if not sessions.revoke(session_id, of=_who()):
        raise NotYours
    flash(_("La sesión se cerró."), "good")
    return redirect(url_for("account.show"))
