"""Running a verb with a form's date: what is refused comes back beside what was typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from flask import flash, redirect
from flask.typing import ResponseReturnValue

from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, Refused
from caseapp.core.i18n import _
from caseapp.core.locking import locked as read_locked
from caseapp.people.models import Case
from caseapp.solutions.models import Employment, SolutionPlan, Training, WorkPermit

Row = TypeVar("Row", SolutionPlan, WorkPermit, Training, Employment)


def tried(
    form: Any, verb: Callable[[date], Any], done: str, *, back: str, page: Callable[[], str]
) -> ResponseReturnValue:
    """Run a verb with the form's date and go `back`, or show the `page` with what is wrong."""
    if not form.validate():
        return page(), 422
    try:
        on = form.on.form.value()
        if on is None:
            raise ValueError
        with session.begin_nested():
            verb(on)
    except ValueError:
        form.on.form.day.errors = [_("Escriba día, mes y año, por ejemplo 07 03 2025.")]
        return page(), 422
    except Refused as error:
        part: Any = form._fields.get(error.field or "")
        if hasattr(getattr(part, "form", None), "day"):
            part.form.day.errors = [str(error)]
        else:
            form.refused(error)
        if isinstance(error, ChangedMeanwhile):
            session.expire_all()
        return page(), error.status
    flash(done, "good")
    return redirect(back)


def locked(case: Case, table: type[Row], row_id: UUID) -> Row:
    """A row of the case, locked and read afresh. Raises NotYours."""
    return read_locked(table, table.id == row_id, table.case_id == case.id)
