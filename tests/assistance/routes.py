"""A valid request for each route of assistance, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.assistance.models import Delivery
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


def _page(db: Any, ns: Any) -> str:
    return f"/cases/{ns.case.number}/deliveries"


def _deliver(db: Any, ns: Any) -> Any:
    return _page(db, ns), dated(who=ns.case.number, sector="FOOD", item="FOOD", provider_class="NGO")


def _withdraw(db: Any, ns: Any) -> Any:
    row = make_delivery(db, ns.case.id, ns.case.team_id)
    return f"{_page(db, ns)}/{row.id}/withdraw", {f"row-{row.id.hex}-reason": "WRONG_ENTRY"}


ROUTES = {
    ("assistance.show", "GET"): _page,
    ("assistance.deliver", "POST"): _deliver,
    ("assistance.withdraw", "POST"): _withdraw,
}
