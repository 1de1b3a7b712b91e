"""Decisions about screening as pure functions (VOCABULARY A4; DO_NO_HARM, "Alone").

Sensitive questions belong to a person alone: with somebody else listening, in a place that is not private or
with a relative interpreting they are not asked, and the screening is then *not finished*, with the reason.
Skipped never means "no"; none of the four blanks proposes anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.core.reference import Question, Questionnaire, Section, Words
from caseapp.core.reference.questions import Answer
from caseapp.people.rules import FOR_INFANTS

STATES = ("STARTED", "COMPLETED", "UNFINISHED")
ALONE = ("YES", "NO", "CHILD_WITH_SUPPORT")
YES_NO = ("YES", "NO")
AS_WISHED = ("YES", "NO", "NOT_ASKED", "NOT_APPLICABLE")
INTERPRETERS = ("NONE", "STAFF", "PROFESSIONAL", "REMOTE", "FAMILY_MEMBER")
#: The six questions of the Washington Group short set, and what answers one (none of the four blanks does).
WASHINGTON_GROUP = ("wg_see", "wg_hear", "wg_walk", "wg_remember", "wg_selfcare", "wg_communicate")
DIFFICULTIES = ("NO_DIFFICULTY", "SOME_DIFFICULTY", "A_LOT_OF_DIFFICULTY", "CANNOT_DO_AT_ALL")
INCOMPLETE_REASONS = ("NO_PRIVACY", "NO_INTERPRETER", "DISTRESS", "TIME", "LEFT", "REFUSED")
OUTCOMES = (
    "IP_NEED", "IP_WISH", "CHILD_PROCESS", "SOCIAL_ASSISTANCE", "FAMILY_TRACING", "TRAFFICKING_INDICATORS",
    "GBV_SERVICES", "HEALTH_NOW", "OTHER_STATUS", "IDP_REGISTER", "RETURN_COUNSELLING", "NO_FURTHER_NEED",
    "INCOMPLETE",
)  # fmt: skip
KINDS = ("NEED", "REQUIREMENT", "OUTCOME")
DECIDED = ("CONFIRMED", "NOT_NOW")
REFUSED_REASONS = ("MISUNDERSTOOD", "ALREADY_ANSWERED", "NOT_PRESENT", "PERSON_DECLINED")
PRIORITIES = ("EMERGENCY", "HIGH", "MEDIUM", "LOW")
SKIPPED = "NOT_ASKED"
ADULT = 18


class NotOpen(Refused):
    """It was completed or left already."""

    sentence = _l("Esta entrevista ya terminó.")


class AlreadyStarted(Refused):
    sentence = _l("Esta persona ya tiene una entrevista empezada. Continúela.")


class ConditionMissing(Refused):
    sentence = _l("Indique en qué condiciones se hace la entrevista.")


class SupportIsForChildren(Refused):
    """A support person sits with a child; an adult is asked alone."""

    sentence = _l(
        "La persona de apoyo acompaña solo a niñas, niños y adolescentes. A una persona adulta se le pregunta a solas."
    )
    field = "alone"


class AnswerNotOffered(Refused):
    sentence = _l("Revise esta respuesta: no es de las que ofrece la pregunta.")


class NotAllAsked(Refused):
    """Something was skipped, so that it is not finished."""

    sentence = _l("Faltan preguntas por hacer. Hágalas, o deje la entrevista sin concluir y diga por qué.")


class Undecided(Refused):
    sentence = _l("Decida sobre cada propuesta: confírmela, o indique por qué no.")


class ReasonMissing(Refused):
    sentence = _l("Indique por qué no se confirma.")


class DetailMissing(Refused):
    sentence = _l("Escriba el detalle que este requisito necesita, por ejemplo a qué es la alergia.")


class FirmStays(Refused):
    """A wish to ask for asylum cannot be taken away by whoever interviews."""

    sentence = _l("La persona dijo que quiere pedir asilo. Nadie que entreviste puede quitar este resultado.")


class MainMissing(Refused):
    sentence = _l("Elija cuál es el resultado principal, de entre los que se cumplen.")
    field = "main"


class NoNeedContradicted(Refused):
    """«No further need» stands alone."""

    sentence = _l("«Sin otra necesidad por ahora» no puede ir junto con necesidades ni con otro resultado.")
    field = "main"


class WhyMissing(Refused):
    sentence = _l("Indique por qué no se concluyó.")
    field = "incomplete_reason"


@dataclass(frozen=True)
class Conditions:
    """In what conditions the person is asked."""

    alone: str
    private_place: str
    interpreter: str
    interviewer_as_wished: str = SKIPPED
    interpreter_as_wished: str = SKIPPED

    @property
    def private(self) -> bool:
        """Whether sensitive questions may be asked and their answers shown."""
        return self.alone != "NO" and self.private_place == "YES" and self.interpreter != "FAMILY_MEMBER"


def may_start(conditions: Conditions, child: bool) -> None:
    """Refuse conditions that are incomplete, or a support person beside an adult."""
    known = (
        conditions.alone in ALONE
        and conditions.private_place in YES_NO
        and conditions.interpreter in INTERPRETERS
        and conditions.interviewer_as_wished in AS_WISHED
        and conditions.interpreter_as_wished in AS_WISHED
    )
    if not known:
        raise ConditionMissing
    if conditions.alone == "CHILD_WITH_SUPPORT" and not child:
        raise SupportIsForChildren


def reason_of(conditions: Conditions) -> str | None:
    """Why such conditions leave a screening unfinished, if they do."""
    if conditions.interpreter == "FAMILY_MEMBER":
        return "NO_INTERPRETER"
    return None if conditions.private else "NO_PRIVACY"


@dataclass(frozen=True)
class Facts:
    """What a condition may ask beside answers. `age` is as the person is treated: a disputed age is a
    child's; None if nothing is known."""

    age: int | None
    household_type: str
    household_size: int
    adults: int
    children: int
    infants: int = 0

    def as_mapping(self) -> dict[str, Any]:
        return {
            "age": self.age, "household_type": self.household_type, "household_size": self.household_size,
            "adults": self.adults, "children": self.children, "infants": self.infants,
        }  # fmt: skip


