"""A valid request for each route of reception."""

from __future__ import annotations

from typing import Any

from tests.factories import make_household

ONE = {
    "members-0-names-given_names": "Zulma", "members-0-names-surname_1": "Bracamonteverde",
    "members-0-birth-precision": "YEAR", "members-0-birth-year": "1990", "members-0-sex_in_document": "F",
    "members-0-nationality_1": "HND", "members-0-population": "ASYLUM_SEEKER", "members-0-evidence": "CLAIMED",
    "members-0-interpreter_needed": "NOT_ASKED", "members-0-feels_safe_in": "NOT_ASKED", "arrived_on-day": "20",
    "arrived_on-month": "11", "arrived_on-year": "2025", "mode": "BUS", "verb": "save",
}  # fmt: skip


def _registered(db: Any, ns: Any) -> str:
    with db.as_owner():
        made = make_household(ns.team, ns.person)
    return f"/families/{made.number}"


ROUTES = {
    ("reception.new_family", "GET"): lambda db, ns: "/families/new",
    ("reception.register_new_family", "POST"): lambda db, ns: ("/families/new", ONE),
    ("reception.registered", "GET"): _registered,
}
