"""What the pages share: a verb is tried with the form's date, and what is refused comes back beside what was typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, Refused, refusal_of
from caseapp.core.i18n import _
from caseapp.people.models import Case


def tried(
    form: Any,
    verb: Callable[[date], Any],
    again: Callable[[], str],
    done: str,
    back: str,
) -> ResponseReturnValue:
    """Run a verb with the form's date `on`; `again` draws the page once more, `back` is where a success leads."""
    if not form.validate():
        return again(), 422
    try:
        on = form.on.form.value()
        if on is None or not _other_dates(form):
            raise ValueError
        with session.begin_nested():
            verb(on)
    except ValueError:
        wrong = form.on if _other_dates(form) else form.valid_to
        wrong.form.day.errors = [_("Escriba día, mes y año, por ejemplo 07 03 2025.")]
        return again(), 422
    except (Refused, IntegrityError) as error:
        refusal = error if isinstance(error, Refused) else refusal_of(error)
        if refusal is None:
            raise
        return refused(form, refusal, again)
    flash(done, "good")
    return redirect(back)


def _other_dates(form: Any) -> bool:
    """Whether the second date of a form, where it has one, is a date or empty."""
    if "valid_to" not in form:
        return True
    try:
        form.valid_to.form.value()
    except ValueError:
        return False
    return True


def refused(form: Any, error: Refused, again: Callable[[], str]) -> ResponseReturnValue:
    """The page once more with the refusal's sentence where it belongs."""
    if error.field in ("on", "valid_to") and error.field in form:
        form[error.field].form.day.errors = [str(error)]
    else:
        form.refused(error)
    if isinstance(error, ChangedMeanwhile):
        session.expire_all()
    return again(), error.status


def page(
    case: Case,
    title: str,
    form: Any,
    button: str,
    back: str,
    *,
    lead: str = "",
    warning: str = "",
    **labels: str,
) -> str:
    """A page with one form; `labels` are those of its dates."""
    return render_template(
        "procedure/form.html", page_title=title, number=case.number, form=form, button_label=button, back=back,
        lead=lead, warning=warning, labels=labels,
    )  # fmt: skip


def claim_href(case: Case, *, sealed: bool) -> str:
    """The page on which a claim stands: a sealed one on the private page."""
    return url_for("procedure.private" if sealed else "procedure.claim", number=case.number)
