"""What the register's and cooperation's forms share: a form on a page of its own, what comes of it, whose it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.commitments import queries
from caseapp.commitments.access import written_by
from caseapp.commitments.models import Commitment
from caseapp.core import access
from caseapp.core.errors import ChangedMeanwhile, NotYours, Refused


def form_page(
    title: str, form: Any, back: str, *, action: str, lead: str = "", status: int = 200, **more: Any
) -> ResponseReturnValue:
    """One form on a page of its own."""
    page = render_template(
        "commitments/form.html", page_title=title, form=form, back=back, action=action, lead=lead,
        upload=any(field.type == "FileField" for field in form), compare=more.get("compare", []), danger=more.get("danger", False),
    )  # fmt: skip
    return page, status


def answered(
    form: Any, verb: Callable[[], Any], page: Callable[[int], ResponseReturnValue], then: Callable[[Any], str]
) -> ResponseReturnValue:
    """What a form that was sent comes to: the verb and a way on, or the page again with what was typed."""
    if not form.validate_on_submit():
        return page(422)
    try:
        made = verb()
    except (NotYours, ChangedMeanwhile):
        raise
    except Refused as error:
        form.refused(error)
        return page(error.status)
    return redirect(then(made))


def kept(commitment_id: UUID) -> Commitment:
    """A commitment that somebody keeps; another country's is not there."""
    who = access.current()
    row = queries.commitment(who, commitment_id)
    if row.country not in written_by(who):
        raise NotYours
    return row


def url_of(row: Commitment) -> str:
    return url_for("commitments.show", commitment_id=row.id)
