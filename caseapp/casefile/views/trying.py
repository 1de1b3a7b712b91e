"""How a page with several forms tries a verb: what was typed is never lost, a refusal stands beside its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect
from flask.typing import ResponseReturnValue

from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, Refused
from caseapp.people.inputs import DatePart


def tried(
    form: Any, verb: Callable[[], Any], *, again: Callable[[], str], done: str, to: str
) -> ResponseReturnValue:
    """Run a verb with a form: the page again where something is wrong, else a sentence and the next page."""
    if not form.validate():
        return again(), 422
    try:
        with session.begin_nested():
            verb()
    except Refused as error:
        say(form, error)
        if isinstance(error, ChangedMeanwhile):
            session.expire_all()
        return again(), error.status
    flash(done, "good")
    return redirect(to)


def say(form: Any, error: Refused) -> None:
    """Put a refusal beside its field, also where that is a date in three parts."""
    field = form[error.field] if error.field and error.field in form else None
    if field is not None and isinstance(getattr(field, "form", None), DatePart):
        field.form.day.errors = [str(error)]
    else:
        form.refused(error)


def row_of(table: Any, row_id: UUID, case_id: UUID) -> Any:
    """The row of a file, locked and read afresh; NotYours if it is not this file's."""
    found = session.scalars(
        sa.select(table)
        .where(table.id == row_id, table.case_id == case_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotYours
    return found
