"""A valid request for each route of referrals, aimed at a referral of the namespace's team: sent by it, or
received by it, as the verb asks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.crypto import load_keys
from caseapp.people.models import CaseAccess
from caseapp.referral.legal.models import LegalMandate
from caseapp.referral.models import Referral, ReferralMember
from caseapp.referral.placement.models import Placement
from caseapp.referral.waiting.models import WaitingEntry
from tests.factories import make_person, make_team
from tests.factories.directory import make_service
from tests.factories.referral import consent, offer


def _referral(db: Any, ns: Any, *, received: bool, state: str = "SENT", kind: str = "HEALTH") -> Referral:
    with db.as_owner():
        other = make_team()
        sender, receiver = (other, ns.team) if received else (ns.team, other)
        offer(receiver, kind)
        person = make_person(sender) if received else ns.person
        consent(person, "REFER_HEALTH")
        now = clock.now()
        answered = state in ("PART_ACCEPTED", "ACCEPTED", "STARTED")
        sent = state != "DRAFT"
        found = Referral(
            number=f"R{person.case_id.hex[-8:].upper()}", case_id=person.case_id, country="MEX", from_team_id=sender.id,
            to_team_id=receiver.id, kind=kind, sector=kind, mode="SHARE", priority="URGENT", state=state,
            items=["NAME", "AGE"], made_at=now, sent_at=now if sent else None,
            due_at=now + timedelta(hours=72) if sent else None, lapse_at=now + timedelta(hours=144) if sent else None,
            answered_at=now if answered else None, answer_channel="SYSTEM" if answered else None,
        )  # fmt: skip
        db.session.add(found)
        db.session.flush()
        outcome = "NOT_ACCEPTED" if state == "PART_ACCEPTED" else "WAITING"
        db.session.add(
            ReferralMember(referral_id=found.id, case_id=person.case_id, position=0, outcome=outcome)
        )
        if sent:
            db.session.add(
                CaseAccess(
                    case_id=person.case_id,
                    team_id=receiver.id,
                    scope="REFERRAL",
                    subject_id=found.id,
                    since=now,
                )
            )
        db.session.flush()
        return found


def _of(path: str, data: dict[str, str] | None = None, *, received: bool = True, state: str = "SENT") -> Any:
    def build(db: Any, ns: Any) -> Any:
        found = _referral(db, ns, received=received, state=state)
        url = f"/referrals/{found.number}{path}"
        return url if data is None else (url, {**data, "version": "1"})

    return build


def _inbox(db: Any, ns: Any) -> str:
    return "/referrals"


_inbox.public = True  # type: ignore[attr-defined]


def _new(data: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            receiver = make_team()
            offer(receiver, "HEALTH")
            consent(ns.person, "REFER_HEALTH")
            to_team = str(receiver.id)
        url = f"/cases/{ns.case.number}/refer?kind=HEALTH"
        if not data:
            return url
        return url, {
            "kind": "HEALTH", "members": str(ns.case.id), "to_team": to_team, "priority": "URGENT", "items": "NAME",
            "message": "", "basis": "", "basis_reason": "", "first_night": str(date(2025, 11, 23)), "last_night": "",
        }  # fmt: skip

    return build


def _represented(data: dict[str, str] | None = None) -> Any:
    """A representation of somebody whom the namespace's team took on."""

    def build(db: Any, ns: Any) -> Any:
        found = _referral(db, ns, received=True, state="ACCEPTED", kind="LEGAL")
        with db.as_owner():
            db.session.execute(sa.update(ReferralMember).values(outcome="ACCEPTED"))
            load_keys([found.case_id])
            row = LegalMandate(referral_id=found.id, case_id=found.case_id, assigned_on=date(2025, 11, 20))
            row.lawyer = "Lic. Inventada"
            db.session.add(row)
            db.session.flush()
            url = f"/referrals/{found.number}/lawyers/{row.id}"
        return url if data is None else (url, {**data, "version": "1"})

    return build


