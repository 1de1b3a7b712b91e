"""Consents as keys: what each person opened, to whom, until when; record, ask apart, withdraw, and what came before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people import keys, present, queries, rules, service
from caseapp.people.access import EDIT
from caseapp.people.forms import ApartForm, ConsentForm, apart_purposes
from caseapp.people.models import Consent
from caseapp.people.service import NewConsent
from caseapp.people.views import blueprint
from caseapp.people.views.owned import Opened, opened, viewed

KINDS = {"GIVEN": "good"}
KEPT = ("given_by", "alone", "form", "language", "interpreter")


@blueprint.get("/cases/<number>/consents")
@needs(EDIT)
@records_view
def consents(number: str) -> ResponseReturnValue:
    """What this person answered, and the form that records an answer. `?purpose=` asks for one right away."""
    file = opened(number)
    viewed(file)
    form = _form(file, ConsentForm(data=_begun(file)))
    wanted = request.args.get("purpose", "")
    if wanted in {value for value, _label in form.purpose.choices}:
        form.purpose.data = wanted
    return _page(file, form)


def _begun(file: Opened) -> dict[str, Any]:
    kept = {name: request.args[name] for name in KEPT if name in request.args}
    return {"given_by": "" if present.is_child(file.person, file.on) else "SELF", **kept}


def _form(file: Opened, form: Any) -> Any:
    form.recipient.options = lambda: [(str(i), name) for i, name in keys.recipients(file.case)]
    return form


@blueprint.post("/cases/<number>/consents")
@needs(EDIT)
@commits
def record_consent(number: str) -> ResponseReturnValue:
    """Record one answer. An adult's is the adult's own."""
    file = opened(number)
    form = _form(file, ConsentForm())
    row = _recorded(file, form, form.consent)
    if row is None:
        return _page(file, form), 422
    # The same talk goes on with the next purpose: how it is held is not asked again.
    kept = {name: form[name].data for name in KEPT if form[name].data}
    return redirect(url_for("people.consents", number=file.case.number, **kept))


@blueprint.route("/cases/<number>/consents/apart/<purpose>", methods=["GET", "POST"])
@needs(EDIT)
@commits
def ask_apart(number: str, purpose: str) -> ResponseReturnValue:
    """One purpose that is never asked together with others: alone, after legal advice, and no until it is yes."""
    file = opened(number)
    viewed(file)
    purposes = dict(apart_purposes())
    if purpose not in purposes:
        raise NotYours
    form: Any = ApartForm() if request.method == "POST" else ApartForm(data=_begun(file))
    if request.method == "POST":
        row = _recorded(file, form, lambda carer: form.apart(purpose, carer))
        if row is not None:
            return redirect(url_for("people.consents", number=file.case.number))
    page = render_template(
        "people/apart.html",
        page_title=_("Preguntar aparte: %(purpose)s", purpose=purposes[purpose]),
        number=file.case.number,
        name=file.name,
        child=present.is_child(file.person, file.on),
        names_country=purpose in rules.NAMED_COUNTRY,
        grave=purpose in rules.GRAVE,
        form=form,
    )
    return page, 422 if request.method == "POST" else 200


def _recorded(file: Opened, form: Any, answer: Callable[[UUID | None], NewConsent]) -> Consent | None:
    """Record what a form says, with what must be said to whoever records it; None where it was refused."""
    if not form.validate():
        return None
    dates = {n: form[n].form.day for n in ("legal_advice_on", "expires_on") if n in form}
    try:
        with session.begin_nested():
            row = service.record_consent(file.case, file.person, answer(_answering(form, file)), on=file.on)
    except ValueError:
        for field in dates.values():
            field.errors = [_("Revise las fechas: escriba día, mes y año, por ejemplo 07 03 2025.")]
        return None
    except Refused as error:
        if error.field in dates:
            dates[error.field].errors = [str(error)]
        else:
            form.refused(error)
        return None
    flash(_("Respuesta anotada."), "good")
    for words in _warnings(file, row):
        flash(words, "warning")
    return row


def _answering(form: Any, file: Opened) -> UUID | None:
    """The file of the parent or guardian who answers for a child."""
    typed = (form.given_by_number.data or "").strip()
    if not typed:
        return None
    try:
        return queries.case_by_number(typed, access.current()).id
    except NotYours:
        raise Refused(_("No se encontró ese expediente."), field="given_by_number") from None


def _warnings(file: Opened, row: Consent) -> list[str]:
    known = rules.age_range(queries.birth_of(file.person), file.on)
    said = {
        "NOT_ALONE": _("Esta persona no respondió a solas. Vuelva a preguntarle cuando esté sola."),
        "FAMILY_INTERPRETS": _("Interpretó un familiar. Vuelva a preguntar con otra persona intérprete."),
        "CARER_NOT_PROVEN": _(
            "No consta que quien respondió sea su madre, padre o tutor. Anote el vínculo y cómo consta."
        ),
        "ASSENT_NOT_ASKED": _("Pregunte también a la niña o al niño y anote su asentimiento."),
    }
    found = rules.consent_warnings(
        adult=row.adult,
        alone=row.alone,
        interpreter=row.interpreter,
        age=known[0] if known else None,
        given_by=row.given_by,
        carer_proven=row.given_by_case_id is not None
        and queries.is_carer(row.given_by_case_id, file.case.id),
        assent=row.assent,
    )
    return [said[w] for w in found]


@blueprint.get("/cases/<number>/consents/<uuid:consent_id>/withdraw")
@needs(EDIT)
@records_view
def withdraw(number: str, consent_id: UUID) -> ResponseReturnValue:
    """What will happen when this consent is taken back."""
    file = opened(number)
    viewed(file)
    row = _consent(file, consent_id)
    seen_by = keys.readers_by(file.case.id, row.purpose)
    closes = (
        [_("Deja de ver a %(name)s desde ahora: %(teams)s.", name=file.name, teams=", ".join(seen_by))]
        if seen_by
        else [_("Nadie de fuera la ve ahora por este consentimiento.")]
    )
    return render_template(
        "layout/confirm.html",
        page_title=_(
            "Retirar consentimiento: %(purpose)s", purpose=reference.label("consent_purpose", row.purpose)
        ),
        happens=[
            *closes,
            _(
                "Las referencias que dependen de él se retiran, también las de sus hijas e hijos que van solo con esta persona."
            ),
            _(
                "Si ya está en un albergue, este conserva hasta su salida solo cómo le dicen, la cama, las noches y lo vital."
            ),
            _("Retirarlo no cambia su lugar en ninguna lista ni su alojamiento de hoy."),
        ],
        confirm_label=_("Retirar consentimiento"),
        back_url=url_for("people.consents", number=file.case.number),
    )


@blueprint.post("/cases/<number>/consents/<uuid:consent_id>/withdraw")
@needs(EDIT)
@commits
def withdraw_consent(number: str, consent_id: UUID) -> ResponseReturnValue:
    """The person takes it back."""
    file = opened(number)
    service.withdraw_consent(file.case, _consent(file, consent_id), on=file.on)
    flash(_("Consentimiento retirado."), "good")
    return redirect(url_for("people.consents", number=file.case.number))


def _consent(file: Opened, consent_id: UUID) -> Consent:
    row = session.scalars(
        sa.select(Consent).where(Consent.id == consent_id, Consent.case_id == file.case.id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotYours
    return row


def _key(row: Consent, file: Opened, teams: dict[UUID, str]) -> dict[str, Any]:
    ended = row.expires_on is not None and row.expires_on < file.on
    state = "EXPIRED" if row.state == "GIVEN" and ended else row.state
    soon = (
        state == "GIVEN"
        and row.expires_on is not None
        and rules.consent_warned_from(row.purpose, row.expires_on) <= file.on
    )
    return {
        "purpose": reference.label("consent_purpose", row.purpose),
        "who": _who(row, file),
        "state": _("Termina pronto") if soon else reference.label("consent_state", state),
        "kind": "warning" if soon else KINDS.get(state, "neutral"),
        "given_to": _given_to(row, teams),
        "until": _until(row, state, file.on),
        "form_of": " · ".join(filter(None, (
            reference.label("consent_form", row.form) if row.form else "", _assent_text(row.assent),
        ))),
        "withdraw_href": url_for("people.withdraw", number=file.case.number, consent_id=row.id)
        if state == "GIVEN"
        else None,
    }  # fmt: skip


def _assent_text(assent: str | None) -> str:
    if assent is None:
        return ""
    return _("la niña o el niño dijo que sí") if assent == "GIVEN" else _("la niña o el niño dijo que no")


def _given_to(row: Consent, teams: dict[UUID, str]) -> str:
    """Whom the key opens the door to; a referral's key without a name opens to whoever the referral goes to."""
    if row.recipient_country:
        return reference.country_label(row.recipient_country)
    if row.recipient_team_id is not None:
        return teams.get(row.recipient_team_id, "")
    group = reference.group_of("consent_purpose", row.purpose)
    return _("cualquier entidad a la que se le refiera") if group == "REFERRAL" else ""


