"""Needs and placement requirements of one person: record, change, meet, end. A need whose code is sealed is
reached from the file's private page, not from this list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, reference
from caseapp.core.access import needs as needs_permission
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.models import Case, Need, PlacementRequirement
from caseapp.protection.access import SCREEN
from caseapp.protection.forms import EndNeedForm, NeedForm, NewNeedForm, RequirementForm
from caseapp.protection.views import blueprint

PRIORITY_KIND = {"EMERGENCY": "urgent", "HIGH": "warning", "MEDIUM": "info", "LOW": "neutral"}


def _case(number: str) -> Case:
    return people.owned_case(number, access.current(), SCREEN)


@blueprint.get("/cases/<number>/needs")
@needs_permission(SCREEN)
@records_view
def needs(number: str) -> ResponseReturnValue:
    """Open needs and requirements, and the forms that add one."""
    case = _case(number)
    audit.record("viewed", "case", case.id)
    return _page(case, NewNeedForm(), RequirementForm())


@blueprint.post("/cases/<number>/needs")
@needs_permission(SCREEN)
@commits
def record_need(number: str) -> ResponseReturnValue:
    """Record a need that was seen or told."""
    case = _case(number)
    form = NewNeedForm()
    if not form.validate():
        return _page(case, form, RequirementForm(None)), 422
    try:
        with session.begin_nested():
            people_service.record_need(
                case, people.person_of(case), form.code.data, form.priority.data, form.reason.data,
                on=people.today_of(case),
            )  # fmt: skip
    except Refused as error:
        form.refused(error)
        return _page(case, form, RequirementForm(None)), error.status
    flash(_("Necesidad anotada."), "good")
    return redirect(url_for("protection.needs", number=case.number))


@blueprint.post("/cases/<number>/requirements")
@needs_permission(SCREEN)
@commits
def set_requirement(number: str) -> ResponseReturnValue:
    """Say what a place must have, or that it no longer must (`verb` is `end-<id>`)."""
    case = _case(number)
    verb = request.form.get("verb", "")
    if verb.startswith("end-"):
        people_service.end_requirement(case, _requirement(case, verb[4:]), on=people.today_of(case))
        flash(_("Requisito retirado."), "good")
        return redirect(url_for("protection.needs", number=case.number))
    form = RequirementForm()
    if not form.validate():
        return _page(case, NewNeedForm(None), form), 422
    try:
        with session.begin_nested():
            people_service.set_requirement(
                case, form.requirement.data, on=people.today_of(case), detail=form.detail.data or ""
            )
    except Refused as error:
        form.refused(error)
        return _page(case, NewNeedForm(None), form), error.status
    flash(_("Requisito anotado."), "good")
    return redirect(url_for("protection.needs", number=case.number))


def _requirement(case: Case, wanted: str) -> PlacementRequirement:
    found = next((r for r in people.requirements_of([case.id]) if str(r.id) == wanted), None)
    if found is None:
        raise NotYours
    return found


@blueprint.get("/cases/<number>/needs/<uuid:need_id>")
@needs_permission(SCREEN)
@records_view
def need(number: str, need_id: UUID) -> ResponseReturnValue:
    """One open need: change it, or say how it ended."""
    case = _case(number)
    audit.record("viewed", "need", need_id)
    row = _need(case, need_id)
    return _need_page(case, row, _filled(row), EndNeedForm(data={"version": row.version}))


@blueprint.post("/cases/<number>/needs/<uuid:need_id>")
@needs_permission(SCREEN)
@commits
def change_need(number: str, need_id: UUID) -> ResponseReturnValue:
    """Another priority or reason."""
    case = _case(number)
    row = _need(case, need_id, lock=True)
    form = NeedForm()
    if not form.validate():
        return _need_page(case, row, form, EndNeedForm(None, data={"version": row.version})), 422
    try:
        with session.begin_nested():
            people_service.change_need(
                case, row, priority=form.priority.data, reason=form.reason.data, version=form.read_version(),
                on=people.today_of(case),
            )  # fmt: skip
    except Refused as error:
        form.refused(error)
        compared = _compared(form, row) if isinstance(error, ChangedMeanwhile) else []
        form.version.data = row.version
        ending = EndNeedForm(None, data={"version": row.version})
        return _need_page(case, row, form, ending, compared), error.status
    flash(_("Necesidad guardada."), "good")
    return redirect(url_for("casefile.show", number=case.number))


@blueprint.post("/cases/<number>/needs/<uuid:need_id>/end")
@needs_permission(SCREEN)
@commits
def end_need(number: str, need_id: UUID) -> ResponseReturnValue:
    """It was met, or it is no longer there."""
    case = _case(number)
    row = _need(case, need_id, lock=True)
    form = EndNeedForm()
    if form.validate() and form.how.data == "ENDED" and not form.end_reason.data:
        form.end_reason.errors = [_("Indique por qué ya no existe.")]
    if form.errors:
        return _need_page(case, row, _filled(row), form), 422
    try:
        with session.begin_nested():
            _end(case, row, form)
    except Refused as error:
        form.refused(error)
        form.version.data = row.version
        return _need_page(case, row, _filled(row), form), error.status
    flash(_("Necesidad terminada."), "good")
    return redirect(url_for("casefile.show", number=case.number))


def _end(case: Case, row: Need, form: Any) -> None:
    on, version = people.today_of(case), form.read_version()
    if form.how.data == "MET":
        people_service.meet_need(case, row, version=version, on=on)
    else:
        people_service.end_need(case, row, reason=form.end_reason.data, version=version, on=on)


def _need(case: Case, need_id: UUID, *, lock: bool = False) -> Need:
    asked = sa.select(Need).where(Need.id == need_id, Need.case_id == case.id, Need.state == "OPEN")
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(asked).one_or_none()
    if row is None:
        raise NotYours
    return row


def _filled(row: Need) -> NeedForm:
    return NeedForm(None, data={"version": row.version, "priority": row.priority, "reason": row.reason or ""})


def _compared(form: Any, row: Need) -> list[dict[str, str]]:
    return [
        {
            "label": _("Prioridad"),
            "yours": reference.label("need_priority", form.priority.data),
            "saved": reference.label("need_priority", row.priority),
        },
        {"label": _("Por qué"), "yours": form.reason.data, "saved": row.reason or ""},
    ]


def _need_page(case: Case, row: Need, form: Any, ending: Any, compared: Any = ()) -> str:
    return render_template(
        "protection/need.html",
        page_title=reference.label("need_code", row.code),
        number=case.number,
        need=row,
        since=day(row.recorded_on),
        name=present.name_of(people.person_of(case)),
        form=form,
        ending=ending,
        compared=compared,
    )


def _page(case: Case, form: Any, requirement: Any) -> str:
    person = people.person_of(case)
    open_needs = [
        n
        for n in people.needs_of(case.id, open_only=True)
        if reference.outside_label("need_code", n.code, "es")
    ]
    return render_template(
        "protection/needs.html",
        page_title=_("Necesidades de %(name)s", name=present.name_of(person)),
        number=case.number,
        needs=[
            {
                "label": reference.label("need_code", n.code),
                "priority": reference.label("need_priority", n.priority),
                "kind": PRIORITY_KIND[n.priority],
                "reason": n.reason or "",
                "since": _("desde el %(day)s", day=day(n.recorded_on)),
                "href": url_for("protection.need", number=case.number, need_id=n.id),
            }
            for n in open_needs
        ],
        requirements=[
            {
                "id": r.id,
                "label": reference.label("placement_requirement", r.requirement),
                "detail": r.detail or "",
                "life": r.life_critical,
            }
            for r in people.requirements_of([case.id])
        ],
        form=form,
        requirement=requirement,
    )