def age_as_treated(known: tuple[int, int] | None, child: bool, decided: bool) -> int | None:
    """One age from what is possible, never against how the person is treated. `decided`: an authority or a
    dispute says child or adult although the age itself is not known."""
    if known is None:
        return (ADULT - 1 if child else ADULT) if decided else None
    middle = (known[0] + known[1]) // 2
    return min(middle, ADULT - 1) if child else max(middle, ADULT)


def applies(question: Question, answers: Mapping[str, Answer], facts: Facts) -> bool:
    """Whether this person is asked the question at all."""
    return question.is_for(facts.age, answers, facts.as_mapping())


def held_back(question: Question, private: bool) -> bool:
    """Whether the question must wait for a private talk."""
    return not private and (question.sensitive or question.alone)


def to_ask(
    section: Section, answers: Mapping[str, Answer], facts: Facts, private: bool
) -> tuple[Question, ...]:
    """The questions of a section for this person in these conditions. A question that depends on an answer of
    the same section is shown with it, since a page without scripts cannot bring it up later."""
    here = {q.id for q in section.questions}

    def may_come(question: Question) -> bool:
        if held_back(question, private) or not _age_fits(question, facts.age):
            return False
        return all(c.holds(answers, facts.as_mapping()) or c.subject in here for c in question.when)

    return tuple(q for q in section.questions if may_come(q))


def _age_fits(question: Question, age: int | None) -> bool:
    return age is None or question.min_age <= age <= (999 if question.max_age is None else question.max_age)


def taken(answers: Mapping[str, Answer], section: Section, given: Mapping[str, Answer]) -> dict[str, Answer]:
    """All answers after a section was saved: a question left empty is as if it had not been asked. Raises
    AnswerNotOffered."""
    asked = {q.id: q for q in section.questions}
    merged = dict(answers)
    for name, answer in given.items():
        question = asked.get(name)
        if question is None:
            continue
        if answer is None or answer == "" or answer == []:
            merged.pop(name, None)
            continue
        if not question.accepts(answer):
            raise AnswerNotOffered(field=name)
        merged[name] = answer
    return merged


def counted(
    questionnaire: Questionnaire, answers: Mapping[str, Answer], facts: Facts, private: bool
) -> dict[str, Answer]:
    """The answers that count now: to questions that this person is asked, in these conditions. What was
    answered before an earlier answer changed, or in private when this talk is not, stays kept and unused."""
    found: dict[str, Answer] = {}
    for question in questionnaire.questions:
        if question.id in answers and applies(question, found, facts) and not held_back(question, private):
            found[question.id] = answers[question.id]
    return found


def not_asked(
    questionnaire: Questionnaire, answers: Mapping[str, Answer], facts: Facts, private: bool
) -> tuple[Question, ...]:
    """The questions for this person that were skipped or had to wait. Don't know, prefers not to answer and
    does not apply are answers; not asked is not."""
    counting = counted(questionnaire, answers, facts, private)
    return tuple(
        q
        for q in questionnaire.questions
        if applies(q, counting, facts) and counting.get(q.id, SKIPPED) == SKIPPED
    )


# -- proposals ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Proposed:
    """A need, requirement or outcome that answers propose, with every reason for it. `firm`: not to refuse."""

    kind: str
    code: str
    reasons: tuple[Words, ...]
    priority: str | None = None
    firm: bool = False

    def reason(self, language: str) -> str:
        """The reasons as one text."""
        return " ".join(words(language) for words in self.reasons)


