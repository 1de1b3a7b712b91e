"""The sender's verbs: draft, send, give information, withdraw."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm.attributes import set_committed_value

from caseapp.accounts.models import Team
from caseapp.accounts.queries import offers, timezone_of
from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.people import queries as people_queries
from caseapp.people import rules as people_rules
from caseapp.people import service as people_service
from caseapp.people.events import happened
from caseapp.people.models import AccessScope, CaseAccess
from caseapp.people.rules.waiver import REFUSALS
from caseapp.people.service.register import fresh_number
from caseapp.referral import errors, events, kinds, queries, rules, showing
from caseapp.referral.kinds import GIVES_PLACES
from caseapp.referral.kinds.health import PriorityTooLow, priority_for
from caseapp.referral.models import ITEMS, USUAL, Referral, ReferralMember
from caseapp.referral.rules import depending
from caseapp.referral.service.depending import dependants
from caseapp.referral.service.inbox import tell_if_nobody_is_there
from caseapp.referral.service.pausing import resume
from caseapp.referral.service.receiving import to_whoever_offers_it_now
from caseapp.referral.service.steps import (
    end_reading,
    moved,
    notice,
    open_reading,
    purpose_of_reading,
    step,
    tell_journal,
)
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter import service as shelter
from caseapp.shelter.models import Stay


def draft(
    case_ids: Sequence[UUID],
    *,
    from_team: Team,
    to_team: Team,
    kind: str,
    priority: str,
    items: Collection[str] = USUAL,
    first_night: date | None = None,
    last_night: date | None = None,
    message: str = "",
    bases: Mapping[UUID, tuple[str, str]] | None = None,
    numbers: Callable[[str], str] = fresh_number,
    people: Sequence[queries.Subject] | None = None,
    because_of: Referral | None = None,
    be_seen_by: datetime | None = None,
) -> Referral:
    """Prepare a referral of these people (their cases belong to `from_team`) to a team that offers `kind`.

    `bases` gives, for a person without consent, one of the four legal bases and its reason. Responsibility
    stays with the sender (mode SHARE). Raises the refusals of `errors`; what a refusal depends on is asked
    again when it is sent. `people`: who they are, where that was asked in this transaction already. `because_of`: the
    referral with which this one is withdrawn. `be_seen_by`: for a kind where hours decide; the priority must answer in time."""
    if priority not in {c.code for c in reference.codes("referral_priority")}:
        raise errors.ReasonNotKnown(field="priority")
    if kind in GIVES_PLACES and (first_night is None or last_night is None or last_night < first_night):
        raise errors.NightsMissing
    if not case_ids:
        raise errors.NobodyChosen
    if people is None:
        people = _people(case_ids, from_team, kind)
    if any(p.case.team_id != from_team.id for p in people):
        raise NotYours
    _must_be_possible(people, to_team, kind)
    first = people[0]
    households = {p.household_id for p in people}
    if because_of is not None and (
        because_of.from_team_id != from_team.id or because_of.state in rules.ENDED
    ):
        raise errors.GroundNotOurs
    found = Referral(
        because_of_id=because_of.id if because_of else None,
        number=numbers("R"), case_id=first.case.id, household_id=first.household_id if len(households) == 1 else None,
        country=first.case.country, from_team_id=from_team.id, to_team_id=to_team.id, kind=kind,
        sector=rules.sector_of(kind), mode="SHARE", priority=priority, state="DRAFT", items=_items(items, kind),
        first_night=first_night, last_night=last_night, made_at=clock.now(), made_by_id=access.current().user_id,
        be_seen_by=_in_time(kind, priority, be_seen_by),
    )  # fmt: skip
    found.message = message.strip()
    found.from_team, found.to_team = from_team, to_team
    members = [
        _member(found, position, person, (bases or {}).get(person.case.id))
        for position, person in enumerate(people)
    ]
    session.add(found)
    session.flush()
    session.add_all(members)
    session.flush()
    set_committed_value(found, "members", members)
    tell_journal(events.DRAFTED, found, rules.SENDER, priority=priority)
    session.flush()
    return found


def _in_time(kind: str, priority: str, by: datetime | None) -> datetime | None:
    """By when the person must be seen, where the kind knows such a thing. Raises PriorityTooLow."""
    if by is None or not kinds.of(kind).timely:
        return None
    order = [c.code for c in reference.codes("referral_priority")]
    if order.index(priority) > order.index(priority_for(by, clock.now())):
        raise PriorityTooLow
    return by


def _items(items: Collection[str], kind: str) -> list[str]:
    """What is shown of each person: the chosen items; a place cannot be given without what it must have."""
    needed = {"REQUIREMENTS"} if kind in GIVES_PLACES else set()
    return sorted((set(items) & set(ITEMS)) | needed)


def _member(
    found: Referral, position: int, person: queries.Subject, basis: tuple[str, str] | None
) -> ReferralMember:
    member = ReferralMember(
        referral_id=found.id, case_id=person.case.id, position=position, basis=basis[0] if basis else None
    )
    if basis:
        member.basis_reason = basis[1].strip()
    return member


def _must_be_possible(people: Sequence[queries.Subject], to_team: Team, kind: str) -> None:
    for person in people:
        if person.case.status != "OPEN":
            raise errors.CaseClosed
        if rules.may_receive(to_team.type, to_team.country, person.case.country, person.nationalities):
            raise errors.ReceiverNotAllowed
    if not offers(to_team, kind):
        raise errors.ReceiverDoesNotOffer


def _people(case_ids: Sequence[UUID], from_team: Team, kind: str) -> list[queries.Subject]:
    on = clock.today(timezone_of(from_team.id))
    return queries.subjects(case_ids, rules.purpose_of(kind), on, access.current())


def send(
    found: Referral,
    *,
    people: Sequence[queries.Subject] | None = None,
    places: Mapping[UUID, UUID] | None = None,
) -> None:
    """Send a draft: consent or a legal basis for each person, the clock of its priority, requirements as they
    are now; the receiver reads the cases from here on. A shelter that declares so holds places while it
    answers: those chosen (`places`, case id → place id), or the first it can offer. `people` as in `draft`. Raises `ConsentMissing` and the others of
    `draft`."""
    timezone = timezone_of(found.from_team_id)
    on = clock.today(timezone)
    ids = [m.case_id for m in found.members]
    to_whoever_offers_it_now(found)
    if people is None:
        people = queries.subjects(ids, rules.purpose_of(found.kind), on, access.current())
        _must_be_possible(people, found.to_team, found.kind)
    if queries.open_to_the_same(ids, found.to_team_id, found.kind):
        raise errors.AlreadyAsked
    _must_be_shared(found, people, on)
    now = clock.now()
    limits = rules.clock_of(found.priority, now, timezone, found.country)
    found.sent_at, found.remind_at, found.due_at, found.told_at, found.lapse_at = (
        now,
        limits.remind_at,
        limits.due_at,
        limits.told_at,
        limits.lapse_at,
    )
    step(found, "send")
    showing.freeze(found)
    for person in people:
        happened(
            events.SENT, person.case, on=on, person=person.person, site_id=found.from_team.site_id,
            team_id=found.from_team_id, subject_id=found.id, sector=found.sector, priority=found.priority,
            code=found.to_team.type if "S" not in reference.code("team_type", found.to_team.type).flags else None,
        )  # fmt: skip
    if not kinds.of(found.kind).blind:
        open_reading(found)
    if found.kind in GIVES_PLACES and found.first_night is not None and found.last_night is not None:
        shelter.hold_on_send(
            ids, team_id=found.to_team_id, first_night=found.first_night, last_night=found.last_night,
            priority=found.priority, referral_id=found.id, places=places,
        )  # fmt: skip
    notice(found, "ARRIVED", found.to_team_id)
    tell_if_nobody_is_there(found)
    moved(found)


def _must_be_shared(found: Referral, people: Sequence[queries.Subject], on: date) -> None:
    """Each person's own key, a carer's for a child, or a legal basis; a basis that was written while the consent
    was missing is dropped where it has been given since."""
    purpose = rules.purpose_of(found.kind)
    to = people_queries.recipient(found.to_team_id, purpose)
    bases = {m.case_id: (m.basis, m.basis_reason or "") for m in found.members if m.basis}
    standing = queries.standings(people, bases, purpose, found.to_team_id, on)
    for member, person in zip(found.members, people, strict=True):
        refused = rules.may_share(purpose, standing[member.case_id])
        if refused:
            raise REFUSALS.get(refused, errors.ConsentMissing)
        if rules.consented(standing[member.case_id]):
            key = people_rules.key_that_opens(person.answers, purpose, to, on)
            member.basis, member.basis_reason = None, None
            member.consent_id = key.id if key is not None else None
        elif member.basis:
            people_service.waive(
                person.case, person.person, purpose=purpose, basis=member.basis, reason=member.basis_reason or "", on=on,
                recipient=to, subject_id=found.id,
            )  # fmt: skip


def refer(case_ids: Sequence[UUID], *, from_team: Team, kind: str, **values: Any) -> Referral:
    """Draft and send in one act; takes what `draft` takes."""
    if not case_ids:
        raise errors.NobodyChosen
    people = _people(case_ids, from_team, kind)
    found = draft(case_ids, from_team=from_team, kind=kind, people=people, **values)
    send(found, people=people)
    return found


def give_info(found: Referral, reply: str) -> None:
    """Answer the receiver's question; a clock that stood still goes on with the time it had left."""
    step(found, "give_info")
    resume(found)
    found.reply = reply.strip()
    tell_journal(events.INFO_GIVEN, found, rules.SENDER)
    notice(found, "INFO_GIVEN", found.to_team_id)
    session.flush()


