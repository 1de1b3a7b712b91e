"""`/glass`: ask for another team's file by its number, read it, close it; the holder sees who did, an auditor
reviews. Nothing here lists or searches files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.casefile import minding, shown
from caseapp.casefile.access import APPROVE, BREAK_GLASS, PRIVATE, REVIEW_GLASS
from caseapp.casefile.glass import queries, rules, service
from caseapp.casefile.glass.forms import BreakForm, ReviewForm
from caseapp.casefile.queries import Glance
from caseapp.casefile.views import blueprint
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _, _l
from caseapp.core.pages import acting_user, duration, limiter, moment, nav, paged
from caseapp.people import present
from caseapp.people import queries as people

nav(20, _l("Accesos excepcionales"), "casefile.glass_list", REVIEW_GLASS, whole_area=False)


# -- ask and read -------------------------------------------------------------------------------------
@blueprint.get("/glass")
@needs(BREAK_GLASS)
def glass() -> ResponseReturnValue:
    """What happens when a file is opened so, and the form."""
    return _ask_page(BreakForm())


@blueprint.post("/glass")
@needs(BREAK_GLASS)
@limiter.limit("20/hour", key_func=acting_user)
@commits
def break_glass() -> ResponseReturnValue:
    """Open the file, or answer as if there were none; either way the attempt is written down."""
    form, who = BreakForm(), access.current()
    if not form.validate():
        return _ask_page(form), 422
    number = (form.number.data or "").strip().upper()
    try:
        people.case_by_number(number, who)
    except NotYours:
        pass
    else:
        flash(_("Su equipo ya puede abrir este expediente."), "info")
        return redirect(url_for("casefile.show", number=number))
    try:
        with session.begin_nested():
            found = service.break_glass(number, reason=form.reason.data, note=form.note.data or "")
    except Refused as error:
        form.refused(error)
        return _ask_page(form), error.status
    if found is None:
        form.refused(rules.NothingOpened())
        return _ask_page(form), 422
    return redirect(url_for("casefile.glass_file", number=found.number))


def _ask_page(form: BreakForm) -> str:
    return render_template("casefile/glass/ask.html", page_title=_("Acceso excepcional"), form=form)


@blueprint.get("/glass/<number>")
@needs(BREAK_GLASS)
@records_view
def glass_file(number: str) -> ResponseReturnValue:
    """The file, reduced, while it is open. Every look is written down."""
    found = queries.open_access(number, access.current())
    with queries.opened(found.case_id):
        seen = queries.read(found)
        page = _file_page(found, seen)
    audit.record("viewed", "case", found.case_id, "GLASS")
    return page


def _file_page(found: Any, seen: queries.Seen) -> str:
    glance = Glance(seen.case, seen.person, seen.site, seen.team, None)
    nations = present.countries_text(list(seen.nationalities)) or _("No se sabe")
    details = [
        {"label": _("Nacionalidad"), "value": nations},
        {"label": _("A cargo"), "value": f"{seen.team}, {seen.site.name}"},
    ]
    needs_shown = [
        {"label": reference.label("need_code", n.code), "priority": reference.label("need_priority", n.priority),
         "kind": shown.PRIORITY_KIND[n.priority]}
        for n in seen.needs if not minding.is_sealed("need_code", n.code)
    ]  # fmt: skip
    return render_template(
        "casefile/glass/file.html",
        page_title=_("Expediente %(number)s, solo lectura", number=seen.case.number),
        number=seen.case.number,
        identity=minding.identity(glance, seen.languages, details),
        left=duration(found.ends_at - clock.real_now()),
        needs=needs_shown,
        requirements=shown.requirements_shown(seen.requirements),
        contacts=[
            {"rule": reference.label("contact_rule", c.rule),
             "facts": " · ".join(p for p in (c.number or "", c.via or "", c.hours or "") if p)}
            for c in seen.contacts
        ],
    )  # fmt: skip


@blueprint.post("/glass/<number>/close")
@needs(BREAK_GLASS)
@commits
def close_glass(number: str) -> ResponseReturnValue:
    """Close it before the three hours are over."""
    service.close(queries.open_access(number, access.current()))
    flash(_("El expediente se cerró. El acceso queda para revisión."), "good")
    return redirect(url_for("casefile.today"))


# -- the team that holds the file ---------------------------------------------------------------------
@blueprint.get("/cases/<number>/glass")
@needs(PRIVATE)
@records_view
def glass_seen(number: str) -> ResponseReturnValue:
    """Who read this file without being of its team."""
    case = people.owned_case(number, access.current(), PRIVATE)
    audit.record("viewed", "case", case.id)
    zone = timezone_of(case.team_id)
    lines = queries.to_case(case.id)
    return render_template(
        "casefile/glass/seen.html",
        page_title=_("Accesos excepcionales al expediente %(number)s", number=case.number),
        number=case.number,
        rows=[_line(line, zone, note=True) for line in lines],
        unseen=access.current().may(APPROVE) and any(line.access.seen_at is None for line in lines),
    )


@blueprint.post("/cases/<number>/glass")
@needs(APPROVE)
@commits
def see_glass(number: str) -> ResponseReturnValue:
    """A supervisor has seen them; they leave the day's list."""
    case = people.owned_case(number, access.current(), APPROVE)
    service.seen(case)
    flash(_("Anotado: supervisión ya los vio."), "good")
    return redirect(url_for("casefile.glass_seen", number=case.number))


