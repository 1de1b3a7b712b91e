"""One commit per request, at the edge, before the answer leaves. Services flush and never commit.

`@commits` is for views that change something; `@records_view` for GETs that open a file: they write
nothing but the record that it was viewed, committed before the answer leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import g
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from caseapp.core.db import session
from caseapp.core.errors import refusal_of

View = TypeVar("View", bound=Callable[..., Any])


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


def commits(view: View) -> View:
    """Commit what the view did, or roll it back; a constraint's no becomes its refusal."""

    @wraps(view)
    def committing(*args: Any, **kwargs: Any) -> Any:
        return _committing(view, args, kwargs)

    committing.commits = True  # type: ignore[attr-defined]
    return committing  # type: ignore[return-value]


def records_view(view: View) -> View:
    """A GET that opens a file: the audit row is committed, or the page is not shown."""

    @wraps(view)
    def recording(*args: Any, **kwargs: Any) -> Any:
        return _committing(view, args, kwargs)

    recording.records_view = True  # type: ignore[attr-defined]
    return recording  # type: ignore[return-value]
