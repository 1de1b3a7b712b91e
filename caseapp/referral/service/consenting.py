"""What follows for referrals when a key turns: given anew, taken back, run out, or acting without one not upheld.

Taken back: whoever is no longer carried by a consent or a legal basis leaves the referral at once, with the children
who have nobody else there; if nobody stays, it is withdrawn. Run out: nothing is given up, but the receiver sees
nobody until the person is asked again. In a running stay the shelter keeps the minimum (DO_NO_HARM).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy.orm.attributes import set_committed_value

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.sweeping import alone
from caseapp.people import queries as people_queries
from caseapp.people import rules as people_rules
from caseapp.people.models import Case, Consent, ConsentWaiver
from caseapp.referral import events, kinds, queries, rules
from caseapp.referral.models import Referral, ReferralMember
from caseapp.referral.service.sending import read_on_as_stay, withdraw
from caseapp.referral.service.steps import end_reading, notice, open_reading, tell_journal
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter import service as shelter


def key_turned(case: Case, consent: Consent, on: date) -> None:
    """Look again at every referral of this person that rests on the purpose of an answer."""
    for found in queries.resting_on(case.id, consent.purpose):
        out = _without_ground(found, consent.purpose, on)
        if consent.state == "GIVEN":
            _see_again(found, consent.purpose, out, on)
        elif case.id in out:
            _close(found, out, given_up=consent.state != "EXPIRED")


def waiver_not_upheld(case: Case, waiver: ConsentWaiver, on: date) -> None:
    """A review found no ground for acting without consent: what rested on it closes at once."""
    for found in queries.resting_on(case.id, waiver.purpose):
        out = _without_ground(found, waiver.purpose, on)
        if case.id in out:
            _close(found, out, given_up=True)


def look_at_birthdays(limit: int = 200) -> int:
    """Whoever was a child when a carer's consent opened their file and is an adult by now is seen no more until they say
    yes themselves; nothing else is given up. The acting principal is the system. Returns how many readings ended."""
    ended = 0
    for number, case_id, timezone in queries.carried_as_children(clock.today(), limit):
        with alone("birthdays", case_id):
            found, on = queries.referral(access.current(), number, lock=True), clock.today(timezone)
            purpose = rules.purpose_of(found.kind)
            out = _without_ground(found, purpose, on)
            if case_id in out:
                _close(found, out, given_up=False)
                ended += 1
            else:
                _carry(found, case_id, purpose, on)
            session.flush()
    return ended


def _carry(found: Referral, case_id: UUID, purpose: str, on: date) -> None:
    """A person's own key, where they have given one since, carries them from now on."""
    to = people_queries.recipient(found.to_team_id, purpose)
    key = people_rules.key_that_opens(people_queries.answers_of(case_id), purpose, to, on)
    for member in found.members:
        if member.case_id == case_id and key is not None:
            member.consent_id = key.id


def _without_ground(found: Referral, purpose: str, on: date) -> frozenset[UUID]:
    """The people of a referral whom nothing carries any more, with the children whom they leave behind. Whose file
    another team holds is not asked here."""
    overturned = queries.waived_in_vain(found.id)
    bases = {
        m.case_id: (m.basis, m.basis_reason or "")
        for m in found.members
        if m.basis and m.case_id not in overturned
    }
    ids = [m.case_id for m in found.members]
    people = queries.subjects(ids, purpose, on, access.current(), strict=False)
    standing = queries.standings(people, bases, purpose, found.to_team_id, on)
    out = {i for i, stands in standing.items() if rules.may_share(purpose, stands)}
    together = set(ids)
    guardians = {p.case.id: p.guardians & together for p in people if p.child}
    return frozenset(out | rules.left_behind(out, guardians))


def _close(found: Referral, out: Collection[UUID], *, given_up: bool) -> None:
    leaving = [m for m in found.members if m.case_id in out]
    ended = found.state in rules.ENDED
    staying = [m for m in found.members if m.case_id not in out and m.outcome != "NOT_ACCEPTED"]
    if not ended and given_up and not staying:
        withdraw(found, "CONSENT_WITHDRAWN")
        return
    stays = [s for s in shelter_queries.holding_for_referral(found.id, lock=True) if s.case_id in out]
    end_reading(found, leaving)
    if given_up and not ended:
        _leave(found, leaving)
        booked = [s for s in stays if s.state == "BOOKED"]
        if booked:
            shelter.cancel(booked, "REFERRAL_WITHDRAWN")
            shelter.forget(booked)
        stays = [s for s in stays if s not in booked]
    shelter.keep_minimum(stays)
    if not ended:
        told, team = ("PERSON_LEFT", found.to_team_id) if given_up else ("CONSENT_ENDED", found.from_team_id)
        notice(found, told, team)
    session.flush()


def _leave(found: Referral, leaving: Collection[ReferralMember]) -> None:
    """Some leave, the others stay; for those who leave it is a withdrawal."""
    for member in leaving:
        member.left_at, member.outcome = clock.now(), "NOT_ACCEPTED"
        member.not_accepted_reason = "CONSENT_MISSING"
    tell_journal(
        events.WITHDRAWN, found, rules.SENDER, leaving, priority=found.priority, reason="CONSENT_WITHDRAWN"
    )
    session.flush()
    set_committed_value(found, "members", [m for m in found.members if m not in leaving])


def _see_again(found: Referral, purpose: str, out: Collection[UUID], on: date) -> None:
    """After a consent ran out and was given anew the receiver sees those again who are carried by it."""
    held = shelter_queries.holding_for_referral(found.id, lock=True)
    if found.state in rules.ENDED and not held:
        return
    if kinds.of(found.kind).blind and not queries.was_read(found.id):
        return  # the receiver has not been told yet that it may know who they are
    read, here = queries.read_now(found.id), {s.case_id for s in held}
    wanted = [
        m
        for m in found.members
        if m.case_id not in out and m.case_id not in read
        and m.outcome != "NOT_ACCEPTED"
        and (found.state not in rules.ENDED or m.case_id in here)
    ]  # fmt: skip
    if not wanted:
        return
    to = people_queries.recipient(found.to_team_id, purpose)
    for member in wanted:
        key = people_rules.key_that_opens(people_queries.answers_of(member.case_id), purpose, to, on)
        if key is not None:
            member.consent_id = key.id
    requirements = {m.case_id: m.requirements for m in wanted}
    shown = [s for s in held if s.case_id in requirements]
    shelter.show_again(requirements, shown)
    if found.state in rules.ENDED:
        read_on_as_stay(found, shown)
    else:
        open_reading(found, wanted)
    session.flush()
