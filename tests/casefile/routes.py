"""A valid request for each route of the whole file, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.casefile.models import ClosureRequest
from caseapp.core import clock
from tests.casefile import oversight
from tests.factories import make_user


def _case(path: str = "") -> Any:
    def build(db: Any, ns: Any) -> str:
        return f"/cases/{ns.case.number}{path}"

    return build


def _close(db: Any, ns: Any) -> Any:
    return f"/cases/{ns.case.number}/close", {"reason": "PERSON_ASKED", "version": str(ns.case.version)}


def make_request(db: Any, ns: Any, by: Any = None) -> ClosureRequest:
    """Somebody of the team asks to close the namespace's case."""
    with db.as_owner():
        asker = by or make_user("CASEWORKER", ns.team)
        row = ClosureRequest(
            case_id=ns.case.id,
            reason="DIED",
            asked_on=date(2025, 11, 23),
            asked_at=clock.now(),
            asked_by_id=asker.id,
        )
        db.session.add(row)
    return row


def _withdraw(db: Any, ns: Any) -> Any:
    make_request(db, ns, ns.user)
    return f"/cases/{ns.case.number}/close/withdraw", {}


def _decision(data: dict[str, str] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = make_request(db, ns)
        url = f"/cases/{ns.case.number}/close/decision"
        return url if data is None else (url, {"version": str(row.version), **data})

    return build


def _reopen(data: dict[str, str] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            ns.case.status, ns.case.closed_on, ns.case.closure_reason = (
                "CLOSED",
                date(2025, 11, 22),
                "PERSON_ASKED",
            )
        url = f"/cases/{ns.case.number}/reopen"
        return url if data is None else (url, {"version": str(ns.case.version), **data})

    return build


def _today(db: Any, ns: Any) -> str:
    return "/today"


_today.public = True  # type: ignore[attr-defined]

ROUTES = {
    **oversight.ROUTES,
    ("casefile.today", "GET"): _today,
    ("casefile.show", "GET"): _case(),
    ("casefile.private", "GET"): _case("/private"),
    ("casefile.close", "GET"): _case("/close"),
    ("casefile.close_case", "POST"): _close,
    ("casefile.withdraw_request", "POST"): _withdraw,
    ("casefile.decide_request", "GET"): _decision(),
    ("casefile.save_decision", "POST"): _decision({"decision": "REFUSED"}),
    ("casefile.reopen", "GET"): _reopen(),
    ("casefile.reopen_case", "POST"): _reopen({"reason": "RETURNED"}),
}