def _legal(path: str, data: dict[str, str] | None = None, state: str = "SENT") -> Any:
    def build(db: Any, ns: Any) -> Any:
        url = f"/referrals/{_referral(db, ns, received=True, state=state, kind='LEGAL').number}{path}"
        return url if data is None else (url, data)

    return build


def _waiting(path: str, data: dict[str, str] | None = None, *, received: bool, state: str = "WAITING") -> Any:
    """An entry that the team keeps for others (received), or its own people on the list of another."""

    def build(db: Any, ns: Any) -> Any:
        behind = _referral(db, ns, received=received, state="DRAFT")
        now = clock.now()
        with db.as_owner():
            offered = state == "OFFERED"
            row = WaitingEntry(
                referral_id=behind.id, from_team_id=behind.from_team_id, to_team_id=behind.to_team_id, kind=behind.kind,
                priority="URGENT", adults=1, children=0, since=now, sort_key="02", state=state, rank=1,
                offered_at=now if offered else None, offer_until=now + timedelta(hours=72) if offered else None,
            )  # fmt: skip
            db.session.add(row)
            db.session.flush()
        url = f"/referrals/waiting/{row.id}{path}"
        return url if data is None else (url, {**data, "version": "1"})

    return build


def _lists(db: Any, ns: Any) -> str:
    return "/referrals/waiting"


_lists.public = True  # type: ignore[attr-defined]


