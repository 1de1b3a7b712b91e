"""A delivery in words, and how pages of it try a verb."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect
from flask.typing import ResponseReturnValue

from caseapp.assistance import rules
from caseapp.assistance.models import Delivery
from caseapp.core import reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, Refused
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day


def tried(
    form: Any, verb: Callable[[], Any], *, again: Callable[[], str], done: Callable[[Any], str], to: str
) -> ResponseReturnValue:
    """Run a verb with a form: the page again where something is wrong, else a sentence and the next page."""
    if not form.validate():
        return again(), 422
    try:
        with session.begin_nested():
            made = verb()
    except Refused as error:
        field = form._fields.get(error.field or "")
        if hasattr(getattr(field, "form", None), "day"):
            field.form.day.errors = [str(error)]
        else:
            form.refused(error)
        if isinstance(error, ChangedMeanwhile):
            session.expire_all()
        return again(), error.status
    flash(done(made), "good")
    return redirect(to)


def title(row: Delivery) -> str:
    """What it was: the item, or the service."""
    return (
        reference.label("assistance_kind", row.item)
        if row.item
        else reference.label("service_kind", row.sector)
    )


def state(row: Delivery) -> tuple[str, str]:
    """The result, or that it was withdrawn, and the kind of its tag."""
    if row.withdrawn_on:
        return _("Anulada"), "neutral"
    return reference.label("service_result", row.result), (
        "good" if row.result in rules.DELIVERED else "neutral"
    )


def facts(row: Delivery, *, dated: bool = True, provider: str | None = None) -> list[str]:
    """Everything else of a row, in words."""
    by = reference.label("provider_class", row.provider_class)
    found = [day(row.delivered_on) if dated else "", f"{provider} ({by})" if provider else by]
    if row.item:
        found.append(reference.label("service_kind", row.sector))
    if row.quantity > 1:
        found.append(ngettext("%(num)s pieza", "%(num)s piezas", row.quantity))
    if row.mechanism:
        found.append(reference.label("cash_mechanism", row.mechanism))
    if row.amount:
        found.append(_("%(amount)s dólares", amount=row.amount))
    if row.language:
        found.append(
            _(
                "se le informó de sus derechos en %(language)s",
                language=reference.language_label(row.language),
            )
        )
    if row.education:
        found.append(reference.label("education_step", row.education))
    if row.again_reason:
        again = reference.label("delivery_again_reason", row.again_reason)
        found.append(_("otra vez: %(reason)s", reason=again))
    if row.withdrawn_reason:
        found.append(reference.label("delivery_withdrawn_reason", row.withdrawn_reason))
    return [fact for fact in found if fact]