def _who(row: Consent, file: Opened) -> str:
    by = reference.label("consent_given_by", row.given_by)
    return file.name if row.given_by == "SELF" else f"{file.name} ({by})"


def _until(row: Consent, state: str, on: date) -> str:
    if state == "GIVEN" and row.expires_on:
        return _("hasta el %(day)s", day=day(row.expires_on))
    if state == "EXPIRED" and row.expires_on:
        return _("venció el %(day)s", day=day(row.expires_on))
    if state == "WITHDRAWN" and row.withdrawn_at:
        return _("retirado el %(day)s", day=day(row.withdrawn_at.date()))
    return _("preguntado el %(day)s", day=day(row.asked_on))


def _page(file: Opened, form: Any) -> str:
    answers = queries.answers_of(file.case.id)
    held = rules.keys_held(answers)
    standing = {row.id for row in held}
    before = [row for row in reversed(answers) if row.id not in standing]
    teams = _team_names({row.recipient_team_id for row in answers if row.recipient_team_id})
    waivers = keys.waivers_of(file.case.id)
    return render_template(
        "people/consents.html",
        page_title=_("Consentimientos de %(name)s", name=file.name),
        number=file.case.number,
        child=present.is_child(file.person, file.on),
        keys=[_key(row, file, teams) for row in held],
        before=[{**_key(row, file, teams), "withdraw_href": None} for row in before],
        apart=[
            {"label": label, "href": url_for("people.ask_apart", number=file.case.number, purpose=code)}
            for code, label in apart_purposes()
        ],
        waivers=[
            {
                "purpose": reference.label("consent_purpose", w.purpose),
                "basis": reference.label("no_consent_basis", w.basis),
                "on": day(w.made_on),
                "reviewed": w.reviewed_at is not None,
                "told": w.told_on is not None,
                "href": url_for("people.waiver", number=file.case.number, waiver_id=w.id),
            }
            for w in waivers
        ],
        form=form,
        others=_other_adults(file),
    )


def _team_names(ids: set[UUID]) -> dict[UUID, str]:
    if not ids:
        return {}
    rows = session.execute(sa.select(Team.id, Team.name).where(Team.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def _other_adults(file: Opened) -> list[dict[str, str]]:
    """The other adults of the family, each of whom answers alone."""
    household = queries.household_of(file.case.id)
    parts = queries.members_of(household) if household is not None else []
    return [
        {
            "name": present.name_of(p.person),
            "href": url_for("people.consents", number=p.case.number),
        }
        for p in parts
        if p.case.id != file.case.id and not present.is_child(p.person, file.on)
    ]
