"""`/cases/<number>/livelihood`: the work permit, trainings and jobs of a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import flash, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case
from caseapp.solutions import forms, queries, rules, service
from caseapp.solutions.access import READ, WRITE
from caseapp.solutions.models import Employment, Training, WorkPermit
from caseapp.solutions.views import blueprint
from caseapp.solutions.views.trying import locked, tried


@blueprint.get("/cases/<number>/livelihood")
@needs(READ)
@records_view
def work(number: str) -> ResponseReturnValue:
    """Permit, trainings and jobs."""
    case = people.owned_case(number, access.current(), READ)
    audit.record("viewed", "case", case.id)
    return _page(case, {})


@blueprint.post("/cases/<number>/livelihood/permit")
@needs(WRITE)
@commits
def ask_permit(number: str) -> ResponseReturnValue:
    """Open the matter of a permit."""
    case = people.owned_case(number, access.current(), WRITE)
    form = forms.offering(forms.PermitForm(prefix="permit-"), "work_permit", rules.PERMIT_FIRST, "state")

    def verb(on: date) -> None:
        service.ask_permit(case, state=form.state.data, on=on, missing=form.missing.data or [])

    return _tried(case, "permit", form, verb, _("Permiso anotado."))


@blueprint.post("/cases/<number>/livelihood/permit/<uuid:row_id>")
@needs(WRITE)
@commits
def move_permit(number: str, row_id: UUID) -> ResponseReturnValue:
    """The permit's next step."""
    case = people.owned_case(number, access.current(), WRITE)
    row = locked(case, WorkPermit, row_id)
    form = _offered(forms.PermitForm(prefix=_prefix(row_id)), "work_permit", rules.PERMIT_NEXT, row.state)

    def verb(on: date) -> None:
        service.move_permit(
            case, row, to=form.state.data, on=on, missing=form.missing.data or [], reason=form.reason.data or None,
            valid_to=_valid_to(form), version=form.read_version(),
        )  # fmt: skip

    return _tried(case, row_id, form, verb, _("Paso anotado."))


def _valid_to(form: Any) -> date | None:
    try:
        found: date | None = form.valid_to.form.value()
    except ValueError:
        raise rules.ValidityMissing from None
    return found


@blueprint.post("/cases/<number>/livelihood/training")
@needs(WRITE)
@commits
def enrol(number: str) -> ResponseReturnValue:
    """Enrol in a training."""
    case = people.owned_case(number, access.current(), WRITE)
    form = forms.EnrolForm(prefix="training-")

    def verb(on: date) -> None:
        service.enrol(case, kind=form.kind.data, on=on, level=form.level.data or None)

    return _tried(case, "training", form, verb, _("Formación anotada."))


@blueprint.post("/cases/<number>/livelihood/training/<uuid:row_id>")
@needs(WRITE)
@commits
def move_training(number: str, row_id: UUID) -> ResponseReturnValue:
    """The training's next step."""
    case = people.owned_case(number, access.current(), WRITE)
    row = locked(case, Training, row_id)
    form = _offered(
        forms.TrainingStepForm(prefix=_prefix(row_id)), "training_step", rules.TRAINING_NEXT, row.state
    )

    def verb(on: date) -> None:
        service.move_training(
            case, row, to=form.state.data, on=on, level=form.level.data or None, reason=form.reason.data or None,
            version=form.read_version(),
        )  # fmt: skip

    return _tried(case, row_id, form, verb, _("Paso anotado."))


@blueprint.post("/cases/<number>/livelihood/job")
@needs(WRITE)
@commits
def offer_job(number: str) -> ResponseReturnValue:
    """A job was offered."""
    case = people.owned_case(number, access.current(), WRITE)
    form = forms.JobForm(prefix="job-")

    def verb(on: date) -> None:
        try:
            checked = form.checked.form.value()
        except ValueError:
            raise rules.WorkDateWrong(field="checked") from None
        service.offer_job(
            case, form=form.form.data, on=on, employer=form.employer.data or "", employer_checked_on=checked
        )

    return _tried(case, "job", form, verb, _("Empleo anotado."))


@blueprint.post("/cases/<number>/livelihood/job/<uuid:row_id>")
@needs(WRITE)
@commits
def move_job(number: str, row_id: UUID) -> ResponseReturnValue:
    """The job's next step; exploitation asks for a lawyer at once."""
    case = people.owned_case(number, access.current(), WRITE)
    row = locked(case, Employment, row_id)
    form = _offered(forms.JobStepForm(prefix=_prefix(row_id)), "employment_step", rules.JOB_NEXT, row.state)

    def verb(on: date) -> None:
        service.move_job(
            case, row, to=form.state.data, on=on, reason=form.reason.data or None, version=form.read_version()
        )
        if row.end_reason == "EXPLOITATION":
            flash(_("Ofrézcale a solas asistencia legal y, si acepta, haga la referencia hoy."), "warning")

    return _tried(case, row_id, form, verb, _("Paso anotado."))


def _tried(
    case: Case, key: Any, form: Any, verb: Callable[[date], Any], done: str
) -> ResponseReturnValue:  # fmt: skip
    back = url_for("solutions.work", number=case.number)
    return tried(form, verb, done, back=back, page=lambda: _page(case, {key: form}))


