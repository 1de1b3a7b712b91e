"""A person leaves custody: how and when, the second person's yes where one is needed, and the letter they carry."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.custody import queries, service
from caseapp.custody.access import READ, REVIEW, WRITE
from caseapp.custody.forms import ReleaseForm
from caseapp.custody.models import Custody
from caseapp.custody.views import blueprint
from caseapp.custody.views.person import custody_of
from caseapp.people import present as people_present
from caseapp.people import queries as people
from caseapp.people.models import Case


@blueprint.route("/cases/<number>/custody/<uuid:custody_id>/release", methods=["GET", "POST"])
@needs(WRITE)
@commits
def release(number: str, custody_id: UUID) -> ResponseReturnValue:
    """Record how somebody left."""
    case = people.owned_case(number, access.current(), WRITE)
    row = custody_of(case, custody_id)
    if request.method == "GET":
        data = {"on": clock.today(queries.timezone_of(case)), "version": row.version}
        return _page(case, row, ReleaseForm(None, data=data))
    form = ReleaseForm()
    if not form.validate():
        return _page(case, row, form), 422
    new = service.NewExit(
        form.exit_code.data, form.on.data, form.departure_reason.data or None, (form.departure_note.data or "").strip()
    )  # fmt: skip
    try:
        with session.begin_nested():
            service.release(case, row, new, version=form.read_version())
    except Refused as error:
        form.refused(error)
        session.refresh(row)
        return _page(case, row, form), error.status
    waits = row.state == "EXIT_ASKED"
    flash(_("Se pidió a supervisión que confirme la salida.") if waits else _("Salida anotada."), "good")
    return redirect(url_for("custody.show", number=case.number))


def _page(case: Case, row: Custody, form: ReleaseForm) -> str:
    on = form.on.data or clock.today(queries.timezone_of(case))
    rank, passed = service.passed_by(case, row, on) if row.state == "HELD" else (None, ())
    form.version.data = row.version
    return render_template(
        "custody/release.html",
        page_title=_("Anotar la salida de %(name)s", name=people_present.name_of(people.person_of(case))),
        number=case.number,
        form=form,
        held=row.state == "HELD",
        ranked=rank is not None,
        passed=_numbers([one.id for one in passed], on),
        back_url=url_for("custody.show", number=case.number),
    )


def _numbers(custody_ids: list[Any], on: date) -> list[str]:
    """The file numbers of those who were before in the order on a day."""
    held = {h.custody.id: h.case.number for h in queries.held(access.current(), on)} if custody_ids else {}
    return [held[i] for i in custody_ids if i in held]


@blueprint.route("/cases/<number>/custody/<uuid:custody_id>/decision", methods=["GET", "POST"])
@needs(REVIEW)
@commits
def decide(number: str, custody_id: UUID) -> ResponseReturnValue:
    """A second person confirms a removal or a death, or sends it back."""
    case = people.owned_case(number, access.current(), REVIEW)
    row = custody_of(case, custody_id)
    wrong, status = "", 200
    if request.method == "POST":
        version = request.form.get("version", type=int)
        try:
            with session.begin_nested():
                service.decide_release(
                    case, row, approve=request.form.get("decision") == "yes", version=version
                )
        except Refused as error:
            session.refresh(row)
            wrong, status = str(error), error.status
        else:
            flash(_("Decisión anotada."), "good")
            return redirect(url_for("custody.show", number=case.number))
    html = render_template(
        "custody/decision.html",
        page_title=_("Confirmar la salida de custodia"),
        number=case.number,
        name=people_present.name_of(people.person_of(case)),
        row=row,
        how=reference.label("custody_exit", row.exit_code) if row.exit_code else "",
        on=day(row.exit_on),
        own=row.exit_by_id == access.current().user_id,
        wrong=wrong,
        back_url=url_for("custody.show", number=case.number),
    )
    return html, status


@blueprint.get("/cases/<number>/custody/<uuid:custody_id>/letter")
@needs(READ)
@records_view
def letter(number: str, custody_id: UUID) -> ResponseReturnValue:
    """The paper that a person carries out: the name and the day, and nothing that could harm them."""
    case = people.owned_case(number, access.current(), READ)
    row = custody_of(case, custody_id)
    on = row.exit_on if row.state == "RELEASED" else row.exit_agreed_on
    if on is None:
        raise NotYours
    audit.record("printed", "custody", row.id, "LETTER")
    return render_template(
        "custody/letter.html",
        page_title=_("Constancia de salida"),
        name=people_present.name_of(people.person_of(case)),
        on=day(on),
        printed_on=day(clock.today(queries.timezone_of(case))),
        back_url=url_for("custody.show", number=case.number),
    )
