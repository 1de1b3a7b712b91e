"""A valid request for each route of assistance, aimed at a record of the namespace's team."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from caseapp.assistance.models import Delivery, ItemTally
from caseapp.assistance.paying.models import Assistance, Payment
from caseapp.core import clock
from tests.factories import make_user
from tests.factories.referral import consent
from tests.procedure.routes import dated


def make_delivery(db: Any, case_id: Any, team_id: Any, **more: Any) -> Delivery:
    held = {
        "sector": "FOOD",
        "item": "FOOD",
        "delivered_on": date(2025, 11, 1),
        "provider_class": "NGO",
        **more,
    }
    with db.as_owner():
        row = Delivery(case_id=case_id, team_id=team_id, **held)
        db.session.add(row)
        db.session.flush()
    return row


def make_tally(db: Any, team: Any, **more: Any) -> ItemTally:
    held = {"counted_on": date(2025, 11, 23), "item": "MEAL", "number": 40, "made_at": clock.now(), **more}
    with db.as_owner():
        row = ItemTally(team_id=team.id, site_id=team.site_id, country=team.country, **held)
        db.session.add(row)
        db.session.flush()
    return row


_made = itertools.count(1)


def make_request(db: Any, person: Any, team: Any, **more: Any) -> Assistance:
    """Cash asked for a person by somebody else, who said yes to it."""
    with db.as_owner():
        consent(person, "CASH")
        asker = make_user("CASEWORKER")
        held = {
            "number": f"A{next(_made):08d}", "country": team.country, "item": "CASH", "amount": 120, "mechanism": "CARD",
            "payee_adult": True, "asked_on": date(2025, 11, 20), "asked_by_id": asker.id, "until_on": date(2025, 12, 20),
            **more,
        }  # fmt: skip
        decision = held.pop("decision", None)
        row = Assistance(
            case_id=person.case_id, team_id=team.id, from_team_id=team.id, consent_id=person.case_id, **held
        )
        db.session.add(row)
        db.session.flush()
        if decision:
            other = make_user("CASEWORKER")
            row.decision, row.decided_on, row.decided_by_id = decision, date(2025, 11, 21), other.id
            row.refusal = "NO_FUNDS" if decision == "REFUSED" else None
            db.session.flush()
    return row


def make_payment(db: Any, row: Assistance, *states: str, **more: Any) -> Payment:
    """A payment, moved through these states by somebody."""
    with db.as_owner():
        mover, other = make_user("CASEWORKER"), make_user("CASEWORKER")
        held = {"amount": 60, "mechanism": "CARD", "planned_on": date(2025, 11, 22), **more}
        made = Payment(
            assistance_id=row.id, case_id=row.case_id, team_id=row.team_id, moved_on=date(2025, 11, 22),
            moved_by_id=mover.id, **held,
        )  # fmt: skip
        db.session.add(made)
        db.session.flush()
        for state in states:
            made.state = state
            made.failure = "WRONG_ID" if state == "FAILED" else made.failure
            made.collected_on = date(2025, 11, 23) if state == "COLLECTED" else made.collected_on
            made.reconciled_by_id = other.id if state == "RECONCILED" else None
            db.session.flush()
    return made


def _page(db: Any, ns: Any) -> str:
    return f"/cases/{ns.case.number}/deliveries"


def _private(db: Any, ns: Any) -> str:
    return f"/cases/{ns.case.number}/private/deliveries"


def _deliver(db: Any, ns: Any) -> Any:
    return _page(db, ns), dated(who=ns.case.number, sector="FOOD", item="FOOD", provider_class="NGO")


def _withdraw(db: Any, ns: Any) -> Any:
    row = make_delivery(db, ns.case.id, ns.case.team_id)
    return f"{_page(db, ns)}/{row.id}/withdraw", {f"row-{row.id.hex}-reason": "WRONG_ENTRY"}


def _desk(db: Any, ns: Any) -> str:
    make_delivery(db, ns.case.id, ns.case.team_id, delivered_on=date(2025, 11, 23))
    return f"/deliveries?number={ns.case.number}"


def _give(db: Any, ns: Any) -> Any:
    return "/deliveries", {"number": ns.case.number, "who": ns.case.number, "what": "ITEM:FOOD"}


def _take_back(db: Any, ns: Any) -> Any:
    row = make_delivery(db, ns.case.id, ns.team.id)
    return f"/deliveries/{row.id}/withdraw", {f"row-{row.id.hex}-reason": "WRONG_ENTRY"}


def _export(db: Any, ns: Any) -> str:
    return "/deliveries.csv?days=7&names=1"


def _tally(db: Any, ns: Any) -> str:
    return "/deliveries/count"


def _count(db: Any, ns: Any) -> Any:
    return "/deliveries/count", {"team": ns.team.code, "item": "MEAL", "number": "40"}


def _withdraw_count(db: Any, ns: Any) -> Any:
    return f"/deliveries/count/{make_tally(db, ns.team).id}/withdraw", {}


def _asked(db: Any, ns: Any) -> str:
    make_request(db, ns.person, ns.team)
    return f"/cases/{ns.case.number}/assistance"


def _ask(db: Any, ns: Any) -> Any:
    until = {"until-day": "20", "until-month": "12", "until-year": "2025"}
    return f"/cases/{ns.case.number}/assistance", {
        "who": ns.case.number,
        "item": "FOOD",
        "team": str(ns.team.id),
        **until,
    }


def _appeal(db: Any, ns: Any) -> Any:
    row = make_request(db, ns.person, ns.team, decision="REFUSED")
    return f"/cases/{ns.case.number}/assistance/{row.id}/appeal", {"version": row.version}


def _requests(db: Any, ns: Any) -> str:
    make_request(db, ns.person, ns.team)
    return "/assistance?show=all"


def _request(db: Any, ns: Any) -> str:
    row = make_request(db, ns.person, ns.team, decision="APPROVED")
    make_payment(db, row)
    return f"/assistance/{row.id}"


def _decide(db: Any, ns: Any) -> Any:
    row = make_request(db, ns.person, ns.team)
    return f"/assistance/{row.id}/decide", {"decision": "APPROVED", "version": row.version}


def _plan(db: Any, ns: Any) -> Any:
    row = make_request(db, ns.person, ns.team, decision="APPROVED")
    planned = {"planned-day": "24", "planned-month": "11", "planned-year": "2025"}
    return f"/assistance/{row.id}/payments", {"amount": "60", **planned}


def _move(db: Any, ns: Any) -> Any:
    row = make_request(db, ns.person, ns.team, decision="APPROVED")
    states, to = (("SENT", "COLLECTED"), "RECONCILED") if ns.role == "PAYMENTS_APPROVER" else ((), "SENT")
    made = make_payment(db, row, *states)
    prefix = f"pay-{made.id.hex}-"
    return f"/assistance/{row.id}/payments/{made.id}", {f"{prefix}to": to, f"{prefix}version": made.version}


def _hand_over(db: Any, ns: Any) -> Any:
    row = make_request(
        db, ns.person, ns.team, item="HYGIENE", amount=None, mechanism=None, decision="APPROVED"
    )
    return f"/assistance/{row.id}/hand-over", {"version": row.version}


ROUTES = {
    ("assistance.show", "GET"): _page,
    ("assistance.private", "GET"): _private,
    ("assistance.deliver", "POST"): _deliver,
    ("assistance.withdraw", "POST"): _withdraw,
    ("assistance.asked", "GET"): _asked,
    ("assistance.ask", "POST"): _ask,
    ("assistance.appeal", "POST"): _appeal,
    ("assistance.requests", "GET"): _requests,
    ("assistance.request_shown", "GET"): _request,
    ("assistance.decide", "POST"): _decide,
    ("assistance.plan", "POST"): _plan,
    ("assistance.move", "POST"): _move,
    ("assistance.hand_over", "POST"): _hand_over,
    ("assistance.desk", "GET"): _desk,
    ("assistance.give", "POST"): _give,
    ("assistance.take_back", "POST"): _take_back,
    ("assistance.export", "GET"): _export,
    ("assistance.tally", "GET"): _tally,
    ("assistance.count", "POST"): _count,
    ("assistance.withdraw_count", "POST"): _withdraw_count,
}
