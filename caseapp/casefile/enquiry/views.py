"""`/enquiries`: write down who asked for whom; read, pass on, link. The page of the gate shows nothing of anybody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.accounts.queries import timezone_of
from caseapp.casefile.access import LINK_ENQUIRY, LOG_ENQUIRY, READ_ENQUIRY
from caseapp.casefile.enquiry import queries, rules, service
from caseapp.casefile.enquiry.forms import LinkForm, LogForm
from caseapp.casefile.enquiry.models import Enquiry
from caseapp.casefile.enquiry.service import NewEnquiry
from caseapp.casefile.views import blueprint
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted, NotYours, Refused
from caseapp.core.i18n import _, _l
from caseapp.core.pages import hour, moment, nav, paged
from caseapp.people import queries as people

nav(60, _l("Preguntaron por alguien"), "casefile.log_enquiry", LOG_ENQUIRY, whole_area=False)


def _zone() -> str:
    return timezone_of(access.current().grants[0].team_id)


@blueprint.get("/enquiries/new")
@needs(LOG_ENQUIRY)
def log_enquiry() -> ResponseReturnValue:
    """Four things to fill, two of them chosen already."""
    return _log_page(LogForm())


@blueprint.post("/enquiries/new")
@needs(LOG_ENQUIRY)
@commits
def save_enquiry() -> ResponseReturnValue:
    """Written down; the page says the same whoever was asked for."""
    form, who = LogForm(), access.current()
    if not form.validate():
        return _log_page(form), 422
    team_id = next(iter(who.teams_as(*LOG_ENQUIRY.roles)))
    new = NewEnquiry(
        form.asked_by.data, form.about.data or "", form.channel.data, form.paper.data, form.remark.data or ""
    )
    try:
        with session.begin_nested():
            service.log(new, session.get_one(Team, team_id))
    except Refused as error:
        form.refused(error)
        return _log_page(form), error.status
    flash(_("Anotado. No confirme nada a nadie."), "good")
    return redirect(url_for("casefile.log_enquiry"))


def _log_page(form: LogForm) -> str:
    zone = _zone()
    own = queries.own_of_today(access.current())
    return render_template(
        "casefile/enquiry/new.html",
        page_title=_("Preguntaron por alguien"),
        form=form,
        own=[
            {"at": hour(e.at, zone), "by": reference.label("enquiry_by", e.asked_by),
             "how": reference.label("enquiry_channel", e.channel)}
            for e in own
        ],
        reads=access.current().may(READ_ENQUIRY),
    )  # fmt: skip


@blueprint.get("/enquiries")
@needs(READ_ENQUIRY)
@records_view
def enquiries() -> ResponseReturnValue:
    """Who asked for whom, the newest first."""
    asked = queries.newest(access.current())
    chosen = request.args.get("by") or ""
    if reference.known("enquiry_by", chosen):
        asked = asked.where(Enquiry.asked_by == chosen)
    page = paged(asked)
    audit.record("viewed", "enquiry")
    zone = _zone()
    return render_template(
        "casefile/enquiry/list.html",
        page_title=_("Quién preguntó por quién"),
        page=page,
        rows=[_line(line, zone) for line in queries.lines_of(page.rows)],
        choices=reference.choices("enquiry_by"),
        chosen=chosen,
        active=[{"label": reference.label("enquiry_by", chosen), "remove_href": request.path}]
        if reference.known("enquiry_by", chosen)
        else [],
    )


def _line(line: queries.Line, zone: str) -> dict[str, Any]:
    row = line.enquiry
    return {
        "id": row.id, "at": moment(row.at, zone), "by": reference.label("enquiry_by", row.asked_by),
        "authority": row.asked_by in rules.AUTHORITIES, "how": reference.label("enquiry_channel", row.channel),
        "paper": reference.label("enquiry_paper", row.paper), "about": row.about or "", "remark": row.remark or "",
        "team": line.team, "user": line.by, "number": line.number, "linked": row.about_case_id is not None,
        "passed": row.passed_at is not None, "answer": reference.label("enquiry_answer", row.answer),
    }  # fmt: skip


@blueprint.get("/enquiries/<uuid:enquiry_id>")
@needs(READ_ENQUIRY)
@records_view
def enquiry(enquiry_id: UUID) -> ResponseReturnValue:
    """One enquiry, and what may be done with it."""
    row = queries.one(enquiry_id, access.current())
    audit.record("viewed", "enquiry", row.id)
    return _one_page(row, LinkForm(data={"version": row.version}))


def _one_page(row: Enquiry, form: LinkForm) -> str:
    [line] = queries.lines_of([row])
    return render_template(
        "casefile/enquiry/show.html",
        page_title=_("Preguntaron por alguien"),
        row=_line(line, _zone()),
        form=form,
        links=access.current().may(LINK_ENQUIRY) and row.about_case_id is None,
        answerable=row.asked_by in rules.CONSENTS,
    )


@blueprint.post("/enquiries/<uuid:enquiry_id>/pass")
@needs(READ_ENQUIRY)
@commits
def pass_enquiry(enquiry_id: UUID) -> ResponseReturnValue:
    """The supervisors of the country may read it."""
    row = queries.one(enquiry_id, access.current(), lock=True)
    service.pass_on(row)
    audit.record("passed_on", "enquiry", row.id)
    flash(_("Las supervisiones del país ya pueden verla."), "good")
    return redirect(url_for("casefile.enquiry", enquiry_id=row.id))


@blueprint.post("/enquiries/<uuid:enquiry_id>/link")
@needs(LINK_ENQUIRY)
@commits
def link_enquiry(enquiry_id: UUID) -> ResponseReturnValue:
    """It was about this person: the alert stands on their file."""
    who = access.current()
    row = queries.one(enquiry_id, who, lock=True)
    form = LinkForm()
    if not form.validate():
        return _one_page(row, form), 422
    try:
        with session.begin_nested():
            service.link(
                row, _held(form.number.data or ""), version=form.read_version(), answered=form.answered.data
            )
    except Refused as error:
        form.refused(error)
        session.expire(row)
        return _one_page(row, form), error.status
    flash(_("Unida al expediente, con su alerta."), "good")
    return redirect(url_for("casefile.enquiry", enquiry_id=row.id))


def _held(number: str) -> Any:
    try:
        return people.owned_case(number, access.current(), LINK_ENQUIRY)
    except (NotYours, NotPermitted):
        raise rules.NotOfYourTeam from None