def _prefix(row_id: UUID) -> str:
    return f"row-{row_id.hex}-"


def _offered(form: Any, list_name: str, following: Mapping[str, frozenset[str]], now: str) -> Any:
    """The form with the next states, without the fields that none of them needs."""
    forms.offering(form, list_name, following[now], "state")
    needed = {
        "missing": "DOCUMENTS_MISSING", "valid_to": "ISSUED RENEWED", "reason": "REFUSED DROPPED ENDED",
        "level": "COMPLETED",
    }  # fmt: skip
    for field, states in needed.items():
        if field in form and following[now].isdisjoint(states.split()):
            form[field].shown = False
        elif field in form:
            form[field].shown = True
    return form


def _page(case: Case, typed: dict[Any, Any]) -> str:
    today = people.today_of(case)
    blank = {"on": date_data(today)}

    def rows(found: Any, form: Any, list_name: str, following: Any, told: Any) -> list[dict[str, Any]]:
        return [
            {**told(row), "id": row.id, "state": reference.label(list_name, row.state),
             "kind": KINDS.get(row.state, "info"), "form": _form_of(row, form, list_name, following, blank, typed)}
            for row in found
        ]  # fmt: skip

    permits, trainings, jobs = queries.work_of(case.id)
    permit_form = typed.get("permit") or forms.offering(
        forms.PermitForm(None, data=blank, prefix="permit-"), "work_permit", rules.PERMIT_FIRST, "state"
    )
    return render_template(
        "solutions/work.html",
        page_title=_("Trabajo y formación de %(name)s", name=present.name_of(people.person_of(case))),
        number=case.number,
        permits=rows(permits, forms.PermitForm, "work_permit", rules.PERMIT_NEXT, _permit),
        trainings=rows(trainings, forms.TrainingStepForm, "training_step", rules.TRAINING_NEXT, _training),
        jobs=rows(jobs, forms.JobStepForm, "employment_step", rules.JOB_NEXT, _job),
        permit_form=None if any(p.state != "REFUSED" for p in permits) and "permit" not in typed else permit_form,
        training_form=typed.get("training") or forms.EnrolForm(None, data=blank, prefix="training-"),
        job_form=typed.get("job") or forms.JobForm(None, data=blank, prefix="job-"),
        wrong=list(typed.values()),
    )  # fmt: skip


KINDS = {
    "ISSUED": "good", "RENEWED": "good", "REFUSED": "urgent", "EXPIRED": "warning", "LOST": "warning",
    "DOCUMENTS_MISSING": "warning", "COMPLETED": "good", "CERTIFIED": "good", "DROPPED": "neutral", "ENDED": "neutral",
    "STARTED": "good", "STILL_1M": "good", "STILL_3M": "good", "STILL_6M": "good",
}  # fmt: skip


def _form_of(row: Any, form: Any, list_name: str, following: Any, blank: Any, typed: Any) -> Any:
    if row.id in typed:
        typed[row.id].version.data = row.version
        return typed[row.id]
    if not following[row.state]:
        return None
    made = form(None, data={**blank, "version": row.version}, prefix=_prefix(row.id))
    return _offered(made, list_name, following, row.state)


def _permit(row: WorkPermit) -> dict[str, Any]:
    status = reference.label("population", row.holder_status) if row.holder_status else ""
    return {
        "title": _("Permiso de trabajo"),
        "facts": [
            f for f in (
                _("expediente completo el %(day)s", day=day(row.complete_on)) if row.complete_on else "",
                _("situación al presentarlo: %(status)s", status=status) if status else "",
                _("emitido el %(day)s", day=day(row.issued_on)) if row.issued_on else "",
                _("vence el %(day)s", day=day(row.valid_to)) if row.valid_to else "",
                reference.label("work_permit_refusal", row.refusal) if row.refusal else "",
            ) if f
        ],
        "missing": [reference.label("work_permit_document", d) for d in row.missing],
    }  # fmt: skip


def _training(row: Training) -> dict[str, Any]:
    levels = " → ".join(reference.label("cefr_level", x) for x in (row.level_in, row.level_out) if x)
    why = reference.label("training_drop_reason", row.drop_reason) if row.drop_reason else ""
    return {
        "title": reference.label("training_kind", row.kind),
        "facts": [f for f in (_("desde el %(day)s", day=day(row.enrolled_on)), levels, why) if f],
    }


def _job(row: Employment) -> dict[str, Any]:
    """A sealed reason speaks with its neutral label: the page may be seen by others."""
    why = reference.outside_label("employment_end_reason", row.end_reason) if row.end_reason else ""
    checked = row.employer_checked_on
    return {
        "title": row.employer or reference.label("employment_form", row.form),
        "facts": [
            f for f in (
                reference.label("employment_form", row.form) if row.employer else "",
                _("ofrecido el %(day)s", day=day(row.offered_on)),
                _("empezó el %(day)s", day=day(row.started_on)) if row.started_on else "",
                _("quien emplea se revisó el %(day)s", day=day(checked)) if checked else _("quien emplea, sin revisar"),
                why or "",
            ) if f
        ],
    }  # fmt: skip
