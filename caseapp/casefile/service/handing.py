"""Offer files to another team, answer an offer, take it back; who came and who did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.accounts.queries import timezone_of
from caseapp.casefile import events
from caseapp.casefile.models import Handover, HandoverMember
from caseapp.casefile.queries import handing, work
from caseapp.casefile.rules import handing as rules
from caseapp.casefile.service.acting import unchanged, worker
from caseapp.casefile.service.approving import FOLLOWS, ask_approval, withdraw_approval
from caseapp.core import access, clock, journal
from caseapp.core.db import session
from caseapp.core.errors import says
from caseapp.deadline import service as deadline
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.events import happened, profile
from caseapp.people.models import Case, Consent
from caseapp.people.service.tokens import findable, put_tokens
from caseapp.procedure import service as procedure

says("handover_transition", rules.HandoverAnswered)
says("handover_to_receiver", rules.NotReceiving)
says("handover_not_to_nationality", rules.CountryOfNationality)
says("handover_one_at_a_time", rules.HandoverOpen)
says("handover_files_there", rules.OtherFile)
says("handover_consent_holds", rules.TransferConsentEnded)


@dataclass(frozen=True)
class Offer:
    """What is offered: whose files, to which team, when they arrive; on what it rests where somebody has not agreed
    (`bases`: file → basis and reason), and who of the receiving team takes what is sealed."""

    cases: Sequence[UUID]
    to: Team
    arrives_on: date
    bases: Mapping[UUID, tuple[str, str]] = field(default_factory=dict)
    holder: UUID | None = None
    words: str = ""


def offer_handover(case: Case, offer: Offer) -> Handover:
    """Offer the file of a person, alone or with some or all of their household. Nothing moves until it is accepted.
    What leaves the country or rests on a legal basis waits for a supervisor first. Writes case.handover_offered (and
    consent.waived, approval.asked). Raises the errors of `rules.may_receive` and `may_offer`, HandoverOpen, OtherFile,
    HolderNotThere."""
    to, today = offer.to, people.today_of(case)
    rules.may_receive(to.type, to.id == case.team_id)
    together = handing.movable_with(case)
    moving = [m for m in together if m.case.id in set(offer.cases)]
    if len(moving) != len(set(offer.cases)):
        raise rules.OtherFile
    if any(handing.open_for(m.case.id) for m in moving):
        raise rules.HandoverOpen
    if offer.holder is not None and offer.holder not in {u.id for u in handing.holders_in(to.id)}:
        raise rules.HolderNotThere
    kind = rules.kind_of(to.site_id == case.site_id, to.country == case.country)
    consents = handing.consents_to([m.case.id for m in moving], rules.purpose_of(kind), to, today)
    leave = handing.lacking_leave([m.case.id for m in moving], to, offer.arrives_on)
    movers = [_mover(m, m.case.id in consents, offer, today, m.case.id in leave) for m in moving]
    stays = [m for m in together if m not in moving]
    stays_alone = bool(stays) and all(present.is_child(m.person, today) for m in stays)
    rules.may_offer(
        kind, to.country, movers, arrives_on=offer.arrives_on, today=today, stays_alone=stays_alone
    )
    household = people.household_of(case.id)
    others = len(people.members_of(household)) if household else 0
    made = Handover(
        case_id=moving[0].case.id, household_id=household.id if household else None,
        whole=household is not None and others == len(moving), from_team_id=case.team_id, to_team_id=to.id,
        from_country=case.country, to_country=to.country, kind=kind, state="PREPARED", arrives_on=offer.arrives_on,
        prepared_at=clock.now(), prepared_by_id=worker(), sealed_holder_id=offer.holder,
    )  # fmt: skip
    made.words = offer.words.strip() or None
    session.add(made)
    session.flush()
    for position, (one, mover) in enumerate(zip(moving, movers, strict=True)):
        _add_member(made, position, one, mover, consents.get(one.case.id), today)
    session.flush()
    if rules.needs_second_person(kind, movers):
        ask_approval(case, "HANDOVER", made.id)
    else:
        _send(made, [m.case for m in moving])
    return made


def _mover(
    one: handing.Movable, consented: bool, offer: Offer, today: date, needs_leave: bool
) -> rules.Mover:
    basis, reason = offer.bases.get(one.case.id, (None, ""))
    return rules.Mover(
        present.name_of(one.person), present.is_child(one.person, today), one.nationalities, consented,
        None if consented else basis, reason, needs_leave, "CHILD_OFFICER" in access.current().roles,
    )  # fmt: skip


def _add_member(
    made: Handover, position: int, one: handing.Movable, mover: rules.Mover, consent: UUID | None, today: date
) -> None:
    known = profile(one.person, today)
    row = HandoverMember(
        handover_id=made.id, case_id=one.case.id, position=position, consent_id=consent,
        basis=None if consent else mover.basis, sex=known["sex"], age_band=known["age_band"],
        languages=one.languages, requirements=one.requirements,
    )  # fmt: skip
    if row.basis:
        row.basis_reason = mover.basis_reason.strip()
        purpose = rules.purpose_of(made.kind)
        happened(
            events.CONSENT_WAIVED, one.case, on=today, person=one.person, subject_id=made.id, code=purpose, reason=row.basis
        )  # fmt: skip
    session.add(row)


def _send(made: Handover, cases: Sequence[Case]) -> None:
    made.state, made.offered_at = rules.after("offer", made.state), clock.now()
    made.lapse_at = clock.now() + timedelta(days=rules.ANSWER_DAYS)
    for case in cases:
        happened(events.HANDOVER_OFFERED, case, on=people.today_of(case), subject_id=made.id, code=made.kind)
    session.flush()


def _decided(case: Case, handover_id: UUID, _who: UUID, approved: bool) -> None:
    """What a supervisor's decision brings about: the offer goes out, or is taken back."""
    made = session.get_one(Handover, handover_id)
    if approved:
        cases = _cases(made)
        _must_still_agree(made, cases)
        _send(made, cases)
    else:
        made.state, made.withdraw_reason = rules.after("withdraw", made.state), "SENT_IN_ERROR"