def propose(
    questionnaire: Questionnaire, answers: Mapping[str, Answer], facts: Facts
) -> tuple[Proposed, ...]:
    """What these answers propose: each code once, with all reasons and the most pressing priority. Needs come
    first, the most pressing ahead, then requirements, then outcomes. What belongs to a baby is proposed where the
    household has one."""
    found: dict[tuple[str, str], Proposed] = {}

    def add(kind: str, code: str, words: Words, priority: str | None, firm: bool) -> None:
        known = found.get((kind, code))
        if known is None:
            found[kind, code] = Proposed(kind, code, (words,), priority, firm)
            return
        reasons = known.reasons if words in known.reasons else (*known.reasons, words)
        found[kind, code] = Proposed(
            kind, code, reasons, pressing(known.priority, priority), known.firm or firm
        )

    for proposal in questionnaire.proposed(answers, facts.as_mapping()):
        for need in proposal.needs:
            add("NEED", need.code, proposal.reason, need.priority, proposal.firm)
        for requirement in proposal.requirements:
            if requirement in FOR_INFANTS and not facts.infants:
                continue
            add("REQUIREMENT", requirement, proposal.reason, None, proposal.firm)
        for outcome in proposal.outcomes:
            add("OUTCOME", outcome, proposal.reason, None, proposal.firm)
    order = {kind: i for i, kind in enumerate(KINDS)}
    return tuple(
        sorted(
            found.values(), key=lambda p: (order[p.kind], PRIORITIES.index(p.priority) if p.priority else 0)
        )
    )


def pressing(one: str | None, other: str | None) -> str | None:
    """The more pressing of two priorities."""
    given = [p for p in (one, other) if p is not None]
    return min(given, key=PRIORITIES.index) if given else None


@dataclass(frozen=True)
class Decision:
    """What a person decided on one proposal: confirmed, perhaps with another priority, or not and why. `detail`
    goes with a requirement that asks for words, such as what an allergy is to."""

    kind: str
    code: str
    confirmed: bool
    priority: str | None = None
    reason: str | None = None
    detail: str = ""


def may_decide(
    proposed: Sequence[Proposed],
    decisions: Sequence[Decision],
    *,
    all_of_them: bool,
    ask_detail: Collection[str] = (),
) -> None:
    """Refuse a decision without reason, against a firm proposal, a confirmed requirement of `ask_detail` without
    its words, or (with `all_of_them`) a proposal left open. The refusal's field is `KIND-code`."""
    made = {(d.kind, d.code): d for d in decisions}
    for each in proposed:
        field = f"{each.kind}-{each.code}"
        decision = made.get((each.kind, each.code))
        if decision is None:
            if all_of_them and not each.firm:
                raise Undecided(field=field)
            continue
        if each.firm and not decision.confirmed:
            raise FirmStays(field=field)
        if not decision.confirmed and decision.reason not in REFUSED_REASONS:
            raise ReasonMissing(field=field)
        if decision.confirmed and each.code in ask_detail and not decision.detail.strip():
            raise DetailMissing(field=f"{field}-detail")
        if decision.confirmed and each.kind == "NEED" and decision.priority not in PRIORITIES:
            raise Undecided(field=field)


def outcomes_of(
    proposed: Sequence[Proposed], decisions: Sequence[Decision], added: Collection[str]
) -> tuple[str, ...]:
    """The outcomes that hold: the firm ones always, those confirmed, and those that the interviewer added."""
    confirmed = {d.code for d in decisions if d.kind == "OUTCOME" and d.confirmed}
    firm = {p.code for p in proposed if p.kind == "OUTCOME" and p.firm}
    return tuple(o for o in OUTCOMES if o in firm | confirmed | set(added) and o != "INCOMPLETE")


def may_complete(
    state: str,
    skipped: Sequence[Question],
    conditions: Conditions,
    outcomes: Collection[str],
    main: str,
    needs: int,
) -> None:
    """Refuse to call finished what is not, an outcome that is not the person's, or «no need» beside a need."""
    if state != "STARTED":
        raise NotOpen
    if skipped or not conditions.private:
        raise NotAllAsked
    if main not in outcomes:
        raise MainMissing
    if "NO_FURTHER_NEED" in outcomes and (len(set(outcomes)) > 1 or needs):
        raise NoNeedContradicted


def may_leave(state: str, reason: str) -> None:
    """Leaving needs a reason from the list."""
    if state != "STARTED":
        raise NotOpen
    if reason not in INCOMPLETE_REASONS:
        raise WhyMissing


def is_washington_group(answers: Mapping[str, Answer]) -> bool:
    """Whether all six questions of the Washington Group were answered, whatever the answers are."""
    return all(answers.get(question) in DIFFICULTIES for question in WASHINGTON_GROUP)
