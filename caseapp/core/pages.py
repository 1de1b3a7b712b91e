"""What every page has: sign-in required by default, security headers, the frame's context, formats,
refusals as pages, lists in pages and exports that no spreadsheet executes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask, Response, abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date, format_datetime, format_timedelta, get_locale
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from caseapp.core import access, clock, observing
from caseapp.core.assets import init_assets
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _, init_i18n, language
from config.settings import settings

csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address, headers_enabled=False)


def acting_user() -> str:
    """Whose tries are counted where the person matters and not the address (`key_func` of a limit)."""
    return str(access.current().user_id)


PAGE_SIZE = 25


# -- navigation ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class NavEntry:
    """A word of the left navigation, shown to whoever holds the permission."""

    order: int
    label: Any
    endpoint: str
    permission: access.Permission
    whole_area: bool = True


_navigation: list[NavEntry] = []


def nav(
    order: int, label: Any, endpoint: str, permission: access.Permission, *, whole_area: bool = True
) -> None:
    """Put a word into the navigation (an area's `views.py` does this; at most seven for a role). It is marked as
    current on every page of the area, or (not `whole_area`) on its own page only."""
    entry = NavEntry(order, label, endpoint, permission, whole_area)
    if entry.endpoint not in {e.endpoint for e in _navigation}:
        _navigation.append(entry)


def nav_items() -> list[dict[str, Any]]:
    who = access.current()
    shown = sorted((e for e in _navigation if who.may(e.permission)), key=lambda e: e.order)
    urls = {e.endpoint: url_for(e.endpoint) for e in shown}
    here = _nav_here(shown, urls)
    return [{"label": str(e.label), "url": urls[e.endpoint], "current": e.endpoint == here} for e in shown]


def _nav_here(shown: Sequence[NavEntry], urls: dict[str, str]) -> str | None:
    """The one word under which this page stands: its own, the one its address lies below, or its area's
    where the area has a single word that stands for all its pages."""
    endpoints = [e.endpoint for e in shown]
    below = [e for e in endpoints if request.path.startswith(urls[e].rstrip("/") + "/")]
    area = (request.endpoint or "").split(".")[0]
    of_area = [e.endpoint for e in shown if e.whole_area and e.endpoint.split(".")[0] == area]
    if request.endpoint in endpoints:
        return request.endpoint
    if below:
        return max(below, key=lambda e: len(urls[e]))
    return of_area[0] if len(of_area) == 1 else None


# -- formats ------------------------------------------------------------------------------------------
def day(value: date | None) -> str:
    """7 mar 2026."""
    return "" if value is None else str(format_date(value, "d MMM yyyy"))


def moment(value: datetime | None, timezone: str = "UTC") -> str:
    """7 mar 2026, 16:40 in a site's zone."""
    if value is None:
        return ""
    return str(format_datetime(value.astimezone(ZoneInfo(timezone)), "d MMM yyyy, HH:mm", rebase=False))


def hour(value: datetime, timezone: str = "UTC") -> str:
    """16:40 in a site's zone, with the day if it is not today."""
    there = value.astimezone(ZoneInfo(timezone))
    today = clock.today(timezone)
    if there.date() == today:
        return _("hoy %(time)s", time=f"{there:%H:%M}")
    if there.date() == today + timedelta(days=1):
        return _("mañana %(time)s", time=f"{there:%H:%M}")
    return moment(value, timezone)


def duration(value: timedelta) -> str:
    """In words: 3 horas, 2 días."""
    return str(format_timedelta(abs(value), threshold=1.2))


def since(value: datetime) -> str:
    """hace 20 minutos."""
    if clock.now() - value < timedelta(minutes=1):
        return _("hace un momento")
    return _("hace %(duration)s", duration=duration(clock.now() - value))


# -- lists in pages -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Page:
    """One page of a list: rows, and where it lies in the whole."""

    rows: Sequence[Any]
    number: int
    size: int
    total: int

    @property
    def text(self) -> str:
        if not self.total:
            return _("Ninguno")
        first = (self.number - 1) * self.size + 1
        return _("%(a)s a %(b)s de %(n)s", a=first, b=first + len(self.rows) - 1, n=self.total)

    def _link(self, number: int) -> str:
        given = {k: v for k, v in request.args.items(multi=True) if k != "page"}
        return f"{request.path}?{urlencode({**given, 'page': number})}"

    @property
    def previous_href(self) -> str | None:
        return self._link(self.number - 1) if self.number > 1 else None

    @property
    def next_href(self) -> str | None:
        return self._link(self.number + 1) if self.number * self.size < self.total else None


def asked_page() -> int:
    """The page number of `?page=`, at least 1."""
    return max(1, request.args.get("page", 1, type=int) or 1)


def paged(select: sa.Select[Any], count: sa.Select[Any] | None = None, size: int = PAGE_SIZE) -> Page:
    """Run a select for the asked page: two statements whatever the number of rows."""
    number = asked_page()
    count = (
        count
        if count is not None
        else sa.select(sa.func.count()).select_from(select.order_by(None).subquery())
    )
    total = session.scalar(count) or 0
    rows = session.scalars(select.limit(size).offset((number - 1) * size)).all()
    return Page(rows, number, size, total)


# -- exports ------------------------------------------------------------------------------------------
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "|", "%")


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet executes: risky text gets an apostrophe in front; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_RISKY):
        return "'" + value
    return value


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A CSV file as answer, UTF-8 with mark, formula-safe."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    answer = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


