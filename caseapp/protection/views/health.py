"""`/cases/<number>/private/health`: days on which care must not come late; `/cases/<number>/guardian`: who stands for a
child. The first is a private page: that somebody may still be treated for some hours says what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, clock
from caseapp.core.access import needs as needs_permission
from caseapp.core.commits import commits, records_view
from caseapp.core.i18n import _
from caseapp.core.pages import moment
from caseapp.core.trying import tried
from caseapp.deadline.rules import end_of
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.models import Case
from caseapp.people.rules.health import KINDS
from caseapp.protection.access import SCREEN
from caseapp.protection.forms import GuardianForm, IncidentForm, MedicineForm, PregnancyForm
from caseapp.protection.views import blueprint

FORMS: dict[str, type[Any]] = {"MEDICINE": MedicineForm, "PREGNANCY": PregnancyForm, "INCIDENT": IncidentForm}


def _case(number: str) -> Case:
    return people.owned_case(number, access.current(), SCREEN)


@blueprint.get("/cases/<number>/private/health")
@needs_permission(SCREEN)
@records_view
def health(number: str) -> ResponseReturnValue:
    """The days that are kept, and the forms that write one. The page is there for every file."""
    case = _case(number)
    audit.record("viewed", "case", case.id, "PRIVATE")
    return _page(case)


@blueprint.post("/cases/<number>/private/health")
@needs_permission(SCREEN)
@commits
def note_health(number: str) -> ResponseReturnValue:
    """Write one down (`verb` is its kind), or say that it is over (`end-<kind>`)."""
    case, verb = _case(number), request.form.get("verb", "")
    to = url_for("protection.health", number=case.number)
    if verb.removeprefix("end-") in KINDS and verb.startswith("end-"):
        people_service.end_health_date(case, verb.removeprefix("end-"))
        flash(_("Anotado: ya no hace falta."), "good")
        return redirect(to)
    kind = verb if verb in KINDS else "MEDICINE"
    form = FORMS[kind](prefix=f"{kind.lower()}-")
    return tried(
        form, lambda: _note(case, kind, form), again=lambda: _page(case, **{kind: form}), done=_("Fecha anotada."), to=to
    )  # fmt: skip


def _note(case: Case, kind: str, form: Any) -> None:
    timezone = people.timezone_of(case)
    if kind == "MEDICINE":
        people_service.note_medicine(case, end_of(form.until.data, timezone))
    elif kind == "PREGNANCY":
        people_service.note_pregnancy(case, form.weeks.data)
    else:
        people_service.note_incident(case, _at(form.at.data, timezone))


def _at(local: datetime, timezone: str) -> datetime:
    return clock.at(local.date(), local.hour, local.minute, timezone)


def _page(case: Case, **wrong: Any) -> str:
    known, timezone = people.health_dates_of(case.id), people.timezone_of(case)
    words = {
        "MEDICINE": (_("Medicina de todos los días"), _("Alcanza hasta")),
        "PREGNANCY": (_("Embarazo"), _("Cumple 36 semanas")),
        "INCIDENT": (_("Tratamientos que solo sirven en las primeras horas"), _("Ocurrió")),
    }
    parts = [
        {
            "kind": kind,
            "title": words[kind][0],
            "known": f"{words[kind][1]}: {moment(known[kind].at, timezone)}" if kind in known else "",
            "form": wrong.get(kind) or FORMS[kind](None, prefix=f"{kind.lower()}-"),
        }
        for kind in KINDS
    ]
    return render_template(
        "protection/health.html",
        page_title=_("Fechas de salud"),
        number=case.number,
        parts=parts,
        wrong=next(iter(wrong.values()), None),
    )


@blueprint.route("/cases/<number>/guardian", methods=["GET", "POST"])
@needs_permission(SCREEN)
@commits
def guardian(number: str) -> ResponseReturnValue:
    """Whom the authority named to stand for a child."""
    case = _case(number)
    audit.record("viewed", "case", case.id)
    person, now = people.person_of(case), people.guardian_of(case.id)
    timezone = people.timezone_of(case)
    form = GuardianForm(request.form if request.method == "POST" else None)

    def again() -> str:
        return render_template(
            "protection/guardian.html",
            page_title=_("Tutela de %(name)s", name=present.name_of(person)),
            number=case.number,
            form=form,
            known={"name": now.name or "", "authority": now.authority or "", "at": moment(now.named_at, timezone)}
            if now
            else None,
        )  # fmt: skip

    if request.method != "POST":
        return again()

    def verb() -> None:
        people_service.name_guardian(
            case, name=form.name.data or "", authority=form.authority.data or "", at=_at(form.at.data, timezone),
            child=present.is_child(person, people.today_of(case)),
        )  # fmt: skip

    to = url_for("protection.guardian", number=case.number)
    return tried(form, verb, again=again, done=_("Tutela anotada."), to=to)
