"""What follows from a talk: proposals to confirm or not, and the talk as it ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.core import reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _, language
from caseapp.core.pages import moment
from caseapp.core.reference.questions import BLANKS
from caseapp.people import present
from caseapp.people.rules import FOR_INFANTS
from caseapp.protection import queries, rules, service
from caseapp.protection.access import READ, SCREEN
from caseapp.protection.forms import decisions_given, result_form
from caseapp.protection.models import Screening
from caseapp.protection.views import blueprint
from caseapp.protection.views.screening import Talk, answer_text, section_url, sections_of, talk_of


# -- what follows -------------------------------------------------------------------------------------
@blueprint.get("/cases/<number>/screenings/<uuid:screening_id>/result")
@needs(SCREEN)
@records_view
def result(number: str, screening_id: UUID) -> ResponseReturnValue:
    """What the answers propose, to be confirmed or not."""
    talk = talk_of(number, screening_id)
    if talk.screening.state != "STARTED":
        return redirect(url_for("protection.show", number=number, screening_id=screening_id))
    now = service.standing(*talk)
    form = result_form(
        now.proposed,
        formdata=None,
        data={
            "version": talk.screening.version,
            "incomplete_reason": rules.reason_of(service.conditions_of(talk.screening)),
        },
    )
    return _result_page(talk, now, form)


@blueprint.post("/cases/<number>/screenings/<uuid:screening_id>/result")
@needs(SCREEN)
@commits
def finish(number: str, screening_id: UUID) -> ResponseReturnValue:
    """Keep what was decided, and complete the talk or leave it unfinished."""
    talk = talk_of(number, screening_id, lock=True)
    if talk.screening.state != "STARTED":
        return redirect(url_for("protection.show", number=number, screening_id=screening_id))
    now = service.standing(*talk)
    form = result_form(now.proposed)
    if not form.validate():
        return _result_page(talk, now, form), 422
    leave = request.form.get("verb") == "leave"
    try:
        with session.begin_nested():
            _finish(talk, now, form, leave)
    except Refused as error:
        form.refused(error)
        session.expire(talk.screening)
        form.version.data = talk.screening.version
        return _result_page(talk, now, form), error.status
    flash(_("Entrevista sin concluir. Puede retomarla.") if leave else _("Entrevista concluida."), "good")
    return redirect(url_for("protection.show", number=talk.case.number, screening_id=talk.screening.id))


def _finish(talk: Talk, now: service.Standing, form: Any, leave: bool) -> None:
    decisions = decisions_given(form, now.proposed)
    service.decide(talk.case, talk.screening, decisions, all_of_them=not leave, version=form.read_version())
    if leave:
        service.leave_unfinished(
            talk.case, talk.screening, form.incomplete_reason.data or "", added=form.added.data or ()
        )
    else:
        service.complete(talk.case, talk.screening, form.main.data or "", added=form.added.data or ())


LISTS = {"NEED": "need_code", "REQUIREMENT": "placement_requirement", "OUTCOME": "screening_outcome"}


def proposal_label(kind: str, code: str, private: bool) -> str:
    """In private the plain label; where others may see the screen, the neutral one."""
    if private:
        return reference.label(LISTS[kind], code)
    return reference.outside_label(LISTS[kind], code) or _("Asunto reservado")


def _result_page(talk: Talk, now: service.Standing, form: Any) -> str:
    conditions = service.conditions_of(talk.screening)
    lang = language()
    shown = [
        {
            "name": f"{p.kind}-{p.code}",
            "kind": p.kind,
            "firm": p.firm,
            "label": proposal_label(p.kind, p.code, conditions.private),
            "reason": p.reason(lang),
            "opens": _opens(p),
        }
        for p in now.proposed
    ]
    return render_template(
        "protection/result.html",
        page_title=_("Qué sigue para %(name)s", name=present.name_of(talk.person)),
        number=talk.case.number,
        screening_id=talk.screening.id,
        form=form,
        proposals={kind: [s for s in shown if s["kind"] == kind] for kind in rules.KINDS},
        skipped=_skipped(talk, now),
        held_back=not conditions.private,
        may_complete=conditions.private and not now.not_asked,
    )


def _opens(proposed: rules.Proposed) -> str:
    """What follows from confirming it."""
    if proposed.kind == "OUTCOME":
        return reference.text("screening_outcome", proposed.code, "opens")
    if proposed.code in FOR_INFANTS:
        return _("se anota en el expediente de la niña o el niño menor de 2 años")
    return ""


def _skipped(talk: Talk, now: service.Standing) -> list[dict[str, Any]]:
    """Questions that were not asked, with the way to their section where they may be asked now."""
    reachable = {q.id: s.id for s, questions in sections_of(talk) for q in questions}
    return [
        {"text": q.words(language()), "href": section_url(talk, reachable[q.id]) + f"#{q.id}"}
        for q in now.not_asked
        if q.id in reachable
    ]


# -- afterwards ---------------------------------------------------------------------------------------
@blueprint.get("/cases/<number>/screenings/<uuid:screening_id>")
@needs(READ)
@records_view
def show(number: str, screening_id: UUID) -> ResponseReturnValue:
    """A talk that has ended: conditions, outcomes, decisions and answers."""
    talk = talk_of(number, screening_id, READ)
    screening = talk.screening
    if screening.state == "STARTED":
        return redirect(url_for("protection.resume", number=number, screening_id=screening_id))
    zone = timezone_of(talk.case.team_id)
    outcomes = queries.outcomes_of(screening.id)
    return render_template(
        "protection/show.html",
        page_title=_("Entrevista con %(name)s", name=present.name_of(talk.person)),
        number=talk.case.number,
        unfinished=reference.label("screening_incomplete_reason", screening.incomplete_reason or "")
        if screening.incomplete_reason
        else "",
        open=talk.case.status == "OPEN",
        started=moment(screening.started_at, zone),
        completed=moment(screening.completed_at, zone),
        conditions=_conditions(screening),
        main=reference.label("screening_outcome", screening.main_outcome or ""),
        others=[
            reference.label("screening_outcome", o)
            for o in outcomes
            if o not in (screening.main_outcome, "INCOMPLETE")
        ],
        decisions=[
            {
                "label": reference.label(LISTS[d.kind], d.code),
                "confirmed": d.decision == "CONFIRMED",
                "priority": reference.label("need_priority", d.priority) if d.priority else "",
                "reason": reference.label("need_refused_reason", d.reason) if d.reason else "",
            }
            for d in queries.decisions_of(screening.id)
        ],
        answers=_answers(screening),
    )


def _conditions(screening: Screening) -> list[dict[str, str]]:
    def wished(code: str) -> str:
        return reference.label("blanks" if code in BLANKS else "yes_no", code)

    return [
        {"label": _("A solas"), "value": reference.label("screening_alone", screening.alone)},
        {"label": _("Lugar privado"), "value": reference.label("yes_no", screening.private_place)},
        {"label": _("Interpretó"), "value": reference.label("interpreter_kind", screening.interpreter)},
        {"label": _("Quien entrevista, como prefiere"), "value": wished(screening.interviewer_as_wished)},
        {"label": _("Quien interpreta, como prefiere"), "value": wished(screening.interpreter_as_wished)},
    ]


def _answers(screening: Screening) -> list[dict[str, Any]]:
    asked = reference.questionnaire(screening.questionnaire)
    kept = service.answers_of(screening)
    return [
        {
            "title": s.title(language()),
            "rows": [
                {
                    "label": q.words(language()),
                    "value": answer_text(q, kept[q.id]),
                    "blank": kept[q.id] in BLANKS,
                }
                if isinstance(kept[q.id], str)
                else {"label": q.words(language()), "value": answer_text(q, kept[q.id])}
                for q in s.questions
                if q.id in kept
            ],
        }
        for s in asked.sections
        if any(q.id in kept for q in s.questions)
    ]
