"""How a page tries a verb with a form: what was typed is never lost, and a refusal stands beside its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect
from flask.typing import ResponseReturnValue

from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, Refused


def tried(
    form: Any, verb: Callable[[], Any], *, again: Callable[[], str], done: str | Callable[[Any], str], to: str
) -> ResponseReturnValue:
    """Run a verb with a form: the page again where something is wrong, else a sentence (`done`, or what it makes of the
    verb's answer) and the next page."""
    if not form.validate():
        return again(), 422
    try:
        with session.begin_nested():
            made = verb()
    except Refused as error:
        say(form, error)
        if isinstance(error, ChangedMeanwhile):
            session.expire_all()
        return again(), error.status
    flash(done if isinstance(done, str) else done(made), "good")
    return redirect(to)


def say(form: Any, error: Refused) -> None:
    """Put a refusal beside its field, also where that is a date in three parts."""
    part: Any = getattr(form[error.field], "form", None) if error.field and error.field in form else None
    if hasattr(part, "day"):
        part.day.errors = [str(error)]
    else:
        form.refused(error)
