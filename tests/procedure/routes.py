"""A valid request for each route of the claim, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.procedure.models import Claim

ON = {"on-day": "20", "on-month": "11", "on-year": "2025"}


def dated(prefix: str, **more: str) -> dict[str, str]:
    """A form's fields with its date, all under its prefix."""
    return {prefix + name: value for name, value in {**ON, **more}.items()}


def make_claim(db: Any, ns: Any) -> Claim:
    with db.as_owner():
        row = Claim(case_id=ns.case.id, lodged_on=date(2025, 11, 1))
        db.session.add(row)
    return row


def _page(db: Any, ns: Any) -> str:
    return f"/cases/{ns.case.number}/claim"


def _lodge(db: Any, ns: Any) -> Any:
    return _page(db, ns), dated("lodge-", application_type="N")


def _end(verb: str, **fields: str) -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = make_claim(db, ns)
        return f"/cases/{ns.case.number}/claim/{row.id}/{verb}", dated(
            f"{verb}-", version=str(row.version), **fields
        )

    return build


ROUTES = {
    ("procedure.claim", "GET"): _page,
    ("procedure.lodge", "POST"): _lodge,
    ("procedure.decide", "POST"): _end("decide", outcome="RECOGNISED"),
    ("procedure.close", "POST"): _end("close", reason="IMPLICIT_WITHDRAWAL"),
}
