"""`/cases/<number>/clocks`: every clock of a file, what stopped it and who was told; stop one, let it go on, and say that
what was told has been seen. The clocks of what is sealed stand on a page of their own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.casefile.access import WORK
from caseapp.casefile.forms import PauseForm
from caseapp.casefile.queries.today import told
from caseapp.casefile.views import blueprint
from caseapp.casefile.views.rows import row_of
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.i18n import _
from caseapp.core.pages import day, moment
from caseapp.core.trying import tried
from caseapp.deadline import queries, rules
from caseapp.deadline import service as deadline
from caseapp.deadline.models import Deadline, DeadlinePause
from caseapp.deadline.show import clock_shown
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.models import Case
from caseapp.places.models import Site


@blueprint.get("/cases/<number>/clocks")
@needs(WORK)
@records_view
def clocks(number: str) -> ResponseReturnValue:
    """The clocks of a file that may stand on a screen."""
    case = people.owned_case(number, access.current(), WORK)
    audit.record("viewed", "case", case.id)
    return _page(case, sealed=False)


@blueprint.get("/cases/<number>/private/clocks")
@needs(WORK)
@records_view
def private_clocks(number: str) -> ResponseReturnValue:
    """Those of what is sealed, for those who hold the file. The page is there for everybody."""
    case = people.owned_case(number, access.current(), WORK)
    audit.record("viewed", "case", case.id, "PRIVATE")
    return _page(case, sealed=True)


@blueprint.post("/cases/<number>/clocks/<uuid:clock_id>/pause")
@needs(WORK)
@commits
def pause_clock(number: str, clock_id: UUID) -> ResponseReturnValue:
    """Stop a clock, for a reason."""
    case, row = _clock(number, clock_id)
    form = PauseForm()

    def verb() -> None:
        if not rules.pausable(row.kind, row.rule):
            raise rules.NotPausable
        if not deadline.pause((row.subject_kind, row.subject_id), form.reason.data, rule=row.rule):
            raise rules.ClockEnded
        audit.record("paused", "deadline", row.id, form.reason.data)

    def again() -> str:
        return _page(case, sealed=row.sealed, wrong={clock_id: form})

    return tried(form, verb, again=again, done=_("El plazo está en pausa."), to=_to(case, row))


@blueprint.post("/cases/<number>/clocks/<uuid:clock_id>/resume")
@needs(WORK)
@commits
def resume_clock(number: str, clock_id: UUID) -> ResponseReturnValue:
    """It goes on with the time it had left."""
    case, row = _clock(number, clock_id)
    if deadline.resume((row.subject_kind, row.subject_id), rule=row.rule):
        audit.record("resumed", "deadline", row.id)
        flash(_("El plazo corre de nuevo."), "good")
    else:
        flash(str(rules.ClockEnded()), "warning")
    return redirect(_to(case, row))


def _clock(number: str, clock_id: UUID) -> tuple[Case, Deadline]:
    case = people.owned_case(number, access.current(), WORK)
    return case, row_of(Deadline, clock_id, case.id)


def _to(case: Case, row: Deadline) -> str:
    return url_for("casefile.private_clocks" if row.sealed else "casefile.clocks", number=case.number)


@blueprint.post("/cases/<number>/clocks/seen")
@needs(WORK)
@commits
def clocks_seen(number: str) -> ResponseReturnValue:
    """What was told to this person of the clocks of a file has been seen."""
    case = people.owned_case(number, access.current(), WORK)
    deadline.seen(case.id)
    flash(_("Visto."), "good")
    return redirect(url_for("casefile.clocks", number=case.number))


def _page(case: Case, *, sealed: bool, wrong: dict[Any, Any] | None = None) -> str:
    wrong = wrong or {}
    rows = queries.of_case(case.id, sealed=sealed)
    pauses = queries.pauses_among([row.id for row in rows])
    zone = session.get_one(Site, case.site_id).timezone
    return render_template(
        "casefile/clocks.html",
        page_title=_("Plazos de %(name)s", name=present.name_of(people.person_of(case))),
        number=case.number,
        private=sealed,
        open=[_row(r, pauses, zone, case, wrong.get(r.id)) for r in rows if r.is_open],
        over=[_over(r) for r in rows if not r.is_open],
        unseen=None if sealed else queries.unseen(case.id, told(access.current())),
        wrong=next(iter(wrong.values()), None),
    )


def _row(row: Deadline, pauses: Any, zone: str, case: Case, form: Any) -> dict[str, Any]:
    form = form or PauseForm(None)
    form.reason.id = form.reason.label.field_id = f"reason-{row.id}"
    may = case.status == "OPEN" and rules.pausable(row.kind, row.rule)
    return {
        "id": row.id,
        "what": reference.label("clock", row.rule),
        "clock": clock_shown(row.due_at, zone, start=row.started_at, paused=row.state == "PAUSED"),
        "due": moment(row.due_at, zone),
        "told": _("Se avisó a otra persona el %(day)s.", day=moment(row.escalated_at, zone)) if row.escalated_at else "",
        "pauses": [_pause(p, zone) for p in pauses if p.deadline_id == row.id],
        "form": form if may and row.state == "RUNNING" else None,
        "resumes": may and row.state == "PAUSED",
    }  # fmt: skip


def _pause(row: DeadlinePause, zone: str) -> str:
    why = reference.label("clock_pause_reason", row.reason)
    began = moment(row.began_at, zone)
    if row.ended_at is None:
        return _("En pausa desde el %(began)s: %(why)s", began=began, why=why)
    return _(
        "En pausa del %(began)s al %(ended)s: %(why)s", began=began, ended=moment(row.ended_at, zone), why=why
    )


def _over(row: Deadline) -> dict[str, Any]:
    met = row.met_on_time
    return {
        "what": reference.label("clock", row.rule),
        "how": _("a tiempo") if met else _("con retraso") if met is False else _("ya no hizo falta"),
        "kind": "good" if met else "warning" if met is False else "neutral",
        "on": day(row.ended_at.date()) if row.ended_at else "",
    }