# -- the application ----------------------------------------------------------------------------------
def csp_nonce() -> str:
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _security_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'none'; script-src 'nonce-{csp_nonce()}'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "manifest-src 'self'",
    )
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response


def _require_sign_in() -> ResponseReturnValue | None:
    """Nothing is open by mistake: a view without a declared permission answers nobody."""
    if request.endpoint is None:
        return None
    view = current_app.view_functions[request.endpoint]
    if not hasattr(view, "permission"):
        current_app.logger.error("view %s declares no permission", request.endpoint)
        abort(403)
    if view.permission is None:
        return None
    if access.current().user_id is None:
        query = f"?{request.query_string.decode()}" if request.query_string else ""
        following = request.path + query if request.method == "GET" else "/today"
        return redirect(url_for("account.sign_in", next=following))
    return None


def _other_language_url() -> str:
    other = "en" if language() == "es" else "es"
    given = {k: v for k, v in request.args.items(multi=True) if k != "lang"}
    path = request.path if request.method == "GET" else "/today"
    return f"{path}?{urlencode({**given, 'lang': other}, doseq=True)}"


def _frame() -> dict[str, Any]:
    return {
        "lang": language(),
        "other_lang_url": _other_language_url(),
        "demo": settings().is_demo,
        "workplace": _workplace(),
        "nav_items": nav_items(),
        "principal": access.current(),
        "app_version": current_app.config["ACOGIDA_VERSION"],
    }


def _workplace() -> tuple[str, str] | None:
    made: Callable[[], tuple[str, str] | None] | None = current_app.extensions.get("acogida_workplace")
    return made() if made else None


_error_answers: dict[str, Callable[[Exception], Response]] = {}


def answers_errors(prefix: str, answer: Callable[[Exception], Response]) -> None:
    """Below an address that programs read, errors are not pages: `answer` makes them (an area's `views.py` does this)."""
    _error_answers[prefix] = answer


def _answer_of_its_own(error: Exception) -> Response | None:
    return next((make(error) for at, make in _error_answers.items() if request.path.startswith(at)), None)


def refusal_page(error: Refused) -> ResponseReturnValue:
    """A refusal that no form caught: a page that says the sentence."""
    own = _answer_of_its_own(error)
    if own is not None:
        return own
    name = {404: "404", 403: "403", 409: "409"}.get(error.status, "422")
    return render_template(f"errors/{name}.html", sentence=str(error), page_title=""), error.status


def _http_error(error: HTTPException) -> ResponseReturnValue:
    own = _answer_of_its_own(error)
    if own is not None:
        return own
    if error.response is not None and not isinstance(error, CSRFError):
        return error.response  # whoever raised it has its own words
    code = error.code or 500
    if isinstance(error, CSRFError):
        code = 400
    known = {400, 403, 404, 405, 409, 413, 422, 429, 500, 503}
    name = str(code) if code in known else "error"
    return render_template(f"errors/{name}.html", sentence="", page_title=""), code


def init_app(app: Flask, overrides: dict[str, Any]) -> None:
    """Set up everything of core on a new application."""
    from caseapp import __version__

    s = settings()
    secure = s.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=s.secret_key,
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="acogida_form",
        MAX_CONTENT_LENGTH=20 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=secure,
        ACOGIDA_VERSION=__version__,
        HOME=s.home,
        RATELIMIT_STORAGE_URI=s.limiter_storage_url,
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_DEFAULT="600/minute",
        RATELIMIT_SWALLOW_ERRORS=True,
        BABEL_TRANSLATION_DIRECTORIES=f"{app.root_path}/translations",
    )
    app.config.update(overrides)
    observing.init_app(app)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    if s.is_production:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    init_i18n(app)
    csrf.init_app(app)
    limiter.init_app(app)
    init_assets(app)
    app.jinja_env.globals.update(csp_nonce=csp_nonce, now=clock.now)
    app.jinja_env.filters.update(day=day, moment=moment, hour=hour, duration=duration, since=since)
    app.jinja_env.filters["label"] = _label
    app.context_processor(_frame)
    app.before_request(_require_sign_in)
    app.after_request(_security_headers)
    app.register_error_handler(Refused, refusal_page)
    app.register_error_handler(HTTPException, _http_error)
    if not app.config.get("KEEP_SESSION"):

        @app.teardown_appcontext
        def _end_session(error: BaseException | None) -> None:
            session.remove()

    _core_routes(app)


def _label(code: str | None, list_name: str) -> str:
    from caseapp.core import reference

    return "" if code is None else reference.label(list_name, code)


def _core_routes(app: Flask) -> None:
    @app.get("/healthz")
    @access.open_to_all
    def healthz() -> ResponseReturnValue:
        """The process answers."""
        return {"ok": True}

    @app.get("/readyz")
    @access.open_to_all
    def readyz() -> ResponseReturnValue:
        """The database answers as the application's role."""
        try:
            session.execute(sa.text("SELECT 1"))
        except Exception:
            session.rollback()
            return {"ok": False}, 503
        return {"ok": True}

    @app.get("/")
    @access.open_to_all
    def root() -> ResponseReturnValue:
        return redirect("/today")

    if not settings().is_production:
        from caseapp.core.styleguide import blueprint

        app.register_blueprint(blueprint)


__all__ = [
    "UTC", "Page", "csrf", "csv_answer", "day", "duration", "get_locale", "hour", "limiter", "moment", "nav", "paged",
    "refusal_page", "safe_cell", "since",
]  # fmt: skip
