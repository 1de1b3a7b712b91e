"""Signing in and out, hiding the screen, setting a password through a one-time link."""

from __future__ import annotations

from typing import Any

import segno
from flask import flash, redirect, render_template, request, url_for
from flask import session as form_cookie
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.wrappers import Response

from caseapp.accounts.access import OWN_ACCOUNT
from caseapp.accounts.forms import CodeForm, NewPasswordForm, SignInForm, UnlockForm
from caseapp.accounts.models import Stage
from caseapp.accounts.rules import CodeWrong, NotSignedIn, WithoutRole, local_path
from caseapp.accounts.service import resets, sessions
from caseapp.accounts.service import second_factor as factor
from caseapp.accounts.service import sign_in as service
from caseapp.accounts.views import blueprint
from caseapp.accounts.views.identity import browser, give_cookie, keep_language, take_cookie, visit
from caseapp.core import access
from caseapp.core.access import needs, open_to_all
from caseapp.core.commits import commits
from caseapp.core.errors import Refused
from caseapp.core.i18n import LANGUAGES, _
from caseapp.core.pages import limiter

#: By address, beside the account's own lock-out: a whole site may share one address.
TRIES = "30/minute;300/hour"


def _wanted() -> str:
    return local_path(request.values.get("next"))


def _in_chosen_language(path: str) -> str:
    """Whoever chose a language on the way in keeps it; otherwise the account's own is shown."""
    chosen = request.args.get("lang")
    if chosen not in LANGUAGES or "lang=" in path:
        return path
    return f"{path}{'&' if '?' in path else '?'}lang={chosen}"


def _page(template: str, form: Any, title: str, status: int = 200, **more: Any) -> ResponseReturnValue:
    return render_template(f"accounts/{template}.html", form=form, page_title=title, **more), status


@blueprint.route("/sign-in", methods=["GET", "POST"])
@open_to_all
@limiter.limit(TRIES, methods=["POST"])
@commits
def sign_in() -> ResponseReturnValue:
    """Ask for address and password; whoever is signed in goes on. A right password opens a short session
    that can only give the code."""
    if request.method == "POST":
        return _give_password()
    if access.current().user_id is not None:
        return redirect(_wanted())
    form = SignInForm()
    form.next.data = _in_chosen_language(_wanted())
    return _page("sign_in", form, _("Entrar"))


def _give_password() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return _page("sign_in", form, _("Entrar"), 422)
    try:
        begun = service.give_password(form.email.data, form.password.data, browser())
    except NotSignedIn as error:
        form.refused(error)
        return _page("sign_in", form, _("Entrar"), 422)
    before = visit()
    if before is not None:
        sessions.revoke(before.session_id)
    form_cookie.clear()
    step = "account.enrol" if begun.enrols else "account.second_factor"
    return give_cookie(redirect(url_for(step, next=_wanted())), begun.token)


def _half_way() -> sessions.Visit | None:
    found = visit()
    return found if found is not None and found.stage == Stage.PASSWORD_GIVEN else None


def _from_the_start() -> Response:
    return redirect(url_for("account.sign_in", next=_wanted()))


def _enter(token: str, language: str) -> Response:
    form_cookie.clear()
    return keep_language(give_cookie(redirect(_wanted()), token), language)


def _not_entered(error: Refused) -> Response:
    flash(str(error), "urgent")
    return take_cookie(_from_the_start())


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@open_to_all
@limiter.limit(TRIES, methods=["POST"])
@commits
def second_factor() -> ResponseReturnValue:
    """Second step: a right code, used once, opens the session under a new token."""
    found = _half_way()
    if found is None:
        return _from_the_start()
    form = CodeForm()
    if request.method == "GET":
        form.next.data = _wanted()
        return _code_page(found, form)
    if not form.validate():
        return _code_page(found, form, 422)
    try:
        return _enter(service.give_code(found, form.code.data, browser()), found.language)
    except CodeWrong as error:
        form.refused(error)
        return _code_page(found, form, 422)
    except (NotSignedIn, WithoutRole) as error:
        return _not_entered(error)