FOLLOWS["HANDOVER"] = _decided


def _must_still_agree(made: Handover, cases: Sequence[Case]) -> None:
    """Whoever had agreed agrees still on the day on which the offer goes out. Raises TransferConsentEnded."""
    asked = sa.select(HandoverMember.case_id).where(
        HandoverMember.handover_id == made.id, HandoverMember.consent_id.is_not(None)
    )
    ids, to = session.scalars(asked).all(), session.get_one(Team, made.to_team_id)
    today = max(people.today_of(case) for case in cases)
    if set(ids) - handing.consents_to(ids, rules.purpose_of(made.kind), to, today).keys():
        raise rules.TransferConsentEnded


def consent_turned(case: Case, consent: Consent, on: date) -> None:
    """A person's answer to a transfer changed: an offer that rests on a consent which is no more ends at once, before it is
    answered. Where another key of theirs opens to the same receiver, the offer rests on that."""
    if consent.purpose not in rules.PURPOSES:
        return
    for made in handing.resting_on(case.id, consent.purpose):
        key = handing.consents_to([case.id], consent.purpose, made.to_team, on).get(case.id)
        if key is None:
            _end(made, *rules.ended_by(consent.state))
            continue
        for member in made.members:
            if member.case_id == case.id:
                member.consent_id = key
    session.flush()


def _end(made: Handover, verb: str, reason: str | None) -> None:
    """An offer ends without an answer, and what was asked of a second person with it."""
    made.state, made.withdraw_reason = rules.after(verb, made.state), reason
    asked = work.open_approval(made.id)
    if asked is not None:
        withdraw_approval(asked)
    session.flush()


def _cases(made: Handover) -> list[Case]:
    """The files of an offer that the acting principal sees."""
    ids = sa.select(HandoverMember.case_id).where(HandoverMember.handover_id == made.id)
    return list(session.scalars(sa.select(Case).where(Case.id.in_(ids)).order_by(Case.id)))


def withdraw_handover(made: Handover, *, reason: str, version: int | None = None) -> None:
    """The offering side takes it back. Raises HandoverAnswered, ReasonMissing, ChangedMeanwhile."""
    unchanged(made, version)
    if reason not in rules.WITHDRAWING:
        raise rules.ReasonMissing
    _end(made, "withdraw", reason)


def decline_handover(made: Handover, *, reason: str, version: int | None = None) -> None:
    """The receiving side says no, with the reason. Writes case.handover_declined for each file (and, between countries,
    transfer.responded). Raises HandoverAnswered, ReasonMissing, ChangedMeanwhile."""
    unchanged(made, version)
    if reason not in rules.DECLINING:
        raise rules.ReasonMissing
    made.state, made.decline_reason = rules.after("decline", made.state), reason
    made.answered_at, made.answered_by_id = clock.now(), worker()
    on = clock.today(timezone_of(made.to_team_id))
    for member in made.members:
        journal.append(
            events.HANDOVER_DECLINED, country=made.from_country, on=on, team_id=made.to_team_id, case_id=member.case_id,
            subject_id=made.id, reason=reason, sex=member.sex, age_band=member.age_band,
        )  # fmt: skip
    _responded(made, on, "DECLINED")
    session.flush()


def _responded(made: Handover, on: date, outcome: str) -> None:
    if made.kind == "COUNTRY":
        journal.append(
            events.TRANSFER_RESPONDED, country=made.from_country, on=on, team_id=made.to_team_id, subject_id=made.id,
            outcome=outcome, code=made.to_country,
        )  # fmt: skip


def accept_handover(made: Handover, *, version: int | None = None) -> list[Case]:
    """The receiving side takes the files: the team changes, what is sealed stays behind unless it has a holder, tasks
    wait for somebody, and the sending team reads along until the people arrive. Writes case.handed_over. Raises
    HandoverAnswered, OtherFile (a file is not there any more), TransferConsentEnded, ChangedMeanwhile."""
    unchanged(made, version)
    made.state = rules.after("accept", made.state)
    made.answered_at, made.answered_by_id = clock.now(), worker()
    session.flush()
    on = clock.today(timezone_of(made.to_team_id))
    moved = session.scalars(sa.select(sa.func.take_over(made.id, on, clock.now()))).all()
    asked = sa.select(Case).where(Case.id.in_(moved)).execution_options(populate_existing=True)
    found = {c.id: c for c in session.scalars(asked)}
    cases = [found[i] for i in moved]
    if made.kind == "COUNTRY":
        _search_again(cases)
        _leave_behind(cases, made.from_country)
    if made.household_id is not None and not made.whole:
        first, *rest = cases
        formed = people_service.form_household(first, on=on)
        for case in rest:
            people_service.join_household(case, formed, on=on)
    for case in cases:
        happened(events.HANDED_OVER, case, on=on, subject_id=made.id, code=made.kind)
    _responded(made, on, "ACCEPTED")
    session.flush()
    return cases


def _leave_behind(cases: Sequence[Case], country: str) -> None:
    """What the law and the authorities of the country that these people left ask of them binds them there only."""
    for case in cases:
        procedure.leave_country(case, people.today_of(case))
        deadline.leave_country(case, country)


def _search_again(cases: Sequence[Case]) -> None:
    """In another country people are found under that country's key."""
    for case in cases:
        person = people.person_of(case)
        put_tokens(
            case.country, [findable(person, people.documents_of(case.id), people.contacts_of(case.id))]
        )
