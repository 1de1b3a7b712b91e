"""Verbs of screening: start, save answers, decide on proposals, complete, leave unfinished. Each changes rows,
appends its events and flushes; none commits."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

import sqlalchemy as sa

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, says
from caseapp.core.i18n import language
from caseapp.core.reference import Questionnaire, Section
from caseapp.core.reference.questions import Answer
from caseapp.deadline.rules import end_of
from caseapp.people import queries as people
from caseapp.people import rules as people_rules
from caseapp.people.events import happened
from caseapp.people.models import Case, Person
from caseapp.people.rules import FOR_INFANTS
from caseapp.people.rules.health import MOST_DAYS, MOST_WEEKS
from caseapp.people.service import change_need, note_medicine, note_pregnancy, record_need, set_requirement
from caseapp.protection import events, queries, rules
from caseapp.protection.models import Screening, ScreeningDecision, ScreeningOutcome
from caseapp.protection.rules import Conditions, Decision, Facts, Proposed

FIRST_CONTACT = "first_contact"
says("uq_screening_started", rules.AlreadyStarted)
says("ck_screening_completed_in_private", rules.NotAllAsked)
says("ck_screening_decision_wish_stands", rules.FirmStays)
says("fk_screening_main_outcome", rules.MainMissing)


def start(case: Case, conditions: Conditions, *, questionnaire: str = FIRST_CONTACT) -> Screening:
    """Begin a talk in these conditions. What an unfinished one already asked is taken along, so that nobody is
    asked twice. Writes screening.started. Raises ConditionMissing, SupportIsForChildren, AlreadyStarted."""
    on = _today(case)
    person = people.person_of(case)
    child = people_rules.is_child(people.birth_of(person), person.age_status, on)
    rules.may_start(conditions, child)
    if queries.started(case.id) is not None:
        raise rules.AlreadyStarted
    asked = reference.questionnaire(questionnaire)
    row = Screening(
        case_id=case.id, questionnaire=asked.id, questionnaire_version=asked.version, started_at=clock.now(),
        alone=conditions.alone, private_place=conditions.private_place, interpreter=conditions.interpreter,
        interviewer_as_wished=conditions.interviewer_as_wished,
        interpreter_as_wished=conditions.interpreter_as_wished, interviewer_id=access.current().user_id,
    )  # fmt: skip
    before = queries.last_unfinished(case.id)
    if before is not None and before.questionnaire == asked.id:
        row.answers = before.answers
    session.add(row)
    happened(events.STARTED, case, on=on, person=person, subject_id=row.id, code=asked.id)
    session.flush()
    return row


def answers_of(screening: Screening) -> dict[str, Answer]:
    """Every answer kept, by question."""
    return cast(dict[str, Answer], json.loads(screening.answers or "{}"))


def conditions_of(screening: Screening) -> Conditions:
    return Conditions(
        screening.alone, screening.private_place, screening.interpreter,
        screening.interviewer_as_wished, screening.interpreter_as_wished,
    )  # fmt: skip


def save_answers(
    screening: Screening, section: Section, given: Mapping[str, Answer], *, version: int | None = None
) -> None:
    """Keep the answers of one section (question id → code, list of codes, number; empty: not asked yet).
    Answers are not an event. Raises NotOpen, AnswerNotOffered, ChangedMeanwhile."""
    _check(screening, version)
    kept = rules.taken(answers_of(screening), section, given)
    screening.answers = json.dumps(kept, ensure_ascii=False, sort_keys=True)
    session.flush()


@dataclass(frozen=True)
class Standing:
    """A screening as it stands: what counts, what it proposes, and what was not asked."""

    questionnaire: Questionnaire
    facts: Facts
    answers: dict[str, Answer]
    proposed: tuple[Proposed, ...]
    not_asked: tuple[reference.Question, ...]


def standing(case: Case, person: Person, screening: Screening) -> Standing:
    """Read what a screening comes to now; changes nothing."""
    asked = reference.questionnaire(screening.questionnaire)
    facts = queries.facts_of(case, person, _today(case))
    private = conditions_of(screening).private
    every = answers_of(screening)
    counting = rules.counted(asked, every, facts, private)
    return Standing(
        asked, facts, counting, rules.propose(asked, counting, facts),
        rules.not_asked(asked, every, facts, private),
    )  # fmt: skip


def decide(
    case: Case,
    screening: Screening,
    decisions: Sequence[Decision],
    *,
    all_of_them: bool = True,
    version: int | None = None,
) -> None:
    """Confirm or refuse proposals: a confirmed need is recorded with the reason why it was proposed (or made
    more pressing where it is open already), a confirmed requirement is set. Raises Undecided, ReasonMissing,
    DetailMissing, FirmStays, NotOpen, ChangedMeanwhile."""
    _check(screening, version)
    person = people.person_of(case)
    proposed = {(p.kind, p.code): p for p in standing(case, person, screening).proposed}
    rules.may_decide(tuple(proposed.values()), decisions, all_of_them=all_of_them, ask_detail=asking_detail())
    known, on = {(d.kind, d.code) for d in queries.decisions_of(screening.id)}, _today(case)
    for each in decisions:
        held = proposed.get((each.kind, each.code))
        if held is None or (each.kind, each.code) in known:
            continue
        _note(screening, each)
        if each.confirmed:
            _follow(case, person, screening, each, held, on)
    session.flush()


def asking_detail() -> frozenset[str]:
    """Requirements on which life depends and that say nothing without words: an allergy, to what."""
    return frozenset(
        c.code
        for c in reference.codes("placement_requirement")
        if c.extra.get("asks_for") == "text" and c.extra.get("life_critical") == "yes"
    )


def _note(screening: Screening, each: Decision) -> None:
    session.add(
        ScreeningDecision(
            case_id=screening.case_id, screening_id=screening.id, kind=each.kind, code=each.code,
            decision="CONFIRMED" if each.confirmed else "NOT_NOW", reason=None if each.confirmed else each.reason,
            priority=each.priority if each.kind == "NEED" and each.confirmed else None,
            decided_at=clock.now(), decided_by_id=access.current().user_id,
        )
    )  # fmt: skip


def _follow(
    case: Case, person: Person, screening: Screening, each: Decision, held: Proposed, on: date
) -> None:
    reason = held.reason(language())
    if each.kind == "REQUIREMENT":
        # What a mother says of her baby is set on the baby's file, for whom the place must have it.
        for file in queries.babies_of(case, on) if each.code in FOR_INFANTS else [case]:
            if all(r.requirement != each.code for r in people.requirements_of([file.id])):
                detail = each.detail if each.code in asking_detail() else ""
                set_requirement(file, each.code, on=on, detail=detail)
    elif each.kind == "NEED":
        wanted = each.priority or held.priority or "MEDIUM"
        open_already = next(
            (n for n in people.needs_of(case.id, open_only=True) if n.code == each.code), None
        )
        if open_already is None:
            record_need(case, person, each.code, wanted, reason, on=on, screening_id=screening.id)
        elif rules.pressing(open_already.priority, wanted) != open_already.priority:
            change_need(case, open_already, priority=wanted, reason=reason, version=None, on=on)


def complete(
    case: Case, screening: Screening, main: str, *, added: Collection[str] = (), version: int | None = None
) -> None:
    """End a talk in which everything was asked. `main` is one of the outcomes that hold: the firm ones, those
    confirmed with `decide`, and those in `added`. Writes screening.outcome for each, screening.completed with
    the hours since first contact and, where the Washington Group was answered, assessment.completed. Raises NotAllAsked, MainMissing, NoNeedContradicted, Undecided, NotOpen,
    ChangedMeanwhile."""
    _check(screening, version)
    person = people.person_of(case)
    now = standing(case, person, screening)
    made = _decided(screening)
    rules.may_decide(now.proposed, made, all_of_them=True)
    outcomes = rules.outcomes_of(now.proposed, made, added)
    needs = sum(d.kind == "NEED" and d.confirmed for d in made)
    rules.may_complete(screening.state, now.not_asked, conditions_of(screening), outcomes, main, needs)
    screening.completed_at, on = clock.now(), _today(case)
    _end(case, person, screening, "COMPLETED", main, outcomes, on)
    happened(
        events.COMPLETED, case, on=on, person=person, subject_id=screening.id,
        code=screening.questionnaire, outcome=main, number=_hours(case, screening),
    )  # fmt: skip
    if rules.is_washington_group(answers_of(screening)):
        happened(events.ASSESSED, case, on=on, person=person, subject_id=screening.id, code="WG_SS")
    session.flush()


def leave_unfinished(
    case: Case, screening: Screening, reason: str, *, added: Collection[str] = (), version: int | None = None
) -> None:
    """Stop with a reason. What was confirmed stands, and so does a wish to ask for asylum; the main outcome is
    INCOMPLETE. Writes screening.outcome for each and screening.unfinished. Raises WhyMissing, NotOpen,
    ChangedMeanwhile."""
    _check(screening, version)
    rules.may_leave(screening.state, reason)
    person = people.person_of(case)
    now = standing(case, person, screening)
    outcomes = rules.outcomes_of(now.proposed, _decided(screening), added)
    outcomes = tuple(o for o in outcomes if o != "NO_FURTHER_NEED")
    screening.incomplete_reason, on = reason, _today(case)
    _end(case, person, screening, "UNFINISHED", "INCOMPLETE", (*outcomes, "INCOMPLETE"), on)
    happened(
        events.UNFINISHED, case, on=on, person=person, subject_id=screening.id,
        code=screening.questionnaire, reason=reason,
    )  # fmt: skip
    session.flush()


def _decided(screening: Screening) -> list[Decision]:
    session.flush()
    return [
        Decision(d.kind, d.code, d.decision == "CONFIRMED", d.priority, d.reason)
        for d in queries.decisions_of(screening.id)
    ]


def _end(
    case: Case,
    person: Person,
    screening: Screening,
    state: str,
    main: str,
    outcomes: Collection[str],
    on: date,
) -> None:
    """Outcomes first, then the state that names one of them: the foreign key speaks at once."""
    with session.no_autoflush:
        session.execute(
            sa.insert(ScreeningOutcome),
            [{"case_id": case.id, "screening_id": screening.id, "outcome": o} for o in outcomes],
        )
    screening.state, screening.main_outcome = state, main
    _dates(case, screening, on)
    for outcome in outcomes:
        happened(
            events.OUTCOME, case, on=on, person=person, subject_id=screening.id, outcome=outcome,
            code="MAIN" if outcome == main else "OTHER",
        )  # fmt: skip
    session.flush()


def _dates(case: Case, screening: Screening, on: date) -> None:
    """Keep the days that the answers tell: how long a medicine lasts, how far a pregnancy is."""
    said = answers_of(screening)
    left, weeks = said.get("medicine_days_left"), said.get("pregnancy_weeks")
    if isinstance(left, int) and 0 <= left <= MOST_DAYS:
        until = end_of(on + timedelta(days=left), timezone_of(case.team_id))
        note_medicine(case, until)
    if isinstance(weeks, int) and 1 <= weeks <= MOST_WEEKS:
        note_pregnancy(case, weeks)


def _hours(case: Case, screening: Screening) -> int | None:
    """Whole hours from first contact to the end of the talk; None where no arrival was written."""
    began = queries.intake_began(case.id, timezone_of(case.team_id))
    if began is None or screening.completed_at is None:
        return None
    return max(0, (screening.completed_at - began) // timedelta(hours=1))


def _check(screening: Screening, version: int | None) -> None:
    if version is not None and version != screening.version:
        raise ChangedMeanwhile
    if screening.state != "STARTED":
        raise rules.NotOpen


def _today(case: Case) -> date:
    return clock.today(timezone_of(case.team_id))