def _code_page(found: sessions.Visit, form: CodeForm, status: int = 200) -> ResponseReturnValue:
    shown = service.code_in_demo(found)
    return _page("second_factor", form, _("Código de acceso"), status, code_in_demo=shown)


def _enrol_page(found: sessions.Visit, form: CodeForm, status: int = 200) -> ResponseReturnValue:
    secret = service.secret_to_enrol(found)
    if secret is None:
        return _from_the_start()
    square = segno.make(factor.address(secret, found.email), error="m")
    drawing = square.svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)
    spaced = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return _page("enrol", form, _("Segundo paso para entrar"), status, square=Markup(drawing), secret=spaced)


@blueprint.route("/sign-in/enrol", methods=["GET", "POST"])
@open_to_all
@limiter.limit(TRIES, methods=["POST"])
@commits
def enrol() -> ResponseReturnValue:
    """First sign-in: the square and the secret for an authenticator. The first right code keeps the secret
    and opens the session."""
    found = _half_way()
    if found is None:
        return _from_the_start()
    form = CodeForm()
    if request.method == "GET":
        form.next.data = _wanted()
        return _enrol_page(found, form)
    if not form.validate():
        return _enrol_page(found, form, 422)
    try:
        return _enter(service.enrol(found, form.code.data, browser()), found.language)
    except CodeWrong as error:
        form.refused(error)
        return _enrol_page(found, form, 422)
    except (NotSignedIn, WithoutRole) as error:
        return _not_entered(error)


@blueprint.post("/sign-out")
@needs(OWN_ACCOUNT)
@commits
def sign_out() -> ResponseReturnValue:
    """End the session here and in the table."""
    found = visit()
    if found is not None:
        service.sign_out(found)
    form_cookie.clear()
    flash(_("Usted salió. Cierre la ventana si comparte el equipo."), "good")
    return take_cookie(redirect(url_for("account.sign_in")))


# -- the hidden screen --------------------------------------------------------------------------------
def _wants_no_page() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


@blueprint.get("/lock")
@needs(OWN_ACCOUNT)
def locked() -> ResponseReturnValue:
    """What a hidden screen shows instead of any page."""
    found = visit()
    if found is None or not found.locked:
        return redirect("/today")
    return _page("locked", UnlockForm(), _("Pantalla oculta"))


@blueprint.post("/lock")
@needs(OWN_ACCOUNT)
@limiter.limit(TRIES)
@commits
def lock() -> ResponseReturnValue:
    """Without `password`: hide. With it: show again. 204 for the module, pages for a plain form."""
    found = visit()
    if found is None:
        return _from_the_start()
    if "password" not in request.form:
        sessions.lock(found.session_id)
        if _wants_no_page():
            return "", 204
        return _page("locked", UnlockForm(formdata=None), _("Pantalla oculta"))
    form = UnlockForm()
    try:
        if not form.validate():
            return ("", 422) if _wants_no_page() else _page("locked", form, _("Pantalla oculta"), 422)
        service.unlock(found, form.password.data)
    except NotSignedIn as error:
        return _not_entered(error)
    except Refused as error:
        form.refused(error)
        return ("", 422) if _wants_no_page() else _page("locked", form, _("Pantalla oculta"), 422)
    return ("", 204) if _wants_no_page() else redirect("/today")


# -- the one-time link --------------------------------------------------------------------------------
@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@open_to_all
@limiter.limit(TRIES)
@commits
def reset(token: str) -> ResponseReturnValue:
    """A one-time link: looking spends nothing; setting the password spends it, then one signs in with it."""
    form = NewPasswordForm()
    resets.find_reset(token)
    if request.method == "GET":
        return _page("reset", form, _("Nueva contraseña"))
    if not form.validate():
        return _page("reset", form, _("Nueva contraseña"), 422)
    try:
        resets.use_reset(token, form.password.data)
    except Refused as error:
        if error.field is None:
            raise
        form.refused(error)
        return _page("reset", form, _("Nueva contraseña"), 422)
    flash(_("Su contraseña se guardó. Entre con ella."), "good")
    return take_cookie(redirect(url_for("account.sign_in")))
