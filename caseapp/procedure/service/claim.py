"""Verbs on the claim and its people. Each changes rows, starts and stops the clocks of its step and appends an event
for each person in the claim; the edge commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, says
from caseapp.core.journal import CaseEvent, EventKind
from caseapp.deadline import service as deadline
from caseapp.people.events import INTAKE_OPENED, POPULATION_CHANGED, happened
from caseapp.people.models import Case, Person, PersonPopulation
from caseapp.people.queries import today_of
from caseapp.people.rules import FileClosed
from caseapp.procedure import events, queries, rules
from caseapp.procedure.models import Claim, ClaimApplicant, ClaimStep
from caseapp.procedure.service import duties

says("uq_claim_open", rules.ClaimOpen)
says("uq_claim_applicant_pending", rules.ClaimOpen)
says("uq_claim_applicant_in", rules.ClaimOpen)
says("uq_claim_step_once", rules.NotNext)
says("ck_claim_step_in_order", rules.NotNext)
says("ck_claim_applicant_not_at_home", rules.NationalAtHome)
says("ck_claim_closed_by_person", rules.AbandonmentByClock)


# -- a claim begins -----------------------------------------------------------------------------------
def intend(
    case: Case, *, on: date, application_type: str = "N", beside: Sequence[Case] = (), own: bool = False
) -> Claim:
    """Write down that a person wishes to ask for asylum, before a claim is lodged, for themselves and for those
    `beside` them. `own`: a spouse's own claim, sealed, beside the family's. Raises the errors of `rules.may_lodge`."""
    return _begin(case, "INTENTION", on, application_type, beside, own)


def lodge(
    case: Case, *, on: date, application_type: str = "N", beside: Sequence[Case] = (), own: bool = False
) -> Claim:
    """Lodge a claim on a day (the site's local date), for a person and those `beside` them: they are in it, as
    principal and derivatives. An intention that was written down becomes this claim, and those beside join it.
    Raises the errors of `rules.may_lodge`, and NotNext where the country wants the intention first."""
    intended = queries.open_for(case.id, sealed=own)
    if intended is not None and intended.lodged_on is None and intended.case_id == case.id:
        for other in beside:
            join(intended, other, on=on)
        intended.application_type = application_type
        take(case, intended, "LODGED", on=on)
        return intended
    return _begin(case, "LODGED", on, application_type, beside, own)


def _begin(
    case: Case, step: str, on: date, application_type: str, beside: Sequence[Case], own: bool
) -> Claim:
    today = today_of(case)
    people = [case, *([] if own else beside)]
    nations = queries.nationalities_of([each.id for each in people])
    taken = queries.in_a_claim([each.id for each in people], sealed=own)
    for each in people:
        rules.may_lodge(each.country, nations[each.id], each.id in taken, on, today)
    rules.may_take(_order(case, on), [], step, on, today)
    claim = Claim(case_id=case.id, application_type=application_type, sealed=own)
    session.add(claim)
    session.flush()
    for each in people:
        role = "SEPARATED_OWN_CLAIM" if own else "PRINCIPAL" if each is case else "DERIVATIVE"
        session.add(
            ClaimApplicant(claim_id=claim.id, case_id=each.id, role=role, since=on, sealed=own, pending=True)
        )
    session.flush()
    _record(case, claim, step, on, None, people, [])
    return claim


# -- its steps ----------------------------------------------------------------------------------------
def take(
    case: Case,
    claim: Claim,
    step: str,
    *,
    on: date,
    code: str | None = None,
    version: int | None = None,
) -> None:
    """Record a step of a claim, for everybody in it. `code` is the outcome of a DECISION, the reason of CLOSED and
    REOPENED, the type of a document. Raises NotNext, DateInFuture, DateBefore, OutcomeMissing, ReasonUnknown,
    AbandonmentByClock, FileClosed, ChangedMeanwhile. Whose file is closed is told nothing of it: their part of the claim
    stands as it does."""
    if version is not None and version != claim.version:
        raise ChangedMeanwhile
    session.flush()
    steps = queries.steps_of([claim.id])[claim.id]
    taken = queries.taken(steps)
    order = _order(case, claim.lodged_on or on)
    rules.may_take(order, taken, step, on, today_of(case))
    if step == "DECISION" and code not in rules.OUTCOMES:
        raise rules.OutcomeMissing
    if step == "CLOSED":
        rules.may_close(code or "", by_person=access.current().user_id is not None)
    if step == "REOPENED" and code not in rules.REOPENING:
        raise rules.ReasonUnknown
    if case.status != "OPEN":
        raise FileClosed
    _record(case, claim, step, on, code, queries.pending_cases(claim), taken)


def decide(case: Case, claim: Claim, *, on: date, outcome: str, version: int | None = None) -> None:
    """Record the decision on the merits; recognition changes the situation of everybody in the claim from that day.
    A rejection closes no file. Raises as `take`."""
    take(case, claim, "DECISION", on=on, code=outcome, version=version)


def close(case: Case, claim: Claim, *, on: date, reason: str, version: int | None = None) -> None:
    """Close a claim without a decision on its merits, with the reason. The files stay open. Raises as `take`."""
    take(case, claim, "CLOSED", on=on, code=reason, version=version)


def reopen(case: Case, claim: Claim, *, on: date, reason: str, version: int | None = None) -> None:
    """Take a closed claim up again where it was. Raises as `take`."""
    take(case, claim, "REOPENED", on=on, code=reason, version=version)


def _order(case: Case, on: date) -> tuple[reference.OrderedStep, ...]:
    return reference.claim_procedure(case.country, on).steps


def _record(
    case: Case,
    claim: Claim,
    step: str,
    on: date,
    code: str | None,
    people: Sequence[Case],
    taken: Sequence[rules.Taken],
) -> None:
    _change(claim, step, on, code)
    session.flush()
    again = sum(each.step in ("APPEAL", "REOPENED") for each in taken)
    session.add(
        ClaimStep(
            claim_id=claim.id, step=step, on=on, code=code, recorded_at=clock.now(),
            instance=1 + again + (step in ("APPEAL", "REOPENED")), recorded_by_id=access.current().user_id,
        )
    )  # fmt: skip
    session.flush()
    was_in_time = _clocks(case, claim, step, on, begins=not taken)
    kind, codes = _event(claim, step, on, code, taken, was_in_time)
    open_files = [each for each in people if each.status == "OPEN" and each.erased_at is None]
    for each in open_files:
        if kind is not None:
            happened(kind, each, on=on, subject_id=claim.id, **codes)
        _situation(each, claim, step, on, code)
    _duties(claim, step, on, open_files, people)
    session.flush()


def _duties(claim: Claim, step: str, on: date, open_files: Sequence[Case], people: Sequence[Case]) -> None:
    """An open claim brings duties in some countries; they end with it, also for whoever's file closed meanwhile."""
    if step in ("LODGED", "APPEAL", "REOPENED") and claim.lodged_on is not None:
        duties.begin(claim, open_files, on)
    elif step in ("DECISION", "CLOSED"):
        duties.end(claim, people, on, "DECIDED" if step == "DECISION" else "CLAIM_CLOSED")


def _change(claim: Claim, step: str, on: date, code: str | None) -> None:
    """What a step makes of the claim's own row, and of who is in an open claim."""
    if step == "LODGED":
        claim.lodged_on = on
    elif step == "DECISION":
        claim.decided_on, claim.outcome = on, code
    elif step == "APPEAL":
        claim.decided_on = claim.outcome = None
    elif step == "CLOSED":
        claim.closed_on, claim.closure_reason = on, code
        claim.closed_by_id = access.current().user_id
    elif step == "REOPENED":
        claim.closed_on = claim.closure_reason = claim.closed_by_id = None
    else:
        flag_modified(claim, "application_type")  # a step is a change of the claim
    if step in ("DECISION", "APPEAL", "CLOSED", "REOPENED"):
        session.flush()
        session.execute(
            sa.update(ClaimApplicant)
            .where(ClaimApplicant.claim_id == claim.id, ClaimApplicant.left_on.is_(None))
            .values(pending=claim.is_open)
            .execution_options(synchronize_session="fetch")
        )


def _clocks(case: Case, claim: Claim, step: str, on: date, *, begins: bool) -> bool | None:
    """Start and stop the clocks of a step; says whether a decision came in time (None: no limit)."""
    subject = ("claim", claim.id)
    if step == "CLOSED":
        deadline.cancel(subject, rules.CLOSED_WITH)
        return None
    known = [] if begins else queries.clocks_of([claim.id])[claim.id]
    if step == "REOPENED":
        oldest = sorted(known, key=lambda c: (c.started_at, c.id))
        for rule in rules.begin_again([(c.rule, c.state, c.cancel_reason) for c in oldest]):
            _start(case, claim, rule, on)
        return None
    running = {c.rule: c for c in known if c.is_open}
    for rule in running.keys() & set(rules.MEETS.get(step, ())):
        deadline.meet(subject, rule=rule, at=on)
    for rule in running.keys() & set(rules.CANCELS.get(step, ())):
        deadline.cancel(subject, "NO_LONGER_NEEDED", rule=rule)
    for rule in rules.STARTS.get(step, ()):
        if rule == "CLAIM_APPEAL" and claim.outcome not in rules.APPEALABLE:
            continue
        began = _arrived(case, on) if rule == "CLAIM_APPLY" else on
        if rule not in running or not running[rule].is_open:
            _start(case, claim, rule, began)
    limit = next((running[rule] for rule in rules.DECIDED_WITHIN if rule in running), None)
    return limit.met_on_time if limit is not None and step == "DECISION" else None


def _start(case: Case, claim: Claim, rule: str, on: date) -> None:
    """Start a clock, if the country has the rule."""
    try:
        reference.clock_rule(rule, on, case.country)
    except reference.CodeUnknown:
        return
    deadline.start(case, rule, subject=("claim", claim.id), started_at=on, sealed=claim.sealed)


def _arrived(case: Case, on: date) -> date:
    """The day of arrival, from which the limit to apply runs; the day itself where it is not known."""
    found = session.scalar(
        sa.select(sa.func.max(CaseEvent.effective_on)).where(
            CaseEvent.case_id == case.id, CaseEvent.kind == INTAKE_OPENED.name
        )
    )
    return min(found, on) if found is not None else on


def _event(
    claim: Claim,
    step: str,
    on: date,
    code: str | None,
    taken: Sequence[rules.Taken],
    in_time: bool | None,
) -> tuple[EventKind | None, dict[str, Any]]:
    """The event of a step and its codes: days are counted as the indicators ask."""
    dates = {each.step: each.on for each in taken}
    of = claim.application_type
    appealed = "APPEAL" in dates
    lodged = claim.lodged_on or on
    made: dict[str, tuple[EventKind | None, dict[str, Any]]] = {
        "INTENTION": (events.INTENTION, {"code": of}),
        "LODGED": (events.LODGED, {"code": of, "population": "ASYLUM_SEEKER"}),
        "REGISTERED": (events.REGISTERED, {"code": of, "number": (on - dates.get("INTENTION", lodged)).days}),
        "DOCUMENT_ISSUED": (None, {}),
        "INTERVIEW": (events.INTERVIEW, {"code": of}),
        "DECISION": (
            events.DECIDED,
            {
                "code": "A" if appealed else of, "outcome": code, "number": (on - lodged).days,
                "reason_group": rules.within(in_time),
            },
        ),
        "NOTIFIED": (
            events.NOTIFIED, {"outcome": claim.outcome, "number": (on - dates.get("REGISTERED", lodged)).days},
        ),
        "APPEAL": (events.APPEALED, {"code": of}),
        "CLOSED": (
            events.CLOSED,
            {
                "code": of, "reason": code, "reason_group": rules.CLOSURE_GROUPS.get(code or ""),
                "outcome": "CLOSED",
            },
        ),
        "REOPENED": (events.REOPENED, {"reason": code}),
    }  # fmt: skip
    return made[step]


def _situation(case: Case, claim: Claim, step: str, on: date, code: str | None) -> None:
    """Lodging makes an asylum-seeker, a positive decision a person protected. Nothing changes on the open pages of a
    file for what is sealed."""
    if claim.sealed:
        return
    if step == "LODGED":
        become_population(case, "ASYLUM_SEEKER", on)
    elif step == "DECISION":
        population = rules.population_after(code or "")
        if population:
            become_population(case, population, on)


def become_population(case: Case, population: str, on: date) -> None:
    """Add a dated protection situation; a decided status ends the one as asylum-seeker."""
    current = session.scalars(
        sa.select(PersonPopulation).where(
            PersonPopulation.case_id == case.id, PersonPopulation.ended_on.is_(None)
        )
    ).all()
    if population in {p.population for p in current}:
        return
    person_id = session.scalars(sa.select(Person.id).where(Person.case_id == case.id)).one()
    for row in current:
        if row.population in ("ASYLUM_SEEKER", "IN_TRANSIT"):
            row.ended_on = max(on, row.since)
    session.add(PersonPopulation(case_id=case.id, person_id=person_id, population=population, since=on))
    happened(POPULATION_CHANGED, case, on=on, population=population)


# -- its people ---------------------------------------------------------------------------------------
def join(claim: Claim, case: Case, *, on: date, version: int | None = None) -> ClaimApplicant:
    """Somebody of the family joins an open claim (a birth, a marriage, an arrival). Once it was lodged they are an
    asylum-seeker from that day. Raises NationalAtHome, ClaimOpen, ClaimEnded, DateInFuture, ChangedMeanwhile."""
    if version is not None and version != claim.version:
        raise ChangedMeanwhile
    if not claim.is_open or claim.sealed:
        raise rules.ClaimEnded
    nations = queries.nationalities_of([case.id])[case.id]
    rules.may_lodge(case.country, nations, bool(queries.in_a_claim([case.id])), on, today_of(case))
    made = ClaimApplicant(claim_id=claim.id, case_id=case.id, role="DERIVATIVE", since=on, pending=True)
    session.add(made)
    session.flush()
    if claim.lodged_on is not None:
        happened(
            events.LODGED,
            case,
            on=on,
            subject_id=claim.id,
            code=claim.application_type,
            population="ASYLUM_SEEKER",
        )
        become_population(case, "ASYLUM_SEEKER", on)
        duties.begin(claim, [case], on)
    session.flush()
    return made


def leave(claim: Claim, case: Case, *, on: date, reason: str, version: int | None = None) -> None:
    """Somebody leaves a claim (a separation, a death); the claim goes on with the others. Raises NotInClaim,
    PrincipalStays, ReasonUnknown, DateInFuture, DateBefore, ChangedMeanwhile."""
    if version is not None and version != claim.version:
        raise ChangedMeanwhile
    found = session.scalars(
        sa.select(ClaimApplicant).where(
            ClaimApplicant.claim_id == claim.id, ClaimApplicant.case_id == case.id,
            ClaimApplicant.left_on.is_(None),
        )
    ).one_or_none()  # fmt: skip
    rules.may_leave(found.role if found else None, reason)
    assert found is not None
    if on > today_of(case):
        raise rules.DateInFuture
    if on < found.since:
        raise rules.DateBefore
    found.left_on, found.left_reason, found.pending = on, reason, False
    duties.end(claim, [case], on, "LIFTED")
    session.flush()
