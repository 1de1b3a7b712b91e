"""A questionnaire as data: its questions, and what their answers propose.

A proposal is only a proposal: a person confirms or refuses it with a reason. Its conditions are plain
comparisons joined by "all", so that the file can be read by someone who writes no code. One rule holds
for every comparison: a question that was not asked, declined, unknown or not applicable never satisfies
it, unless the condition names that very blank. Silence is not "no".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

BLANKS = frozenset({"NOT_ASKED", "UNKNOWN", "DECLINED", "NOT_APPLICABLE"})
TYPES = frozenset({"yes_no", "choice", "multi", "number", "text"})
OPERATORS = frozenset({"is", "is_not", "in", "includes", "at_least", "at_most"})
# What a condition may ask besides answers; the screening service supplies them as plain values.
FACTS = frozenset({"age", "household_type", "household_size", "adults", "children", "infants"})
# Which list each kind of proposal takes its codes from.
LISTS = {"needs": "need_code", "requirements": "placement_requirement", "outcomes": "screening_outcome"}

Answer = str | int | Sequence[str] | None


class QuestionnaireInvalid(ValueError):
    """The file breaks a rule; `item` is the id of the question or proposal at fault."""

    def __init__(self, item: str, reason: str) -> None:
        super().__init__(f"{item}: {reason}")
        self.item = item


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    es: str
    en: str

    def __call__(self, language: str) -> str:
        return self.en if language == "en" else self.es


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    words: Words


@dataclass(frozen=True, slots=True)
class Condition:
    """`subject` is a question's id, or a fact about the person or household."""

    subject: str
    is_fact: bool
    operator: str
    value: Any

    def holds(self, answers: Mapping[str, Answer], facts: Mapping[str, Any]) -> bool:
        given = facts.get(self.subject) if self.is_fact else answers.get(self.subject)
        if given is None:
            return False
        if isinstance(given, str) and given in BLANKS:
            return self.operator in ("is", "in") and given in _as_list(self.value)
        match self.operator:
            case "is":
                return bool(given == self.value)
            case "is_not":
                return bool(given != self.value)
            case "in":
                return bool(given in self.value)
            case "includes":
                return isinstance(given, (list, tuple)) and self.value in given
            case "at_least":
                return isinstance(given, int) and bool(given >= self.value)
            case _:
                return isinstance(given, int) and bool(given <= self.value)


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `min_age`/`max_age` say who is asked; `alone` that nobody else may be listening."""

    id: str
    type: str
    words: Words
    hint: Words | None
    options: tuple[Option, ...]
    min_age: int
    max_age: int | None
    sensitive: bool
    alone: bool
    when: tuple[Condition, ...]
    source: str

    def is_for(self, age: int | None, answers: Mapping[str, Answer], facts: Mapping[str, Any]) -> bool:
        """Whether this person is asked; where the age is not known every question stays open."""
        if age is not None and not (self.min_age <= age <= (999 if self.max_age is None else self.max_age)):
            return False
        return all(condition.holds(answers, facts) for condition in self.when)

    def accepts(self, answer: Answer) -> bool:
        """Whether the answer has this question's type; the four blanks always fit."""
        if isinstance(answer, str) and answer in BLANKS:
            return True
        offered = {option.code for option in self.options}
        match self.type:
            case "yes_no" | "choice":
                return isinstance(answer, str) and answer in offered
            case "multi":
                return isinstance(answer, (list, tuple)) and bool(answer) and set(answer) <= offered
            case "number":
                return isinstance(answer, int) and not isinstance(answer, bool) and answer >= 0
            case _:
                return isinstance(answer, str)


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: Words
    intro: Words | None
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class ProposedNeed:
    code: str
    priority: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What follows if every condition holds, with the sentence that explains it to the worker."""

    id: str
    when: tuple[Condition, ...]
    reason: Words
    needs: tuple[ProposedNeed, ...]
    requirements: tuple[str, ...]
    outcomes: tuple[str, ...]
    firm: bool  # the screener may not refuse it (a wish to ask for asylum is never downgraded)

    def holds(self, answers: Mapping[str, Answer], facts: Mapping[str, Any]) -> bool:
        return all(condition.holds(answers, facts) for condition in self.when)


@dataclass(frozen=True, slots=True)
class Questionnaire:
    id: str
    version: str
    valid_from: date
    source: str
    title: Words
    intro: Words
    sections: tuple[Section, ...]
    proposals: tuple[Proposal, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        return tuple(question for section in self.sections for question in section.questions)

    def proposed(self, answers: Mapping[str, Answer], facts: Mapping[str, Any]) -> tuple[Proposal, ...]:
        """The proposals that follow from these answers (question id → code, number or list of codes)."""
        return tuple(proposal for proposal in self.proposals if proposal.holds(answers, facts))


def build_questionnaire(held: Mapping[str, Any], known: Callable[[str, str], bool]) -> Questionnaire:
    """Turn the parsed file into a checked questionnaire; `known(list, code)` tells whether a code exists."""
    answer_sets = {
        name: tuple(_option(row, name) for row in rows) for name, rows in held.get("answer_sets", {}).items()
    }
    sections = tuple(_section(row, answer_sets) for row in held["sections"])
    asked: dict[str, Question] = {}
    for section in sections:
        for question in section.questions:
            if question.id in asked:
                raise QuestionnaireInvalid(question.id, "stands twice")
            _check_conditions(question.id, question.when, asked)
            asked[question.id] = question
    proposals = tuple(_proposal(row, known) for row in held["proposals"])
    for proposal in proposals:
        _check_conditions(proposal.id, proposal.when, asked)
    return Questionnaire(
        id=held["id"],
        version=str(held["version"]),
        valid_from=held["valid_from"],
        source=held["source"],
        title=_words(held, "title", held["id"]),
        intro=_words(held, "intro", held["id"]),
        sections=sections,
        proposals=proposals,
    )


def _as_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _words(row: Mapping[str, Any], stem: str, item: str) -> Words:
    es, en = row.get(f"{stem}_es"), row.get(f"{stem}_en")
    if not es or not en:
        raise QuestionnaireInvalid(item, f"needs {stem}_es and {stem}_en")
    return Words(es, en)


def _optional_words(row: Mapping[str, Any], stem: str, item: str) -> Words | None:
    return _words(row, stem, item) if f"{stem}_es" in row or f"{stem}_en" in row else None


def _option(row: Mapping[str, Any], item: str) -> Option:
    if row["code"] in BLANKS:
        raise QuestionnaireInvalid(item, f"{row['code']} is always there and is not listed")
    return Option(row["code"], Words(row["es"], row["en"]))


def _conditions(rows: Sequence[Mapping[str, Any]], item: str) -> tuple[Condition, ...]:
    found = []
    for row in rows:
        is_fact = "fact" in row
        subject = row["fact"] if is_fact else row["question"]
        operators = [key for key in row if key in OPERATORS]
        if len(operators) != 1 or len(row) != 2:
            raise QuestionnaireInvalid(item, f"the condition on {subject} needs exactly one operator")
        if is_fact and subject not in FACTS:
            raise QuestionnaireInvalid(item, f"{subject} is not a fact that can be asked")
        found.append(Condition(subject, is_fact, operators[0], row[operators[0]]))
    return tuple(found)


def _section(row: Mapping[str, Any], answer_sets: Mapping[str, tuple[Option, ...]]) -> Section:
    return Section(
        row["id"],
        _words(row, "title", row["id"]),
        _optional_words(row, "intro", row["id"]),
        tuple(_question(each, answer_sets) for each in row["questions"]),
    )


def _question(row: Mapping[str, Any], answer_sets: Mapping[str, tuple[Option, ...]]) -> Question:
    item = row["id"]
    if row["type"] not in TYPES:
        raise QuestionnaireInvalid(item, f"unknown type {row['type']}")
    offered = "yes_no" if row["type"] == "yes_no" else row.get("options")
    options = (
        answer_sets[offered]
        if isinstance(offered, str)
        else tuple(_option(each, item) for each in offered or ())
    )
    if (row["type"] in ("yes_no", "choice", "multi")) != bool(options):
        raise QuestionnaireInvalid(item, "options and type do not go together")
    return Question(
        id=item,
        type=row["type"],
        words=_words(row, "text", item),
        hint=_optional_words(row, "hint", item),
        options=options,
        min_age=row.get("min_age", 0),
        max_age=row.get("max_age"),
        sensitive=row.get("sensitive", False),
        alone=row.get("alone", False),
        when=_conditions(row.get("when", ()), item),
        source=row["source"],
    )


def _proposal(row: Mapping[str, Any], known: Callable[[str, str], bool]) -> Proposal:
    item = row["id"]
    needs = tuple(ProposedNeed(each["code"], each["priority"]) for each in row.get("needs", ()))
    requirements, outcomes = tuple(row.get("requirements", ())), tuple(row.get("outcomes", ()))
    named = (
        [("need_code", need.code) for need in needs]
        + [("need_priority", need.priority) for need in needs]
        + [(LISTS["requirements"], each) for each in requirements]
        + [(LISTS["outcomes"], each) for each in outcomes]
    )
    for name, code in named:
        if code in BLANKS or not known(name, code):
            raise QuestionnaireInvalid(item, f"{code} is not in the list {name}")
    if not named or not row.get("when"):
        raise QuestionnaireInvalid(item, "proposes nothing or has no condition")
    return Proposal(
        id=item,
        when=_conditions(row["when"], item),
        reason=_words(row, "reason", item),
        needs=needs,
        requirements=requirements,
        outcomes=outcomes,
        firm=row.get("firm", False),
    )


def _check_conditions(item: str, conditions: Sequence[Condition], asked: Mapping[str, Question]) -> None:
    for condition in conditions:
        if condition.is_fact:
            continue
        question = asked.get(condition.subject)
        if question is None:
            raise QuestionnaireInvalid(item, f"asks about {condition.subject}, which is not asked before it")
        if condition.operator in ("at_least", "at_most"):
            if question.type != "number":
                raise QuestionnaireInvalid(item, f"{condition.subject} is not a number")
        elif question.options:
            offered = {option.code for option in question.options} | BLANKS
            if not set(_as_list(condition.value)) <= offered:
                raise QuestionnaireInvalid(item, f"{condition.subject} does not offer {condition.value}")
