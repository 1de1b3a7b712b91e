"""The receiver's verbs, and the sender's to a part acceptance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.outbox import leave
from caseapp.referral import errors, events, kinds, queries, rules
from caseapp.referral.fitting import published
from caseapp.referral.kinds import GIVES_PLACES
from caseapp.referral.legal import service as legal
from caseapp.referral.legal.errors import ConflictUnchecked
from caseapp.referral.models import CHANNELS, Referral, ReferralMember
from caseapp.referral.rules import gone, reviewing, unlocking
from caseapp.referral.service.nights import write_nights
from caseapp.referral.service.pausing import pause, resume
from caseapp.referral.service.reviewing import ask_review
from caseapp.referral.service.sending import read_on_as_stay
from caseapp.referral.service.steps import (
    end_reading,
    moved,
    notice,
    step,
    team_acting,
    tell_journal,
    write_step,
)
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter import service as shelter


@dataclass(frozen=True)
class Staff:
    """Who stays with children taken in an emergency, by name, and since when."""

    name: str
    since: datetime


def ask_info(found: Referral, question: str, *, stops_clock: bool = False) -> None:
    """Ask the sender something. The clock stops only if their answer is truly needed, for a time; the minutes count on.
    Raises `ClockGoesOn`."""
    step(found, "ask_info")
    found.question, found.reply = question.strip(), None
    if stops_clock:
        pause(found)
    tell_journal(
        events.INFO_ASKED, found, rules.RECEIVER, code="CLOCK_STOPPED" if stops_clock else "CLOCK_RUNS"
    )
    notice(found, "INFO_ASKED", found.from_team_id)
    session.flush()


def accept(
    found: Referral,
    places: Mapping[UUID, UUID] | None = None,
    *,
    members: Collection[UUID] | None = None,
    reason: str | None = None,
    first_night: date | None = None,
    last_night: date | None = None,
    channel: str = "SYSTEM",
    answered_by_name: str = "",
    read_back: bool = False,
    staff: Staff | None = None,
) -> int:
    """Accept all people of the referral, or only `members` (case ids; the sender then agrees or not; `reason`,
    list `decline_reason`, says why not the others). A shelter gives each a place of its own for the nights
    asked or changed: acceptance and bookings are one act, and other nights than those asked are written down. `channel`
    other than SYSTEM is the receiver on a one-time page, or the sender writing down an answer given outside, with the
    name of who gave it and (by telephone) that it was read back; then no place is chosen here, and what was held for the
    referral becomes its bookings. `staff`: children without
    family where no licensed place is free, who stays with them (`shelter.service.take_child_in_emergency`).

    Returns how many held places such an answer booked. Raises `NotNow`, `PlacesMissing` and the refusals of `shelter.service.book`."""
    chosen = [m for m in found.members if members is None or m.case_id in members]
    if not chosen:
        raise errors.NobodyChosen
    if channel in ("SYSTEM", rules.ONE_TIME_PAGE) and legal.unread(found):
        raise ConflictUnchecked
    if channel == "SYSTEM" and not queries.all_open(m.case_id for m in chosen):
        raise errors.ReadingClosed
    whole = len(chosen) == len(found.members)
    if not whole:
        _must_be_of_a_part(reason or "", channel)
    verb = "accept" if whole else "accept_part"
    outcome = _answer(found, verb, channel, answered_by_name, read_back)
    for member in found.members:
        member.outcome = "ACCEPTED" if member in chosen else "NOT_ACCEPTED"
        member.not_accepted_reason = None if member in chosen else reason
    party = step(found, verb, channel=channel)
    session.flush()
    if found.kind in GIVES_PLACES and channel == "SYSTEM":
        nights = first_night or found.first_night, last_night or found.last_night
        _give_places(found, chosen, places or {}, nights, party, staff)
    if reason is not None and not whole and reviewing.is_reviewed("decline_reason", reason):
        ask_review(found, "DECLINE", reason, found.to_team_id)
    kept = 0
    if found.kind in GIVES_PLACES and channel != "SYSTEM" and found.answered_at is not None:
        kept = shelter.book_what_is_held(found.id, found.answered_at)
    kind, word = (events.ACCEPTED, "ACCEPTED") if whole else (events.PART_ACCEPTED, "PART_ACCEPTED")
    tell_journal(
        kind,
        found,
        party,
        chosen,
        priority=found.priority,
        outcome=outcome,
        number=_took(found),
        code=channel,
    )
    # Whoever is said to have agreed hears of it, and may take a place back that nobody promised.
    notice(found, word, found.from_team_id, *([found.to_team_id] if party == rules.SENDER else []))
    moved(found)
    return kept


def _give_places(
    found: Referral,
    chosen: Sequence[ReferralMember],
    places: Mapping[UUID, UUID],
    nights: tuple[date | None, date | None],
    party: str,
    staff: Staff | None,
) -> None:
    """Book each of the accepted a place of their own, by case, for the nights asked or offered. Raises `PlacesMissing`,
    `NightsMissing` and the refusals of `shelter.service.book`."""
    if set(places) != {m.case_id for m in chosen}:
        raise errors.PlacesMissing
    first, last = nights
    if first is None or last is None:
        raise errors.NightsMissing
    if (first, last) != (found.first_night, found.last_night):
        write_nights(found, first, last, "RECEIVER_OFFERED", party)
    given: dict[str, Any] = {
        "team_id": found.to_team_id, "first_night": first, "last_night": last, "referral_id": found.id,
    }  # fmt: skip
    if staff is not None:
        shelter.take_child_in_emergency(places, staff=staff.name, since=staff.since, **given)
    else:
        shelter.book(places, immediate=found.priority == "IMMEDIATE", **given)


def _must_be_of_a_part(reason: str, channel: str) -> None:
    """Why not the others: of the list, and nothing that only the site's own staff may know from outside the system."""
    if not reference.known("decline_reason", reason) or reason in unlocking.NOT_OF_A_PART:
        raise errors.ReasonNotKnown
    if channel != "SYSTEM" and rules.shown_reason(reason) != reason:
        raise errors.ReasonNotKnown


