"""Answering a whole questionnaire."""

from __future__ import annotations

from typing import Any

from caseapp.core import reference
from caseapp.people import queries as people
from caseapp.protection import queries, rules, service


def plain_answer(question: Any) -> Any:
    """The answer that proposes nothing."""
    if question.type == "number":
        return 10
    for wanted in (
        "NO",
        "NOTHING",
        "NO_DIFFICULTY",
        "NONE",
        "NO_CHILDREN",
        "NOT_NOW",
        "NO_PREFERENCE",
        "HAS",
        "PARENT",
    ):
        if wanted in {o.code for o in question.options}:
            return [wanted] if question.type == "multi" else wanted
    return "DECLINED"


def answer_all(case: Any, screening: Any, **said: Any) -> None:
    """Answer every question with what proposes nothing, but for those in `said`."""
    asked = reference.questionnaire(screening.questionnaire)
    person = people.person_of(case)
    facts = queries.facts_of(case, person, case.opened_on)
    private = service.conditions_of(screening).private
    for section in asked.sections:
        given = {}
        for question in rules.to_ask(section, service.answers_of(screening), facts, private):
            default = "YES" if question.id in ("place_tonight", "child_at_ease") else plain_answer(question)
            given[question.id] = said.get(question.id, default)
        service.save_answers(screening, section, given)
