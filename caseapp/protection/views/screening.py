"""One talk with one person: conditions, the questionnaire section by section, what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, reference
from caseapp.core.access import Permission, needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, Refused
from caseapp.core.i18n import _, language
from caseapp.core.reference import Question, Section
from caseapp.core.reference.questions import BLANKS, Answer
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.models import Case, Person
from caseapp.protection import queries, rules, service
from caseapp.protection.access import SCREEN
from caseapp.protection.forms import (
    StartForm,
    answers_given,
    section_data,
    section_form,
)
from caseapp.protection.models import Screening
from caseapp.protection.views import blueprint


class Talk(NamedTuple):
    """A screening with its file."""

    case: Case
    person: Person
    screening: Screening


def _case(number: str, permission: Permission = SCREEN) -> Case:
    return people.owned_case(number, access.current(), permission)


def talk_of(number: str, screening_id: UUID, permission: Permission = SCREEN, *, lock: bool = False) -> Talk:
    case = _case(number, permission)
    screening = queries.of_case(case, screening_id, lock=lock)
    audit.record("viewed", "screening", screening.id)
    return Talk(case, people.person_of(case), screening)


# -- conditions ---------------------------------------------------------------------------------------
@blueprint.get("/cases/<number>/screenings/new")
@needs(SCREEN)
@records_view
def start(number: str) -> ResponseReturnValue:
    """In what conditions is the person asked? A talk that was begun goes on."""
    case = _case(number)
    audit.record("viewed", "case", case.id)
    going_on = queries.started(case.id)
    if going_on is not None:
        return redirect(url_for("protection.resume", number=case.number, screening_id=going_on.id))
    return _start_page(case, StartForm())


@blueprint.post("/cases/<number>/screenings/new")
@needs(SCREEN)
@commits
def begin(number: str) -> ResponseReturnValue:
    """Begin the talk."""
    case = _case(number)
    form = StartForm()
    if not form.validate():
        return _start_page(case, form), 422
    try:
        with session.begin_nested():
            screening = service.start(case, form.conditions())
    except Refused as error:
        form.refused(error)
        return _start_page(case, form), error.status
    if not form.conditions().private:
        flash(
            _(
                "En estas condiciones no se hacen las preguntas delicadas. La entrevista quedará sin concluir."
            ),
            "warning",
        )
    return redirect(url_for("protection.resume", number=case.number, screening_id=screening.id))


def _start_page(case: Case, form: Any) -> str:
    person = people.person_of(case)
    before = queries.last_unfinished(case.id)
    return render_template(
        "protection/start.html",
        page_title=_("Entrevista con %(name)s", name=present.name_of(person)),
        number=case.number,
        form=form,
        child=present.is_child(person, people.today_of(case)),
        before=reference.label("screening_incomplete_reason", before.incomplete_reason or "")
        if before
        else "",
        intro=reference.questionnaire(service.FIRST_CONTACT).intro(language()),
    )


# -- sections -----------------------------------------------------------------------------------------
def sections_of(talk: Talk) -> list[tuple[Section, Sequence[Question]]]:
    """The sections in which this person is asked something, with the questions."""
    asked = reference.questionnaire(talk.screening.questionnaire)
    facts = queries.facts_of(talk.case, talk.person, people.today_of(talk.case))
    answers = service.answers_of(talk.screening)
    private = service.conditions_of(talk.screening).private
    found = [(s, rules.to_ask(s, answers, facts, private)) for s in asked.sections]
    return [(s, questions) for s, questions in found if questions]


@blueprint.get("/cases/<number>/screenings/<uuid:screening_id>/resume")
@needs(SCREEN)
@records_view
def resume(number: str, screening_id: UUID) -> ResponseReturnValue:
    """To the first section that still holds a question without answer, else to what follows."""
    talk = talk_of(number, screening_id)
    if talk.screening.state != "STARTED":
        return redirect(url_for("protection.show", number=number, screening_id=screening_id))
    answers = service.answers_of(talk.screening)
    for section, questions in sections_of(talk):
        if any(q.id not in answers and not q.when for q in questions):
            return redirect(section_url(talk, section.id))
    return redirect(url_for("protection.result", number=number, screening_id=screening_id))


def section_url(talk: Talk, section_id: str) -> str:
    return url_for(
        "protection.section", number=talk.case.number, screening_id=talk.screening.id, section_id=section_id
    )


@blueprint.get("/cases/<number>/screenings/<uuid:screening_id>/sections/<section_id>")
@needs(SCREEN)
@records_view
def section(number: str, screening_id: UUID, section_id: str) -> ResponseReturnValue:
    """The questions of one section, as far as answered."""
    talk = talk_of(number, screening_id)
    if talk.screening.state != "STARTED":
        return redirect(url_for("protection.show", number=number, screening_id=screening_id))
    questions = _questions(talk, section_id)
    data = section_data(questions, service.answers_of(talk.screening))
    form = section_form(questions, formdata=None, data={**data, "version": talk.screening.version})
    return _section_page(talk, section_id, form)


@blueprint.post("/cases/<number>/screenings/<uuid:screening_id>/sections/<section_id>")
@needs(SCREEN)
@commits
def save_section(number: str, screening_id: UUID, section_id: str) -> ResponseReturnValue:
    """Keep the answers and go on, back, or away for now."""
    talk = talk_of(number, screening_id, lock=True)
    if talk.screening.state != "STARTED":
        return redirect(url_for("protection.show", number=number, screening_id=screening_id))
    questions = _questions(talk, section_id)
    form = section_form(questions)
    before = service.answers_of(talk.screening)
    if not form.validate():
        return _section_page(talk, section_id, form), 422
    try:
        with session.begin_nested():
            service.save_answers(
                talk.screening,
                _section(talk, section_id),
                answers_given(form, questions),
                version=form.read_version(),
            )
    except Refused as error:
        form.refused(error)
        compared = _compared(form, questions, before) if isinstance(error, ChangedMeanwhile) else []
        form.version.data = talk.screening.version
        return _section_page(talk, section_id, form, compared), error.status
    return redirect(_onward(talk, section_id, request.form.get("go", "next")))


def _section(talk: Talk, section_id: str) -> Section:
    asked = reference.questionnaire(talk.screening.questionnaire)
    found = next((s for s in asked.sections if s.id == section_id), None)
    if found is None:
        raise NotYours
    return found


def _questions(talk: Talk, section_id: str) -> Sequence[Question]:
    found = next((questions for s, questions in sections_of(talk) if s.id == section_id), None)
    if found is None:
        raise NotYours
    return found


def _onward(talk: Talk, section_id: str, go: str) -> str:
    ids = [s.id for s, _questions in sections_of(talk)]
    here = ids.index(section_id) if section_id in ids else 0
    if go == "pause":
        flash(_("Respuestas guardadas. Puede continuar después."), "good")
        return url_for("casefile.show", number=talk.case.number)
    if go == "back" and here > 0:
        return section_url(talk, ids[here - 1])
    if go == "next" and here + 1 < len(ids):
        return section_url(talk, ids[here + 1])
    if go == "back":
        return section_url(talk, ids[0])
    return url_for("protection.result", number=talk.case.number, screening_id=talk.screening.id)


def _compared(form: Any, questions: Sequence[Question], saved: Mapping[str, Answer]) -> list[dict[str, str]]:
    """What was typed beside what somebody else saved meanwhile."""
    yours = answers_given(form, questions)
    return [
        {
            "label": q.words(language()),
            "yours": answer_text(q, yours.get(q.id)),
            "saved": answer_text(q, saved.get(q.id)),
        }
        for q in questions
        if yours.get(q.id) != saved.get(q.id)
    ]


def answer_text(question: Question, answer: Answer) -> str:
    """An answer in words."""
    if answer is None:
        return _("Sin respuesta todavía")
    if isinstance(answer, str) and answer in BLANKS:
        return reference.label("blanks", answer)
    words = {o.code: o.words(language()) for o in question.options}
    if isinstance(answer, (list, tuple)):
        return ", ".join(words.get(a) or a for a in answer)
    return words.get(str(answer), str(answer))


def _section_page(talk: Talk, section_id: str, form: Any, compared: Sequence[Any] = ()) -> str:
    here = _section(talk, section_id)
    listed = sections_of(talk)
    answers = service.answers_of(talk.screening)
    lang = language()
    return render_template(
        "protection/section.html",
        page_title=here.title(lang),
        name=present.name_of(talk.person),
        number=talk.case.number,
        screening_id=talk.screening.id,
        intro=here.intro(lang) if here.intro else "",
        form=form,
        questions=[
            {"id": q.id, "type": q.type, "private": q.sensitive or q.alone}
            for q in _questions(talk, section_id)
        ],
        first=listed[0][0].id == section_id,
        held_back=not service.conditions_of(talk.screening).private,
        compared=compared,
        sections=[
            {
                "title": s.title(lang),
                "href": section_url(talk, s.id),
                "current": s.id == section_id,
                "done": all(q.id in answers for q in questions if not q.when),
            }
            for s, questions in listed
        ],
    )
