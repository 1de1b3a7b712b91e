"""`/releases/<id>/revise`: the steward asks for the next edition of a released month, with a reason that readers see."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.publication import present, queries, service
from caseapp.publication.access import MAKE_RELEASE, countries_as
from caseapp.publication.forms import ReviseForm
from caseapp.publication.models import Release
from caseapp.publication.views import blueprint


def _release(release_id: UUID) -> Release:
    row = queries.release(access.current(), release_id).release
    if row.country not in countries_as(access.current(), *MAKE_RELEASE.roles):
        raise NotYours
    return row


def _page(row: Release, form: ReviseForm, status: int = 200) -> ResponseReturnValue:
    month = present.period(row.period)
    title = _("Revisar %(month)s, %(country)s", month=month, country=reference.country_label(row.country))
    return render_template("publication/revise.html", page_title=title, release=row, form=form), status


@blueprint.get("/releases/<uuid:release_id>/revise")
@needs(MAKE_RELEASE)
def revise(release_id: UUID) -> ResponseReturnValue:
    """What a revision does, and the form that asks for it."""
    return _page(_release(release_id), ReviseForm())


@blueprint.post("/releases/<uuid:release_id>/revise")
@needs(MAKE_RELEASE)
@commits
def ask_revision(release_id: UUID) -> ResponseReturnValue:
    """Ask for it; the figures worker makes it, and another person decides."""
    row, form = _release(release_id), ReviseForm()
    if not form.validate_on_submit():
        return _page(row, form, 422)
    try:
        made = service.ask_revision(
            row.country, row.period, by=access.current(), code=form.code.data, reason=form.reason.data
        )
    except Refused as error:
        form.refused(error)
        return _page(row, form, error.status)
    audit.record("asked", "release", made.id, made.name)
    flash(_("La revisión se está preparando. Suele tardar menos de un minuto."), "info")
    return redirect(url_for("publication.show", release_id=made.id))