def _answer(found: Referral, verb: str, channel: str, answered_by_name: str, read_back: bool) -> str:
    """Write down that the answer came now, and say whether in time. Refuses before it writes."""
    parties = queries.party_of(found, access.current())
    if parties and not any(rules.may(verb, found.state, party, channel) for party in parties):
        raise errors.NotNow
    if channel not in CHANNELS:
        raise errors.ReasonNotKnown(field="channel")
    if channel in rules.WITH_NAME and not answered_by_name.strip():
        raise errors.NameMissing
    if channel == "PHONE_RECORDED_BY_SENDER" and not read_back:
        raise errors.NotReadBack
    now = clock.now()
    resume(found)
    if found.due_at is None:
        raise errors.NotNow
    found.answered_at, found.answer_channel, found.answered_by_id = now, channel, access.current().user_id
    found.answered_by_name = answered_by_name.strip()
    found.read_back = read_back if channel == "PHONE_RECORDED_BY_SENDER" else None
    return rules.on_time(now, found.due_at)


def _took(found: Referral) -> int:
    assert found.sent_at is not None and found.answered_at is not None
    return rules.minutes(found.sent_at, found.answered_at)


def decline(
    found: Referral,
    reason: str,
    *,
    unlocks: str = "",
    unlocks_on: date | None = None,
    unlocks_code: str | None = None,
    unlocks_hour: int | None = None,
    channel: str = "SYSTEM",
    answered_by_name: str = "",
    read_back: bool = False,
) -> None:
    """Say no, with a reason of the list and what would make it possible, as the reason asks (`rules.unlocking`). Outside
    the receiving team a safety reason reads CANNOT_OFFER, in the journal too; a second person of that team looks at it.
    The reading of the cases ends. Raises `ReasonNotKnown`, and of what was said `CodeMissing`, `DayInvalid`,
    `HourInvalid`, `WordsMissing`, `SaysTooMuch`."""
    if not reference.known("decline_reason", reason) or reason in reference.BLANKS:
        raise errors.ReasonNotKnown
    shown = rules.shown_reason(reason)
    if channel != "SYSTEM" and shown != reason:
        raise errors.ReasonNotKnown
    said = unlocking.Said(unlocks_code or None, unlocks_on, unlocks_hour, unlocks)
    _must_be_said(reason, said, clock.today(timezone_of(found.to_team_id)))
    if reason == "NOT_ELIGIBLE" and not unlocking.may_name(said.code or "", published(found)):
        raise errors.RuleNotPublished
    outcome = _answer(found, "decline", channel, answered_by_name, read_back)
    party = step(found, "decline", channel=channel, code=shown)
    found.decline_reason, found.unlocks_on = reason, said.on
    found.unlocks_code, found.unlocks_hour = said.code, said.hour
    found.unlocks = said.words.strip()
    for member in found.members:
        member.outcome = "NOT_ACCEPTED"
    tell_journal(
        events.DECLINED, found, party, priority=found.priority, reason=shown,
        reason_group=reference.group_of("decline_reason", shown), outcome=outcome, number=_took(found), code=channel,
    )  # fmt: skip
    notice(found, "DECLINED", found.from_team_id)
    if reviewing.is_reviewed("decline_reason", reason):
        ask_review(found, "DECLINE", reason, found.to_team_id)
    end_reading(found)
    moved(found)


