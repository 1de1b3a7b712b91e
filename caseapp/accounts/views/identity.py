"""Who asks: from the cookie's token through our own table to a `Principal`, anew at every request.

Runs before every other hook. Flask-Login gets its `current_user` from here and keeps nothing in the
client's cookie. While the screen is hidden nothing but unlocking and leaving is answered.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin
from werkzeug.wrappers import Response

from caseapp.accounts.models import Stage
from caseapp.accounts.service import sessions
from caseapp.accounts.service.sign_in import Browser
from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.core.i18n import COOKIE as LANGUAGE_COOKIE
from caseapp.core.i18n import LANGUAGES
from config.settings import settings

#: What still answers while the screen is hidden.
WHILE_LOCKED = {"account.lock", "account.locked", "account.sign_out"}


class SignedIn(UserMixin):  # type: ignore[misc]
    """What Flask-Login calls the user: only for templates and extensions."""

    def __init__(self, user_id: str, name: str) -> None:
        self.id, self.name = user_id, name


def cookie_name() -> str:
    """The browser itself keeps `__Host-` cookies to this host and to https."""
    return "__Host-acogida" if settings().base_url.startswith("https://") else "acogida"


def give_cookie(response: Response, token: str) -> Response:
    """Hand the session's token to the browser; it forgets it when it closes."""
    response.set_cookie(
        cookie_name(), token, httponly=True, samesite="Lax", path="/",
        secure=settings().base_url.startswith("https://"),
    )  # fmt: skip
    return response


def take_cookie(response: Response) -> Response:
    response.delete_cookie(
        cookie_name(), path="/", httponly=True, samesite="Lax",
        secure=settings().base_url.startswith("https://"),
    )  # fmt: skip
    return response


def keep_language(response: Response, language: str) -> Response:
    """The browser shows this language from now on."""
    response.set_cookie(
        LANGUAGE_COOKIE, language, max_age=31_536_000, samesite="Lax", httponly=True, secure=request.is_secure
    )
    return response


def browser() -> Browser:
    return Browser(request.remote_addr, request.headers.get("User-Agent"))


def visit() -> sessions.Visit | None:
    """The session of this request's browser, at whatever stage, or None."""
    found: sessions.Visit | None = g.get("visit")
    return found


def _find_out() -> ResponseReturnValue | None:
    g.principal_before = access.current()
    g.visit = None
    access.become(access.ANONYMOUS)
    for_test = current_app.extensions.get("acogida_test_principal") if current_app.config["TESTING"] else None
    if for_test is not None:
        access.become(for_test)
        g.user_language = for_test.language
        session.commit()  # the next transaction tells the database who acts
        return None
    token = request.cookies.get(cookie_name())
    if token:
        g.visit = sessions.find(token)
        if g.visit is not None:
            sessions.touch(g.visit)
        session.commit()  # as above; the look is kept whatever becomes of the request
    return _admit(g.visit) if g.visit is not None else None


def _admit(found: sessions.Visit) -> ResponseReturnValue | None:
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    g.user_language = chosen if chosen in LANGUAGES else found.language
    if found.stage != Stage.SIGNED_IN or not found.grants:
        return None  # half signed in, or every role has ended: nobody yet
    if found.locked and request.endpoint not in WHILE_LOCKED:
        view = current_app.view_functions.get(request.endpoint or "")
        open_page = view is None or getattr(view, "permission", "undeclared") is None
        return None if open_page else redirect(url_for("account.locked"))
    access.become(found.principal())
    return None


def _forget(error: BaseException | None) -> None:
    # The worker's thread serves the next request in the same context.
    access.become(g.get("principal_before", access.ANONYMOUS))


def _workplace() -> tuple[str, str] | None:
    grants = access.current().grants
    if not grants:
        return None
    found = visit()
    return (found.places[0] if found else grants[0].team_code), reference.label("role", grants[0].role)


def _login_user(_request: Any) -> SignedIn | None:
    who = access.current()
    if who.user_id is None:
        return None
    found = visit()
    return SignedIn(str(who.user_id), found.name if found else who.name)


def init_app(app: Flask) -> None:
    login = LoginManager()
    login.session_protection = None  # the session is ours; Flask-Login keeps nothing of it
    login.init_app(app)
    login.request_loader(_login_user)
    app.before_request_funcs.setdefault(None, []).insert(0, _find_out)
    app.teardown_request(_forget)
    app.extensions["acogida_workplace"] = _workplace
