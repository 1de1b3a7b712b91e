"""What stands before every operation: the key and its scope, the form asked for, the limit, the validator."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Response, request
from flask_limiter.util import get_remote_address

from caseapp import __version__
from caseapp.core.access import open_to_all
from caseapp.core.db import connect
from caseapp.core.pages import limiter
from caseapp.publication.api import keys, problem, rules
from caseapp.publication.api.rules import Scope
from caseapp.publication.views.api import blueprint
from config.settings import settings

View = TypeVar("View", bound=Callable[..., Any])
JSON = "application/json"
LIMIT = "120/minute;20000/day"
WRONG_KEYS = "30/minute"


@dataclass(frozen=True)
class Asking:
    """Who asks, and the connection (role `figures`) that the answer is read on."""

    connection: sa.Connection
    reader: keys.Reader


_asking: ContextVar[Asking] = ContextVar("asking")


def asking() -> Asking:
    """Of the operation that is being answered."""
    return _asking.get()


# -- limits -------------------------------------------------------------------------------------------
def counted_by() -> str:
    """Requests are counted by key, or by address where there is none."""
    token = rules.bearer(request.headers.get("Authorization"))
    return f"key:{sha256(rules.hashed(token)).hexdigest()[:32]}" if token else str(get_remote_address())


limiter.shared_limit(LIMIT, "api", key_func=counted_by)(blueprint)
# Whoever tries keys out is counted by address, whatever the key.
limiter.shared_limit(WRONG_KEYS, "api-keys", deduct_when=lambda answer: answer.status_code == 401)(blueprint)


@blueprint.after_request
def tell_limit(answer: Response) -> Response:
    """How much is left, in seconds and requests."""
    current = limiter.current_limit
    if current is not None:
        left = max(0, int(current.reset_at - time.time()))
        answer.headers["RateLimit-Limit"] = str(current.limit.amount)
        answer.headers["RateLimit-Remaining"] = str(max(0, current.remaining))
        answer.headers["RateLimit-Reset"] = str(left)
        if answer.status_code == 429:
            answer.headers["Retry-After"] = str(max(1, left))
    return answer


# -- keys ---------------------------------------------------------------------------------------------
def keyed(*scopes: Scope, gives: tuple[str, ...] = (JSON,)) -> Callable[[View], View]:
    """Answer only holders of a key with these scopes, in one of the media types `gives`; unchanged answers are 304."""

    def decorate(view: View) -> View:
        @wraps(view)
        def asked(*args: Any, **kwargs: Any) -> Any:
            # A key is checked where it is taken back, at once; what it reads may stand at a replica.
            with connect("figures") as connection:
                reader = _reader(connection)
            for scope in scopes:
                if str(scope) not in reader.scopes:
                    raise problem.ScopeMissing(scope=str(scope))
            if request.accept_mimetypes and not request.accept_mimetypes.best_match(gives):
                raise problem.NotAcceptable(types=", ".join(gives))
            with connect("figures_read") as connection:
                token = _asking.set(Asking(connection, reader))
                try:
                    return _validated(view(*args, **kwargs))
                finally:
                    _asking.reset(token)

        return open_to_all(asked)  # type: ignore[return-value]

    return decorate


def _reader(connection: sa.Connection) -> keys.Reader:
    header = request.headers.get("Authorization")
    token = rules.bearer(header)
    found = keys.check(connection, token) if token else None
    if found is None and header is None and settings().open_data == "open":
        return keys.ANYBODY
    if found is None:
        raise problem.KeyNeeded
    return found


# -- validators ---------------------------------------------------------------------------------------
def tag_of(*parts: str) -> str:
    """A strong validator of an answer that follows from `parts`: seals of releases, and what was asked."""
    asked = sorted(request.args.items(multi=True))
    return sha256(repr((__version__, request.path, asked, *parts)).encode()).hexdigest()


def sealed(
    seal: str, make: Callable[[], bytes | tuple[bytes, dict[str, str]]], media_type: str = JSON
) -> Response:
    """An answer that follows from a seal: `make` gives its body (and headers), and is not called where the reader has
    the answer already."""
    tag = tag_of(seal)
    if request.if_none_match.contains(tag):
        answer = Response(status=304)
    else:
        made = make()
        body, headers = made if isinstance(made, tuple) else (made, {})
        answer = Response(body, mimetype=media_type, headers=headers)
    answer.set_etag(tag)
    return answer


def _validated(answer: Response) -> Response:
    who = "public" if "Authorization" not in request.headers else "private"
    # Kept, but asked for again each time: a key that was taken back opens nothing, not even a copy.
    answer.headers["Cache-Control"] = f"{who}, no-cache"
    answer.headers["Vary"] = "Authorization, Accept"
    return answer