def _must_be_said(reason: str, said: unlocking.Said, today: date) -> None:
    wrong = unlocking.wrong_in(reason, said, today)
    if wrong is None:
        return
    if wrong not in unlocking.ASKED[reason].fields:
        raise errors.SaysTooMuch
    raise _WRONG[wrong]


_WRONG = {
    "code": errors.CodeMissing, "on": errors.DayInvalid, "hour": errors.HourInvalid, "words": errors.WordsMissing,
}  # fmt: skip


def agree_part(found: Referral) -> None:
    """The sender agrees that only some were accepted; the others are free to be referred elsewhere."""
    step(found, "agree_part")
    assert found.answered_at is not None and found.due_at is not None
    outcome = rules.on_time(found.answered_at, found.due_at)
    accepted = [m for m in found.members if m.outcome == "ACCEPTED"]
    others = [m for m in found.members if m.outcome == "NOT_ACCEPTED"]
    common = {
        "priority": found.priority,
        "outcome": outcome,
        "number": _took(found),
        "code": found.answer_channel,
    }
    tell_journal(events.ACCEPTED, found, rules.SENDER, accepted, **common)
    _not_accepted(found, others, common)
    end_reading(found, others)
    notice(found, "ACCEPTED", found.to_team_id)
    moved(found)
    _as_the_stays_stand(found, accepted)


def _as_the_stays_stand(found: Referral, accepted: Collection[ReferralMember]) -> None:
    """Somebody came, or did not come, before the sender had agreed."""
    stays = {s.case_id: s for s in events.stays_of(found.id)}
    endings = {
        case_id: gone.ending_of(s.state, s.cancel_reason)
        for case_id, s in stays.items()
        if s.state in events.GIVEN_UP
    }
    for member in (m for m in accepted if m.case_id in endings):
        tell_journal(
            events.NOT_COMPLETED, found, rules.RECEIVER, [member], priority=found.priority, reason=endings[member.case_id]
        )  # fmt: skip
    if any(s.state == "IN" for s in stays.values()):
        write_step(found, "start", rules.STAY, "STARTED")
        session.flush()
    elif stays and len(endings) == len(stays):
        found.not_completed_reason = gone.reason_of(endings.values())
        write_step(found, "not_complete", rules.STAY, "NOT_COMPLETED", found.not_completed_reason)
        if found.not_completed_reason != "NO_SHOW":
            leave(events.ENDED_BADLY, found.id)
        end_reading(found)
        moved(found)


def _not_accepted(found: Referral, members: Collection[ReferralMember], common: Mapping[str, object]) -> None:
    for member in members:
        shown = rules.shown_reason(member.not_accepted_reason or "OTHER")
        group = reference.group_of("decline_reason", shown)
        tell_journal(
            events.DECLINED, found, rules.SENDER, [member], reason=shown, reason_group=group, **common
        )


