"""Pages of a closed file are read, not written: one place takes the forms out of every page about it.

The rule is `people.rules.may_happen`, which the journal and PostgreSQL say again; here it is only not offered."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from flask import Flask, request
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from caseapp.core.db import session
from caseapp.people.models import Case

#: Endpoints whose form a closed file keeps: open it again, unite and separate records, withdraw a consent, look at
#: what others did about it, resolve what follows, and what the person may always ask for.
KEEPS = re.compile(
    r"^(casefile\.(show|reopen|glass|see_glass|alerts|resolve|review_alert|enquir)"
    r"|people\.(merge|unite|separate|duplicates|decide_duplicate|withdraw)"
    r"|.*(erase|erasure|rights|access_request|subject|retention|export|hold|data))"
)
_FORM = re.compile(r'<form\b[^>]*\bmethod="post".*?</form>', re.DOTALL | re.IGNORECASE)


def _case_of(context: Context) -> Case | None:
    """The case whose number the page carries, as it is loaded already (no statement)."""
    number = context.get("number")
    for found in session.identity_map.values() if isinstance(number, str) else ():
        if isinstance(found, Case) and sa.inspect(found).dict.get("number") == number:
            return found
    return None


@pass_context
def file_is_closed(context: Context) -> bool:
    """Whether the page is about a closed file that says so nowhere itself and takes no form."""
    if KEEPS.match(request.endpoint or ""):
        return False
    case = _case_of(context)
    return case is not None and sa.inspect(case).dict.get("status") == "CLOSED"


@pass_context
def reading_only(context: Context, page: Any) -> Markup:
    """The page without its posting forms, if its file is closed."""
    if not file_is_closed(context):
        return Markup(page)
    return Markup(_FORM.sub("", str(page)))


def init_app(app: Flask) -> None:
    """Give the layout its filter."""
    app.jinja_env.globals["file_is_closed"] = file_is_closed
    app.jinja_env.filters["reading_only"] = reading_only
