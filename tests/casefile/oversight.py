"""Rows of exceptional access, enquiries and requests of persons, aimed at a namespace; and their routes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from caseapp.casefile.enquiry.models import Enquiry
from caseapp.casefile.glass.models import GlassAccess
from caseapp.core import clock, crypto
from caseapp.people.models import Case
from tests.factories import make_person, make_team, make_user


def make_access(db: Any, case: Case, user: Any, team: Any, **values: Any) -> GlassAccess:
    """An exceptional access that is open now."""
    moment = clock.real_now()
    with db.as_owner():
        row = GlassAccess(
            **{
                "case_id": case.id, "number": case.number, "country": case.country, "user_id": user.id,
                "team_id": team.id, "reason": "LIFE_AT_RISK", "opened_at": clock.now(), "since": moment,
                "ends_at": moment + timedelta(hours=3), **values,
            }
        )  # fmt: skip
        row.note = "No responde y hay riesgo."
        db.session.add(row)
    return row


def _other_case(db: Any, ns: Any) -> Case:
    with db.as_owner():
        person = make_person(make_team(ns.site))
        return db.session.get_one(Case, person.case_id)


def _ask(db: Any, ns: Any) -> Any:
    case = _other_case(db, ns)
    return "/glass", {
        "number": case.number,
        "reason": "LIFE_AT_RISK",
        "note": "Está inconsciente en la puerta.",
    }


def _file(path: str = "", post: bool = False) -> Any:
    def build(db: Any, ns: Any) -> Any:
        case = _other_case(db, ns)
        make_access(db, case, ns.user, ns.team)
        url = f"/glass/{case.number}{path}"
        return (url, {}) if post else url

    return build


def _seen(post: bool = False) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            other = make_team(ns.site)
            user = make_user("CASEWORKER", other)
        make_access(db, ns.case, user, other)
        url = f"/cases/{ns.case.number}/glass"
        return (url, {}) if post else url

    return build


def _review(post: bool = False) -> Any:
    """The auditor's country is the namespace's; a stranger's is another."""

    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            other = make_team(ns.site)
            user = make_user("CASEWORKER", other)
        row = make_access(db, ns.case, user, other)
        url = f"/audit/glass/{row.id}"
        return (url, {"outcome": "JUSTIFIED", "version": "1"}) if post else url

    build.public = True  # type: ignore[attr-defined]
    return build


def make_enquiry(db: Any, ns: Any, **values: Any) -> Enquiry:
    """Somebody asked at the gate of the namespace's team."""
    with db.as_owner():
        row = Enquiry(
            **{
                "country": ns.team.country, "team_id": ns.team.id, "site_id": ns.team.site_id, "at": clock.now(),
                "asked_by": "POLICE", "channel": "GATE", "logged_by_id": ns.user.id, **values,
            }
        )  # fmt: skip
        crypto.new_key(row.id, row.country)
        row.about = "María Inventada"
        db.session.add(row)
    return row


def _enquiry(path: str = "", post: bool = False) -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = make_enquiry(db, ns)
        url = f"/enquiries/{row.id}{path}"
        return (url, {"number": ns.case.number, "version": "1"}) if post else url

    return build


def page(url: str) -> Any:
    return lambda db, ns: url


ROUTES = {
    ("casefile.glass", "GET"): page("/glass"),
    ("casefile.break_glass", "POST"): _ask,
    ("casefile.glass_file", "GET"): _file(),
    ("casefile.close_glass", "POST"): _file("/close", post=True),
    ("casefile.glass_seen", "GET"): _seen(),
    ("casefile.see_glass", "POST"): _seen(post=True),
    ("casefile.glass_list", "GET"): page("/audit/glass?waiting=1"),
    ("casefile.glass_review", "GET"): _review(),
    ("casefile.save_glass_review", "POST"): _review(post=True),
    ("casefile.log_enquiry", "GET"): page("/enquiries/new"),
    ("casefile.save_enquiry", "POST"): lambda db, ns: (
        "/enquiries/new",
        {"asked_by": "POLICE", "about": "María", "channel": "GATE", "paper": "NONE"},
    ),
    ("casefile.enquiries", "GET"): page("/enquiries?by=POLICE"),
    ("casefile.enquiry", "GET"): _enquiry(),
    ("casefile.pass_enquiry", "POST"): _enquiry("/pass", post=True),
    ("casefile.link_enquiry", "POST"): _enquiry("/link", post=True),
}
