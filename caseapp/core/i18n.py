"""Languages: Spanish is what the source says, English is the catalogue. `?lang=` wins, then the
user's own choice, then the cookie, then what the browser asks for."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, has_request_context, request
from flask_babel import Babel, get_locale, gettext, lazy_gettext
from flask_babel import ngettext as babel_ngettext
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

LANGUAGES = ("es", "en")
COOKIE = "lang"


#: What messages say, by language: a page asks for some hundreds, and the catalogues do not change while we run.
_said: dict[tuple[str, str], str] = {}


def _translated(message: str) -> str:
    key = (language(), message)
    said = _said.get(key)
    if said is None:
        said = _said[key] = str(gettext(message))
    return said


def _(message: str, **values: Any) -> str:
    """The message in the page's language; `values` fill its `%(name)s`."""
    said = _translated(message)
    return said % values if values else said


@pass_eval_context
def _in_template(surroundings: EvalContext, message: str, **values: Any) -> str:
    """As `_`, for templates: what fills the message is escaped where the template is."""
    said = _translated(message)
    return (Markup(said) if surroundings.autoescape else said) % values


def _l(message: str, **values: Any) -> Any:
    """The message, translated when it is shown (labels and sentences of classes)."""
    return lazy_gettext(message, **values)


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """One or many, by `num` (which fills `%(num)s`)."""
    return str(babel_ngettext(one, many, num, **values))


__all__ = ["LANGUAGES", "_", "_l", "init_i18n", "language", "ngettext"]


def choose_language() -> str:
    """`es` or `en` for this request."""
    if not has_request_context():
        return LANGUAGES[0]
    asked = request.args.get("lang") or getattr(g, "user_language", None) or request.cookies.get(COOKIE)
    if asked in LANGUAGES:
        return str(asked)
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def language() -> str:
    """The language of the page being made (`es` or `en`)."""
    locale = get_locale()
    return locale.language if locale is not None and locale.language in LANGUAGES else LANGUAGES[0]


def init_i18n(app: Flask) -> None:
    """Set Flask-Babel up and remember a language that was asked for by `?lang=`."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "es")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "translations")
    Babel(app, locale_selector=choose_language)
    app.jinja_env.globals.update(_=_in_template, gettext=_in_template)

    @app.after_request
    def remember(response):  # type: ignore[no-untyped-def]
        # Of pages only: programs get no cookie.
        if request.args.get("lang") in LANGUAGES and response.mimetype == "text/html":
            response.set_cookie(
                COOKIE,
                request.args["lang"],
                max_age=31_536_000,
                samesite="Lax",
                httponly=True,
                secure=request.is_secure,
            )
        return response