def withdraw(found: Referral, reason: str) -> None:
    """Take the referral back (list `withdraw_reason`), and with it what was made because of it and has not begun.
    Bookings are cancelled. Somebody who is already in stays; after CONSENT_WITHDRAWN the shelter keeps the minimum,
    otherwise it reads the case on as a stay."""
    if not reference.known("withdraw_reason", reason):
        raise errors.ReasonNotKnown
    along = [d.referral for d in dependants(found) if d.goes]
    _withdraw(found, reason)
    for dependant in along:
        _withdraw(dependant, depending.reason_for_dependants(reason))


def _withdraw(found: Referral, reason: str) -> None:
    was_sent = found.sent_at is not None
    stays = shelter_queries.holding_for_referral(found.id, lock=True) if was_sent else []
    step(found, "withdraw", code=reason)
    found.withdraw_reason, found.paused_at = reason, None
    tell_journal(events.WITHDRAWN, found, rules.SENDER, priority=found.priority, reason=reason)
    moved(found)
    if not was_sent:
        return
    inside = [s for s in stays if s.state == "IN"]
    booked = [s for s in stays if s.state == "BOOKED"]
    if booked:
        shelter.cancel(booked, "REFERRAL_WITHDRAWN")
    end_reading(found)
    if reason == "CONSENT_WITHDRAWN":
        shelter.forget(booked)
        shelter.keep_minimum(inside)
    else:
        read_on_as_stay(found, inside)
    notice(found, "WITHDRAWN", found.to_team_id)
    session.flush()


def read_on_as_stay(found: Referral, stays: Iterable[Stay]) -> None:
    """The shelter goes on reading the cases of whoever is in, because of the stay; of whom it keeps the minimum, because a
    consent ended meanwhile, nothing opens again (`case_access_add` and `case_access_reads_on` hold it to that)."""
    inside = {s.case_id for s in stays if s.state == "IN" and not s.minimum}
    for member in found.members:
        if member.case_id in inside:
            session.add(
                CaseAccess(
                    case_id=member.case_id, team_id=found.to_team_id, scope=AccessScope.STAY, subject_id=found.id,
                    purpose=purpose_of_reading(found, member), items=found.items,
                since=clock.now(),
                )
            )  # fmt: skip
