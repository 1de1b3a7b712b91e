"""A valid request for each route of assistance, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.assistance.models import Delivery, ItemTally
from caseapp.core import clock
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


ROUTES = {
    ("assistance.show", "GET"): _page,
    ("assistance.private", "GET"): _private,
    ("assistance.deliver", "POST"): _deliver,
    ("assistance.withdraw", "POST"): _withdraw,
    ("assistance.desk", "GET"): _desk,
    ("assistance.give", "POST"): _give,
    ("assistance.take_back", "POST"): _take_back,
    ("assistance.export", "GET"): _export,
    ("assistance.tally", "GET"): _tally,
    ("assistance.count", "POST"): _count,
    ("assistance.withdraw_count", "POST"): _withdraw_count,
}
