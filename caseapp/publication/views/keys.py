"""`/releases/keys`: a steward gives an organisation's program a key for released figures, sees who holds one, and takes
it back. The key itself is shown once, on the answer to the form."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, pages, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.publication.access import GIVE_KEYS, countries_as
from caseapp.publication.api import keys
from caseapp.publication.api.rules import Scope, State
from caseapp.publication.forms import KeyForm
from caseapp.publication.views import blueprint

TAGS = {State.ACTIVE: "good", State.EXPIRED: "neutral", State.REVOKED: "urgent"}


def _words() -> dict[str, str]:
    return {
        Scope.RELEASES: _("Publicaciones"), Scope.FIGURES: _("Cifras"), Scope.CELLS: _("Celdas de los cubos"),
        State.ACTIVE: _("Vale"), State.EXPIRED: _("Venció"), State.REVOKED: _("Retirada"),
    }  # fmt: skip


def _form() -> KeyForm:
    who, form = access.current(), KeyForm()
    own = countries_as(who, keys.STEWARD)
    names = {str(row.id): (row.name, row.country) for row in keys.organisations(who)}
    form.countries.choices = {code: reference.country_label(code) for code in own}
    form.organisation.choices = {"": _("Elija…")} | {
        key: name if len(own) == 1 else f"{name} ({country})" for key, (name, country) in names.items()
    }
    words = _words()
    form.scopes.choices = {str(one): words[one] for one in Scope}
    return form


@blueprint.get("/releases/keys")
@needs(GIVE_KEYS)
def key_list() -> ResponseReturnValue:
    """Who holds a key, and the form for a new one."""
    form = _form()
    form.countries.data = list(form.countries.choices)
    form.scopes.data = [str(Scope.RELEASES), str(Scope.FIGURES)]
    return _page(form)


def _page(form: KeyForm, status: int = 200, token: str = "") -> ResponseReturnValue:
    page = render_template(
        "publication/keys.html", page_title=_("Llaves de datos abiertos"), form=form, token=token,
        rows=[_row(one) for one in keys.listing(access.current())],
    )  # fmt: skip
    return page, status


def _row(one: keys.Listed) -> dict[str, Any]:
    key, words = one.key, _words()
    return {
        "id": key.id, "name": key.name, "hint": f"{key.hint}…", "organisation": one.organisation,
        "reads": f"{', '.join(words[Scope(each)] for each in key.scopes)} · {', '.join(reference.country_label(each) for each in key.countries)}",
        "made": f"{one.made_by}, {pages.day(key.made_at.date())}", "expires": pages.day(key.expires_on),
        "used": pages.day(key.last_used_on) if key.last_used_on else _("nunca"),
        "state": words[one.state], "kind": TAGS[one.state], "is_active": one.state is State.ACTIVE,
    }  # fmt: skip


@blueprint.post("/releases/keys")
@needs(GIVE_KEYS)
@commits
def make_key() -> ResponseReturnValue:
    """Make a key; this answer is the only one that shows it."""
    form = _form()
    if not form.validate_on_submit():
        return _page(form, 422)
    try:
        _row_made, token = keys.make(
            form.name.data or "", organisation_id=UUID(form.organisation.data), scopes=form.scopes.data or [],
            countries=form.countries.data or [], days=int(form.days.data), by=access.current(),
        )  # fmt: skip
    except NotYours:
        raise
    except Refused as error:
        form.refused(error)
        return _page(form, error.status)
    return _page(_emptied(), 201, token)


def _emptied() -> KeyForm:
    form = _form()
    form.name.data, form.organisation.data = "", ""
    return form


@blueprint.get("/releases/keys/<uuid:key_id>/revoke")
@needs(GIVE_KEYS)
def before_revoking(key_id: UUID) -> ResponseReturnValue:
    """What happens when a key is taken back, and the button that does it."""
    one = next((each for each in keys.listing(access.current()) if each.key.id == key_id), None)
    if one is None:
        raise NotYours
    if one.state is not State.ACTIVE:
        return redirect(url_for("publication.key_list"))
    title = _("Retirar la llave «%(name)s»", name=one.key.name)
    return render_template("publication/key_revoke.html", page_title=title, row=_row(one))


@blueprint.post("/releases/keys/<uuid:key_id>/revoke")
@needs(GIVE_KEYS)
@commits
def revoke_key(key_id: UUID) -> ResponseReturnValue:
    """Take a key back, at once."""
    row = keys.revoke(key_id, by=access.current())
    flash(_("La llave «%(name)s» está retirada y ya no abre nada.", name=row.name), "good")
    return redirect(url_for("publication.key_list"))
