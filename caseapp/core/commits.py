"""One commit per request, at the edge, before the answer leaves. Services flush and never commit.

`@commits` is for views that change something; `@records_view` for GETs that open a file: they write
nothing but the record that it was viewed, committed before the answer leaves.

A rule of the database may speak when the rows reach it, which is after the view has drawn its answer: at
the commit. The page is then drawn once more from the same form, which takes the refusal as its own
(`forms.Form.validate`), so the sentence stands beside its field and what was typed is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import g, has_request_context, request
from flask import session as cookie
from markupsafe import Markup, escape
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from caseapp.core.db import session
from caseapp.core.errors import Refused, refusal_of

View = TypeVar("View", bound=Callable[..., Any])

#: Words that the first, refused drawing left for the next page.
_FLASHES = "_flashes"


def _committing(view: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    try:
        answer = view(*args, **kwargs)
        session.commit()
    except (DBAPIError, StaleDataError) as error:
        session.rollback()
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error
    except BaseException:
        session.rollback()
        raise
    g.committed = True
    return answer


def _told_at_the_form(refusal: Refused, view: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The page once more with the refusal in its form; None where no form of the page shows it."""
    g.refusal_to_tell = refusal
    try:
        answer = view(*args, **kwargs)
    finally:
        told = g.pop("refusal_to_tell", None) is None
        session.rollback()
    page = answer[0] if isinstance(answer, tuple) else answer
    if not told or not isinstance(page, str) or escape(str(refusal)) not in Markup(page):
        return None
    g.committed = True
    return page, refusal.status


def commits(view: View) -> View:
    """Commit what the view did, or roll it back; a rule's no, whenever it is said, stands at the form."""

    @wraps(view)
    def committing(*args: Any, **kwargs: Any) -> Any:
        said = list(cookie.get(_FLASHES, [])) if has_request_context() else []
        try:
            return _committing(view, args, kwargs)
        except Refused as refusal:
            if refusal.status in (403, 404) or not g.get("form_was_read") or request.method != "POST":
                raise
            if cookie.get(_FLASHES, []) != said:
                cookie[_FLASHES] = said
            answer = _told_at_the_form(refusal, view, args, kwargs)
            if answer is None:
                raise
            return answer

    committing.commits = True  # type: ignore[attr-defined]
    return committing  # type: ignore[return-value]


def records_view(view: View) -> View:
    """A GET that opens a file: the audit row is committed, or the page is not shown."""

    @wraps(view)
    def recording(*args: Any, **kwargs: Any) -> Any:
        return _committing(view, args, kwargs)

    recording.records_view = True  # type: ignore[attr-defined]
    return recording  # type: ignore[return-value]