def _who(data: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            consent(ns.person)
        url = f"/cases/{ns.case.number}/who"
        if not data:
            return url
        nights = {"first_night": str(date(2025, 11, 23)), "last_night": str(date(2025, 11, 24))}
        return url, {
            **nights,
            "members": str(ns.case.id),
            "priority": "IMMEDIATE",
            "to_team": str(ns.team.id),
        }

    return build


def _placements(data: dict[str, str] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        return "/referrals/placements" if data is None else ("/referrals/placements", data)

    build.public = True  # type: ignore[attr-defined]
    return build


def _placement(path: str, data: dict[str, str] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            row = Placement(
                team_id=ns.team.id, country="MEX", night=date(2025, 11, 23), state="READY", made_at=clock.now(),
                beat_at=clock.now(), proven=True, persons=[1], served=[1],
            )  # fmt: skip
            db.session.add(row)
            db.session.flush()
            url = f"/referrals/placements/{row.id}{path}"
        return url if data is None else (url, data)

    return build


def _entry(db: Any, ns: Any) -> str:
    """Any entry of the directory, which whoever sends may read."""
    with db.as_owner():
        return f"/refer/{make_service(kind='FOOD', referral_method='PHONE').id}"


_entry.public = True  # type: ignore[attr-defined]
SENDER = {"received": False}
ROUTES = {
    ("referral.inbox", "GET"): _inbox,
    ("referral.show", "GET"): _of(""),
    ("referral.seen", "POST"): _of("/seen", {}),
    ("referral.new", "GET"): _new(False),
    ("referral.new", "POST"): _new(True),
    ("referral.to_entry", "GET"): _entry,
    ("referral.placements", "GET"): _placements(),
    ("referral.ask_placement", "POST"): _placements({"region": "country"}),
    ("referral.placement", "GET"): _placement(""),
    ("referral.book_placement", "POST"): _placement("/book", {}),
    ("referral.who", "GET"): _who(False),
    ("referral.hold_and_refer", "POST"): _who(True),
    ("referral.send", "POST"): _of("/send", {}, state="DRAFT", **SENDER),
    ("referral.in_emergency", "GET"): _of("/in-emergency"),
    ("referral.in_emergency", "POST"): _of(
        "/in-emergency", {"staff": "Marta", "since": "NOW", "nights": "1"}
    ),
    ("referral.accept", "GET"): _of("/accept"),
    ("referral.accept", "POST"): _of("/accept", {}),
    ("referral.check_conflict", "POST"): _legal("/conflict", {}),
    ("referral.lawyers", "GET"): _legal("/lawyers", state="ACCEPTED"),
    ("referral.lawyers", "POST"): _legal(
        "/lawyers", {"person": "", "lawyer": "", "assigned_on": ""}, state="ACCEPTED"
    ),
    ("referral.power", "GET"): _represented(),
    ("referral.power", "POST"): _represented({"power_on": "2025-11-21", "power_until": "2026-11-21"}),
    ("referral.decline", "GET"): _of("/decline"),
    ("referral.decline", "POST"): _of("/decline", {"reason": "NO_STAFF", "unlocks": "", "unlocks_on": ""}),
    ("referral.ask_info", "GET"): _of("/ask"),
    ("referral.ask_info", "POST"): _of("/ask", {"question": "¿Desde cuándo?"}),
    ("referral.give_info", "GET"): _of("/reply", state="INFO_ASKED", **SENDER),
    ("referral.give_info", "POST"): _of("/reply", {"reply": "Desde ayer."}, state="INFO_ASKED", **SENDER),
    ("referral.withdraw", "GET"): _of("/withdraw", **SENDER),
    ("referral.withdraw", "POST"): _of("/withdraw", {"reason": "NEED_ENDED"}, **SENDER),
    ("referral.complete", "GET"): _of("/complete", state="STARTED"),
    ("referral.complete", "POST"): _of("/complete", {"reason": "DELIVERED_FULL"}, state="STARTED"),
    ("referral.not_complete", "GET"): _of("/not-complete", state="ACCEPTED"),
    ("referral.not_complete", "POST"): _of("/not-complete", {"reason": "LEFT_BEFORE"}, state="ACCEPTED"),
    ("referral.start", "POST"): _of("/start", {}, state="ACCEPTED"),
    ("referral.agree_part", "POST"): _of("/agree-part", {}, state="PART_ACCEPTED", **SENDER),
    ("referral.refuse_part", "POST"): _of("/refuse-part", {}, state="PART_ACCEPTED", **SENDER),
    ("referral.waiting_lists", "GET"): _lists,
    ("referral.waiting_entry", "GET"): _waiting("", received=True),
    ("referral.wait", "GET"): _of("/wait", state="DRAFT", **SENDER),
    ("referral.wait", "POST"): _of("/wait", {}, state="DRAFT", **SENDER),
    ("referral.offer_place", "GET"): _waiting("/offer", received=True),
    ("referral.offer_place", "POST"): _waiting("/offer", {"reason": ""}, received=True),
    ("referral.put_off", "POST"): _waiting("/not-now", {}, state="OFFERED", **SENDER),
    ("referral.take_place", "POST"): _waiting("/take", {}, **SENDER),
    ("referral.leave_list", "GET"): _waiting("/leave", **SENDER),
    ("referral.leave_list", "POST"): _waiting("/leave", {"reason": "NEED_ENDED"}, **SENDER),
    ("referral.record", "GET"): _of("/record", **SENDER),
    ("referral.link", "GET"): _of("/link", **SENDER),
    ("referral.make_link", "POST"): _of("/link", {}, **SENDER),
    ("referral.revoke_link", "POST"): _of("/link/revoke", {}, **SENDER),
    ("referral.form", "GET"): _of("/form", **SENDER),
    ("referral.client_copy", "POST"): _of("/form", {"client_copy": "DECLINED"}, **SENDER),
    ("referral.form_pdf", "GET"): _of("/form/receiver.pdf?lang=es", **SENDER),
    ("referral.nights", "GET"): _of("/nights", **SENDER),
    ("referral.nights", "POST"): _of(
        "/nights",
        {"first_night": "2025-11-24", "last_night": "2025-11-25", "reason": "ARRIVES_LATER"},
        **SENDER,
    ),
    ("referral.review", "GET"): _of("/review"),
    ("referral.review", "POST"): _of("/review", {"outcome": "UPHELD"}),
    ("referral.record", "POST"): _of(
        "/record",
        {
            "answer": "accept",
            "channel": "PHONE_RECORDED_BY_SENDER",
            "answered_by_name": "Dra. Inventada",
            "read_back": "y",
        },
        **SENDER,
    ),
}
