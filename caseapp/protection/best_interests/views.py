"""`/cases/<number>/private/best-interests`: the best-interests assessments of a child. A private page: it holds what the
child said. A child officer opens and concludes one, a supervisor who did not conclude it decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, reference
from caseapp.core.access import needs as needs_permission
from caseapp.core.commits import commits, records_view
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.core.trying import tried
from caseapp.deadline import queries as clocks
from caseapp.deadline.show import clock_shown
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.models import Case
from caseapp.protection.access import APPROVE_CHILD, ASSESS_CHILD, READ_CHILD, SCREEN
from caseapp.protection.best_interests import queries, rules, service
from caseapp.protection.best_interests.forms import ACTIONS, ConcludeForm, DecideForm, OpenForm, StopForm
from caseapp.protection.best_interests.models import BestInterests, BestInterestsAction
from caseapp.protection.views import blueprint

TAGS = {"OPEN": "info", "CONCLUDED": "warning", "APPROVED": "good", "STOPPED": "neutral"}
PATH = "/cases/<number>/private/best-interests"
DECIDE, STOP, OPEN = "decide-", "stop-", "open-"


@blueprint.get(PATH)
@needs_permission(READ_CHILD)
@records_view
def best_interests(number: str) -> ResponseReturnValue:
    """The assessments of a child, and what may be done now. The page is there for every file."""
    case = people.owned_case(number, access.current(), READ_CHILD)
    audit.record("viewed", "case", case.id, "PRIVATE")
    return _page(case)


@blueprint.post(PATH)
@needs_permission(ASSESS_CHILD)
@commits
def open_best_interests(number: str) -> ResponseReturnValue:
    """Begin an assessment: its clock runs from the day on which it was known that the child is alone."""
    case, form = people.owned_case(number, access.current(), ASSESS_CHILD), OpenForm(prefix=OPEN)
    return _tried(
        case, form, lambda: service.open_assessment(case, kind=form.kind.data), _("Evaluación abierta."), opening=form
    )  # fmt: skip


@blueprint.post(f"{PATH}/<uuid:assessment_id>")
@needs_permission(ASSESS_CHILD)
@commits
def conclude_best_interests(number: str, assessment_id: UUID) -> ResponseReturnValue:
    """What the assessment came to; it waits for a second person."""
    case = people.owned_case(number, access.current(), ASSESS_CHILD)
    row, form = queries.one_of_case(case, assessment_id), ConcludeForm()
    return _tried(
        case, form, lambda: service.conclude(case, row, form.told(), version=form.read_version()),
        _("Evaluación concluida. Espera la aprobación de supervisión."), concluding=form,
    )  # fmt: skip


@blueprint.post(f"{PATH}/<uuid:assessment_id>/decide")
@needs_permission(APPROVE_CHILD)
@commits
def decide_best_interests(number: str, assessment_id: UUID) -> ResponseReturnValue:
    """A second person approves, or says what is missing."""
    case = people.owned_case(number, access.current(), APPROVE_CHILD)
    row, form = queries.one_of_case(case, assessment_id), DecideForm(prefix=DECIDE)
    approve = form.decision.data == "APPROVED"

    def verb() -> None:
        service.decide(case, row, approve=approve, remark=form.remark.data or "", version=form.read_version())

    done = _("Evaluación aprobada.") if approve else _("Vuelve a quien la hizo.")
    return _tried(case, form, verb, done, deciding=form)


@blueprint.post(f"{PATH}/<uuid:assessment_id>/stop")
@needs_permission(ASSESS_CHILD)
@commits
def stop_best_interests(number: str, assessment_id: UUID) -> ResponseReturnValue:
    """The assessment does not go on."""
    case = people.owned_case(number, access.current(), ASSESS_CHILD)
    row, form = queries.one_of_case(case, assessment_id), StopForm(prefix=STOP)
    return _tried(
        case, form, lambda: service.stop(case, row, reason=form.reason.data, version=form.read_version()),
        _("La evaluación ya no sigue."), stopping=form,
    )  # fmt: skip


def _tried(case: Case, form: Any, verb: Callable[[], Any], done: str, **wrong: Any) -> ResponseReturnValue:
    to = url_for("protection.best_interests", number=case.number)
    return tried(form, verb, again=lambda: _page(case, **wrong), done=done, to=to)


# -- the page -----------------------------------------------------------------------------------------
def _page(case: Case, **wrong: Any) -> str:
    who, today, person = access.current(), people.today_of(case), people.person_of(case)
    rows, actions = queries.of_case(case.id), queries.actions_of(case.id)
    names = queries.names_in(rows)
    current = next((r for r in rows if r.state in rules.STANDING), None)
    since = queries.identified_on(case, person, today)
    officer = case.team_id in who.teams_as(*ASSESS_CHILD.roles)
    return render_template(
        "protection/best_interests.html",
        page_title=_("Interés superior de %(name)s", name=present.name_of(person)),
        number=case.number,
        age=present.age_text(person, today),
        holds_file=case.team_id in who.teams_as(*SCREEN.roles),
        since=day(since) if since else "",
        clock=_clock(case, current),
        current=current,
        shown=[_row(r, [a for a in actions if a.assessment_id == r.id], names) for r in rows],
        officer=officer,
        may_open=officer and current is None and since is not None and present.is_child(person, today),
        decides=case.team_id in who.teams_as(*APPROVE_CHILD.roles),
        own=current is not None and current.concluded_by_id == who.user_id,
        opening=wrong.get("opening") or OpenForm(None, prefix=OPEN),
        concluding=_concluding(current, actions, today, wrong.get("concluding")),
        deciding=_versioned(wrong.get("deciding") or DecideForm(None, prefix=DECIDE), current),
        stopping=_versioned(wrong.get("stopping") or StopForm(None, prefix=STOP), current),
        wrong=next(iter(wrong.values()), None),
    )


def _versioned(form: Any, row: BestInterests | None) -> Any:
    form.version.data = row.version if row else None
    return form


def _concluding(
    row: BestInterests | None, actions: Sequence[BestInterestsAction], today: date, typed: Any
) -> Any:
    """The form: as typed, or with what was written before it was sent back."""
    if typed is not None or row is None:
        return _versioned(typed or ConcludeForm(None), row)
    kept = [a for a in actions if a.assessment_id == row.id][:ACTIONS]
    data = {
        "assessed_on": row.assessed_on or today, "took_part": row.took_part or "", "views_heard": row.views_heard,
        "views": row.views or "", "findings": row.findings or "",
        "review_on": row.review_on or today + timedelta(days=rules.REVIEW_DAYS // 2),
        "actions": [{"words": a.words, "due_on": a.due_on, "need": a.need_code or ""} for a in kept],
    }  # fmt: skip
    return _versioned(ConcludeForm(None, data=data), row)


def _clock(case: Case, row: BestInterests | None) -> dict[str, Any] | None:
    if row is None:
        return None
    kept = clocks.for_subject((queries.CLOCK, row.id), rule=queries.RULE, open_only=True)
    if not kept:
        return None
    return clock_shown(
        kept[0].due_at, people.timezone_of(case), start=kept[0].started_at, paused=kept[0].state == "PAUSED"
    )


def _row(
    row: BestInterests, actions: Sequence[BestInterestsAction], names: dict[UUID, str]
) -> dict[str, Any]:
    def name(user_id: UUID | None) -> str:
        return names.get(user_id, "") if user_id else ""

    return {
        "id": row.id,
        "kind": reference.label("best_interests_kind", row.kind),
        "state": reference.label("best_interests_state", row.state),
        "tag": TAGS[row.state],
        "opened": day(row.opened_on),
        "opener": name(row.opened_by_id),
        "since": day(row.identified_on),
        "assessed": day(row.assessed_on) if row.assessed_on else "",
        "assessor": name(row.concluded_by_id),
        "decider": name(row.decided_by_id) if row.state == "APPROVED" else "",
        "timing": reference.label("best_interests_timing", row.timing) if row.timing else "",
        "late": row.timing == "LATE",
        "review": day(row.review_on) if row.review_on else "",
        "stopped": reference.label("best_interests_stop_reason", row.stop_reason) if row.stop_reason else "",
        "missing": row.remark or "" if row.state == "OPEN" else "",
        "told": row.state in ("CONCLUDED", "APPROVED"),
        "took_part": row.took_part or "",
        "heard": row.views_heard == "YES",
        "views": row.views or "",
        "findings": row.findings or "",
        "actions": [
            {
                "words": a.words or "",
                "due": day(a.due_on),
                "need": reference.label("need_code", a.need_code) if a.need_code else "",
            }
            for a in actions
        ],
    }
