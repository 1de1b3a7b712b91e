"""Pages of a closed file are read, not written: each form of a page about a file asks whether the file takes entries.

The rule is `people.rules.may_happen`, which the journal and PostgreSQL say again; here it is only not offered. A form
by which the file is opened again, records are separated or a consent is taken back does not ask
(`tests/architecture/test_closed_file.py` names them)."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask, request
from jinja2 import pass_context
from jinja2.runtime import Context

from caseapp.core.db import session
from caseapp.people.models import Case


def _numbers(context: Context) -> set[str]:
    """The numbers that a page about one file goes by: in its address, or as its view gives it."""
    said = ((request.view_args or {}).get("number"), context.get("number"), context.get("case_number"))
    return {number for number in said if isinstance(number, str)}


@pass_context
def closed_file(context: Context) -> str:
    """The number of the closed file that a page is about, or nothing. The case is loaded already (no statement)."""
    numbers = _numbers(context)
    for found in session.identity_map.values() if numbers else ():
        known = sa.inspect(found).dict if isinstance(found, Case) else {}
        if known.get("status") == "CLOSED" and known.get("number") in numbers:
            return str(known["number"])
    return ""


@pass_context
def file_takes_entries(context: Context) -> bool:
    """Whether a page may offer forms that write: it is about no file, or about one that is open."""
    return not closed_file(context)


def init_app(app: Flask) -> None:
    """Give the templates the question."""
    app.jinja_env.globals["closed_file"] = closed_file
    app.jinja_env.globals["file_takes_entries"] = file_takes_entries
