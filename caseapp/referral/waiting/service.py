"""Verbs of waiting lists: join, offer, not now, leave; and what follows when the referral behind an entry moves.

No event of its own is written: joining prepares a referral, leaving withdraws it, taking a place sends it, and the
journal says so. The history of ranks stands beside the entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.sweeping import alone
from caseapp.people import queries as people_queries
from caseapp.people.rules import age_range
from caseapp.people.service.register import fresh_number
from caseapp.referral import kinds
from caseapp.referral import queries as referrals
from caseapp.referral import rules as referral_rules
from caseapp.referral.errors import ConsentMissing
from caseapp.referral.models import Referral, ReferralMember
from caseapp.referral.service.sending import draft, withdraw
from caseapp.referral.waiting import errors, queries, rules
from caseapp.referral.waiting.models import WaitingEntry, WaitingPassed


def join(
    found: Referral, told: Sequence[str] = (), *, numbers: Callable[[str], str] = fresh_number
) -> WaitingEntry:
    """Put the people of a referral on the list of its receiver. `found`: a draft, which the entry then stands on, or a
    referral that was declined, lapsed or accepted and then not given, of which a new draft is made; whoever had waited for
    it keeps that time. `told`: criteria that the sender answered with yes.
    Consent is asked as for sending: the receiver learns how many wait and what they require. Raises NotYours,
    NothingToWaitFor, AlreadyOnTheList, ConsentMissing."""
    who = access.current()
    if found.from_team_id not in who.case_teams:
        raise NotYours
    if not rules.may_join(found.state, found.not_completed_reason):
        raise errors.NothingToWaitFor
    queries.hold_list(found.to_team_id, found.kind)
    ids = [m.case_id for m in _still_asking(found)]
    if queries.waits_already(ids, found.to_team_id, found.kind):
        raise errors.AlreadyOnTheList
    on = clock.today(timezone_of(found.from_team_id))
    people = referrals.subjects(ids, referral_rules.purpose_of(found.kind), on, who)
    _must_be_shared(found, people, on)
    standing = found if found.state == "DRAFT" else again(found, numbers)
    return _enter(standing, people, on, told, queries.since_of(found.id) or clock.now())


def _enter(
    found: Referral, people: Sequence[referrals.Subject], on: date, told: Sequence[str], since: datetime
) -> WaitingEntry:
    """A new entry that stands on a draft; the list is ours already."""
    requirements = sorted({r for p in people for r in p.requirements})
    carried = kinds.carried(found.kind, requirements)
    criteria = rules.criteria_that_hold(found.kind, _as_somebody(people, on), requirements, told)
    row = WaitingEntry(
        referral_id=found.id, from_team_id=found.from_team_id, to_team_id=found.to_team_id, kind=found.kind,
        priority=found.priority, adults=sum(not p.child for p in people), children=sum(p.child for p in people),
        requirements=carried, criteria=sorted(criteria), since=since, rank=0,
        sort_key=rules.sort_key(found.kind, rules.Waiting(found.priority, criteria, since)),
    )  # fmt: skip
    row.referral, row.from_team, row.to_team = found, found.from_team, found.to_team
    session.add(row)
    session.flush()
    _rank(row, "JOINED")
    return row


def _still_asking(found: Referral) -> list[ReferralMember]:
    """Whose need stands: everybody, or of a referral that was accepted those who were."""
    accepted = found.state == "NOT_COMPLETED"
    return [m for m in found.members if not accepted or m.outcome == "ACCEPTED"]


def _must_be_shared(found: Referral, people: Sequence[referrals.Subject], on: date) -> None:
    bases = {m.case_id: (m.basis, m.basis_reason or "") for m in found.members if m.basis}
    if _lack_consent(found, people, bases, on):
        raise ConsentMissing


def _lack_consent(
    found: Referral, people: Sequence[referrals.Subject], bases: Mapping[UUID, tuple[str, str]], on: date
) -> bool:
    """Whether one of these people may not be referred for this service now."""
    purpose = referral_rules.purpose_of(found.kind)
    standing = referrals.standings(people, bases, purpose, found.to_team_id, on)
    return any(referral_rules.may_share(purpose, s) for s in standing.values())


def again(
    found: Referral,
    numbers: Callable[[str], str] = fresh_number,
    members: Sequence[ReferralMember] | None = None,
) -> Referral:
    """A draft as the referral was (for these of its people), to be sent when there is a place. Nights that have passed
    begin today."""
    members = _still_asking(found) if members is None else members
    on = clock.today(timezone_of(found.from_team_id))
    first, last = found.first_night, found.last_night
    if first is not None and last is not None and first < on:
        first, last = on, max(last, on)
    return draft(
        [m.case_id for m in members], from_team=found.from_team, to_team=found.to_team, kind=found.kind,
        priority=found.priority, items=found.items, first_night=first, last_night=last, message=found.message or "",
        bases={m.case_id: (m.basis, m.basis_reason or "") for m in members if m.basis},
        numbers=numbers,
    )  # fmt: skip


def _as_somebody(people: Sequence[referrals.Subject], on: date) -> list[rules.Somebody]:
    adults = {p.case.id for p in people if not p.child}
    return [
        rules.Somebody(
            p.child,
            age_range(people_queries.birth_of(p.person), on),
            with_family=bool(p.guardians & adults),
        )
        for p in people
    ]


def offer(found: WaitingEntry, passed: Mapping[UUID, str] | None = None) -> None:
    """The receiver offers a place to an entry, for as long as the referral's priority gives for an answer. `passed`:
    for every entry that stands before it and waits, a reason of the list `waiting_passed_reason`. The sender is told.
    Raises NotYours, NotWaitingNow, PassedOverWithoutReason."""
    who = access.current()
    if found.to_team_id not in who.case_teams:
        raise NotYours
    reasons = passed or {}
    ahead = queries.before(found) if found.state == rules.WAITING else []
    if any(reasons.get(e.id) not in rules.PASSED_REASONS for e in ahead):
        raise errors.PassedOverWithoutReason
    now = clock.now()
    limits = referral_rules.clock_of(
        found.priority, now, timezone_of(found.to_team_id), found.to_team.country
    )
    _step(found, "OFFERED")
    found.offered_at, found.offer_until, found.offered_by_id = now, limits.due_at, who.user_id
    session.add_all(
        WaitingPassed(
            entry_id=each.id, offered_id=found.id, at=now, reason=reasons[each.id], by_id=who.user_id
        )
        for each in ahead
    )
    session.flush()
    _rank(found, "OFFERED")


def not_now(found: WaitingEntry) -> None:
    """The sender cannot take the offer now; they wait on with their time. Raises NotYours, NotWaitingNow."""
    _must_send(found)
    _end_offer(found, "NOT_NOW")


def take(found: WaitingEntry) -> Referral:
    """The draft with which the sender takes a place: the one that the entry stands on, or a new one where that was
    declined or lapsed before. Raises NotYours, NotWaitingNow."""
    _must_send(found)
    if found.state not in (rules.WAITING, rules.OFFERED):
        raise errors.NotWaitingNow
    behind = _behind(found)
    if behind.state == "DRAFT":
        return behind
    made = again(behind)
    found.referral_id = made.id
    session.flush()
    return made


def leave(found: WaitingEntry, reason: str) -> None:
    """The sender takes them off the list (list `withdraw_reason`); a draft behind the entry is withdrawn. Raises
    NotYours, NotWaitingNow where the referral has been sent, which is withdrawn itself."""
    _must_send(found)
    if found.state == rules.ASKED:
        raise errors.NotWaitingNow
    behind = _behind(found)
    if behind.state == "DRAFT":
        withdraw(behind, reason)  # and the entry follows
    else:
        _leave(found)


def _must_send(found: WaitingEntry) -> None:
    if found.from_team_id not in access.current().case_teams:
        raise NotYours


def _behind(found: WaitingEntry) -> Referral:
    number = session.scalar(sa.select(Referral.number).where(Referral.id == found.referral_id))
    return referrals.referral(access.current(), number or "", lock=True)


def lapse_offers(limit: int = 200) -> int:
    """End the offers whose time ran out; the acting principal is the system. May run twice. Returns how many."""
    ended = 0
    for entry_id in queries.offers_to_lapse(clock.now(), limit):
        with alone("waiting_offers", entry_id):
            found = queries.entry(access.current(), entry_id, lock=True)
            if found.offer_until is not None and found.offer_until <= clock.now():
                _end_offer(found, "OFFER_LAPSED")
                session.flush()
                ended += 1
    return ended


#: By the state that a referral has come to: what becomes of the entry behind it. A receiver that declines for want of a
#: place has not used up anybody's time.
_FOLLOWS = {"SENT": "ASKED", "ACCEPTED": "PLACED", "DECLINED": "BACK", "LAPSED": "BACK", "WITHDRAWN": "LEFT"}


def follow(behind: Referral) -> None:
    """The referral behind an entry moved: sent, accepted, not accepted or withdrawn."""
    step = _FOLLOWS.get(behind.state)
    found = queries.of_referral(behind.id) if step else None
    if found is None or step is None or rules.next_state(step, found.state) is None:
        return
    if step == "LEFT":
        _leave(found)
        return
    _step(found, step)
    found.offered_at = found.offer_until = None
    if step == "PLACED":
        found.rank, found.ended_at = None, clock.now()
    session.flush()
    _rank(found, step)
    if step == "PLACED":
        _others_wait_on(behind, found)


def _others_wait_on(behind: Referral, placed: WaitingEntry) -> None:
    """Whoever of them was not accepted, where the sender agreed to a part, waits on with their time. A child who may not
    be referred alone, and whoever takes their consent back, does not."""
    others = [m for m in behind.members if m.outcome == "NOT_ACCEPTED"]
    if not others:
        return
    on = clock.today(timezone_of(behind.from_team_id))
    ids = [m.case_id for m in others]
    people = referrals.subjects(ids, referral_rules.purpose_of(behind.kind), on, access.current())
    bases = {m.case_id: (m.basis, m.basis_reason or "") for m in others if m.basis}
    may = {s.case.id for s in people if not _lack_consent(behind, [s], bases, on)}
    waiting_on = [m for m in others if m.case_id in may]
    if not waiting_on:
        return
    draft_of = again(behind, members=waiting_on)
    told = [c for c in placed.criteria if c in rules.TOLD]
    _enter(draft_of, [p for p in people if p.case.id in may], on, told, placed.since)


def given_back(found: Referral) -> None:
    """They were accepted and then nothing was given (`rules.given_back`): they are back on the list with their time, unless
    they are on it again, or a consent is gone. Done by the worker; may run twice."""
    if not rules.given_back(found.state, found.not_completed_reason):
        return
    entry = queries.of_referral(found.id, (rules.PLACED,))
    members = _still_asking(found)
    ids = [m.case_id for m in members]
    if entry is None or not ids or queries.waits_already(ids, found.to_team_id, found.kind):
        return
    on = clock.today(timezone_of(found.from_team_id))
    people = referrals.subjects(
        ids, referral_rules.purpose_of(found.kind), on, access.current(), strict=False
    )
    if len(people) != len(ids) or any(p.case.status != "OPEN" for p in people):
        return
    bases = {m.case_id: (m.basis, m.basis_reason or "") for m in members if m.basis}
    if _lack_consent(found, people, bases, on):
        return
    _step(entry, "BACK")
    entry.adults, entry.children = sum(not p.child for p in people), sum(p.child for p in people)
    entry.requirements = sorted({r for p in people for r in p.requirements})
    entry.rank, entry.ended_at = 0, None
    session.flush()
    _rank(entry, "BACK")


def ground_gone(case_id: UUID, purpose: str) -> None:
    """Nobody waits on a key that was taken back: what rests on it leaves the list at once. A referral that was sent
    closes by itself, and its entry follows."""
    kinds = [c.code for c in reference.codes("service_kind") if c.extra["consent_purpose"] == purpose]
    for found in queries.of_case(case_id, kinds):
        if found.state != rules.ASKED:
            leave(found, "CONSENT_WITHDRAWN")


def _leave(found: WaitingEntry) -> None:
    _step(found, "LEFT")
    found.offered_at = found.offer_until = None
    found.rank, found.ended_at = None, clock.now()
    session.flush()
    _rank(found, "LEFT")


def _end_offer(found: WaitingEntry, step: str) -> None:
    _step(found, step)
    found.offered_at = found.offer_until = None
    session.flush()
    _rank(found, step)


def _step(found: WaitingEntry, step: str) -> None:
    after = rules.next_state(step, found.state)
    if after is None:
        raise errors.NotWaitingNow
    found.state = after


def _rank(found: WaitingEntry, step: str) -> None:
    """Number the list anew and write the history. The database does it, because a sender sees only its own entries;
    an offer's word to the sender goes with it, because a receiver does not see the draft."""
    session.execute(sa.select(sa.func.rank_waiting(found.id, step, clock.now())))
    session.refresh(found, ["rank"])


__all__ = [
    "again",
    "follow",
    "given_back",
    "ground_gone",
    "join",
    "lapse_offers",
    "leave",
    "not_now",
    "offer",
    "take",
]