def refuse_part(found: Referral) -> None:
    """The sender does not want the family divided: nobody goes, and the places that were held are free. A safety reason
    stays with those whom it was said of, where a second person looks at it; of the others, and of the whole, it is what
    is shown outside."""
    stays = shelter_queries.holding_for_referral(found.id, lock=True)
    reason = next((m.not_accepted_reason for m in found.members if m.not_accepted_reason), "OTHER")
    shown = rules.shown_reason(reason)
    step(found, "refuse_part", code=shown)
    found.decline_reason = shown
    assert found.answered_at is not None and found.due_at is not None
    common = {
        "priority": found.priority, "outcome": rules.on_time(found.answered_at, found.due_at), "number": _took(found),
        "code": found.answer_channel,
    }  # fmt: skip
    for member in found.members:
        member.outcome, member.not_accepted_reason = "NOT_ACCEPTED", member.not_accepted_reason or shown
    _not_accepted(found, found.members, common)
    session.flush()
    if stays:
        shelter.cancel(stays, "PERSON_DECLINED")
    notice(found, "DECLINED", found.to_team_id)
    end_reading(found)
    moved(found)


def start(found: Referral, *, channel: str = "SYSTEM") -> None:
    """The service began. For a shelter the check-in does this."""
    party = step(found, "start", channel=channel)
    tell_journal(events.STARTED, found, party, _accepted(found), priority=found.priority, code=channel)
    notice(found, "STARTED", _other_team(found, party))
    session.flush()


def complete(found: Referral, result: str, *, outcome: str = "", channel: str = "SYSTEM") -> None:
    """Close the loop with the result (list `service_result`) and what came of it, where the kind has a word for it
    (`outcome`, list `service_outcome`). People who are still in go on being read as a stay. The departure of the last
    person of a referral does this for a shelter. Raises ReasonNotKnown, OutcomeMissing."""
    if not reference.known("service_result", result):
        raise errors.ReasonNotKnown(field="result")
    came = _outcome(found.kind, result, outcome)
    legal.must_be_told(found, came)
    found.outcome = came
    party = step(found, "complete", channel=channel, code=result)
    found.result = result
    tell_journal(
        events.COMPLETED,
        found,
        party,
        _accepted(found),
        priority=found.priority,
        outcome=result,
        code=channel,
    )
    _close(found, party, "COMPLETED")


def _outcome(kind: str, result: str, outcome: str) -> str | None:
    """What came of a service that was delivered, for kinds that tell it back; nothing for what was not delivered."""
    known = kinds.of(kind).outcomes
    if not known or reference.group_of("service_result", result) != "DELIVERED":
        return None
    if outcome not in known:
        raise errors.OutcomeMissing
    return outcome


def not_complete(found: Referral, reason: str) -> None:
    """Accepted and not delivered (list `not_completed_reason`); bookings that remain are cancelled."""
    if not reference.known("not_completed_reason", reason):
        raise errors.ReasonNotKnown
    stays = shelter_queries.holding_for_referral(found.id, lock=True)
    party = step(found, "not_complete", code=reason)
    found.not_completed_reason = reason
    if reviewing.is_reviewed("not_completed_reason", reason):
        ask_review(found, "NOT_COMPLETED", reason, team_acting(found, party).id)
    leave(events.ENDED_BADLY, found.id)
    tell_journal(events.NOT_COMPLETED, found, party, _accepted(found), priority=found.priority, reason=reason)
    session.flush()
    booked = [s for s in stays if s.state == "BOOKED"]
    if booked:
        shelter.cancel(booked, "PLACE_NOT_READY" if reason == "BED_NOT_READY" else "PERSON_DECLINED")
    _close(found, party, "NOT_COMPLETED")


def _close(found: Referral, party: str, word: str) -> None:
    session.flush()
    end_reading(found)
    read_on_as_stay(found, shelter_queries.holding_for_referral(found.id))
    notice(found, word, _other_team(found, party))
    session.flush()


def _accepted(found: Referral) -> list[ReferralMember]:
    return [m for m in found.members if m.outcome == "ACCEPTED"]


def _other_team(found: Referral, party: str) -> UUID:
    return found.to_team_id if party == rules.SENDER else found.from_team_id