def _line(line: queries.Line, zone: str, *, note: bool = False) -> dict[str, Any]:
    row = line.access
    return {
        "id": row.id, "number": row.number, "user": line.user, "team": line.team,
        "reason": reference.label("glass_reason", row.reason), "at": moment(row.opened_at, zone),
        "note": (row.note or "") if note else "",
        "outcome": reference.label("glass_outcome", row.outcome) if row.outcome else "",
        "kind": {"JUSTIFIED": "good", "NOT_JUSTIFIED": "urgent", "TAKEN_FURTHER": "warning"}.get(row.outcome or "", "info"),
    }  # fmt: skip


# -- the auditor --------------------------------------------------------------------------------------
@blueprint.get("/audit/glass")
@needs(REVIEW_GLASS)
@records_view
def glass_list() -> ResponseReturnValue:
    """Every exceptional access of the country, those not reviewed yet if asked for."""
    who = access.current()
    waiting = request.args.get("waiting") == "1"
    page = paged(queries.for_auditor(who, waiting=waiting))
    audit.record("viewed", "glass_access")
    zone = timezone_of(who.grants[0].team_id)
    return render_template(
        "casefile/glass/list.html",
        page_title=_("Accesos excepcionales"),
        page=page,
        rows=[_line(line, zone) for line in queries.lines_of(page.rows)],
        waiting=waiting,
        active=[{"label": _("Sin revisar"), "remove_href": request.path}] if waiting else [],
    )


@blueprint.get("/audit/glass/<uuid:access_id>")
@needs(REVIEW_GLASS)
@records_view
def glass_review(access_id: UUID) -> ResponseReturnValue:
    """One access with what was written as its reason, to be reviewed."""
    line = queries.one_for_auditor(access_id, access.current())
    audit.record("viewed", "glass_access", access_id)
    return _review_page(line, ReviewForm(data={"version": line.access.version}))


@blueprint.post("/audit/glass/<uuid:access_id>")
@needs(REVIEW_GLASS)
@commits
def save_glass_review(access_id: UUID) -> ResponseReturnValue:
    """The auditor's outcome; nobody reviews their own access."""
    line = queries.one_for_auditor(access_id, access.current(), lock=True)
    form = ReviewForm()
    if not form.validate():
        return _review_page(line, form), 422
    try:
        with session.begin_nested():
            service.review(line.access, outcome=form.outcome.data, version=form.read_version())
    except Refused as error:
        form.refused(error)
        return _review_page(line, form), error.status
    flash(_("Revisión anotada."), "good")
    return redirect(url_for("casefile.glass_list"))


def _review_page(line: queries.Line, form: ReviewForm) -> str:
    zone = timezone_of(access.current().grants[0].team_id)
    return render_template(
        "casefile/glass/review.html",
        page_title=_("Revisar un acceso excepcional"),
        line=_line(line, zone, note=True),
        form=form,
    )
