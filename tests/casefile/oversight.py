"""Rows of exceptional access, enquiries and requests of persons, aimed at a namespace; and their routes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from caseapp.casefile.breach.models import DataBreach
from caseapp.casefile.enquiry.models import Enquiry
from caseapp.casefile.glass.models import GlassAccess
from caseapp.casefile.retention.models import RetentionRun
from caseapp.casefile.subject.models import LegalHold, SubjectRequest
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


def make_subject_request(
    db: Any, case: Case, by: Any, kind: str = "ERASURE", **values: Any
) -> SubjectRequest:
    """A request that somebody wrote down for the person of a case."""
    with db.as_owner():
        row = SubjectRequest(
            **{
                "case_id": case.id, "number": case.number, "country": case.country, "kind": kind,
                "topic": "NAME" if kind == "CORRECTION" else None, "asked_on": date(2025, 11, 23),
                "due_on": date(2025, 12, 19), "asked_by_id": by.id, **values,
            }
        )  # fmt: skip
        row.what = "Lo que pidió."
        db.session.add(row)
    return row


def _request(path: str = "", post: bool = False, **values: Any) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            other = make_user("CASEWORKER", ns.team)
        row = make_subject_request(db, ns.case, other, **values)
        url = f"/data-requests/{row.id}{path}"
        return (url, {"decision": "REFUSED", "reason": "LEGAL_DUTY", "version": "1"}) if post else url

    return build


def _officers(build: Any) -> Any:
    """Rows of a country: an officer of the same country is no stranger."""

    def public(db: Any, ns: Any) -> Any:
        return build(db, ns)

    public.public = True  # type: ignore[attr-defined]
    return public


def _hold(db: Any, ns: Any) -> Any:
    with db.as_owner():
        row = LegalHold(case_id=ns.case.id, reason="COURT", since=date(2025, 11, 1), set_by_id=ns.user.id)
        db.session.add(row)
    return f"/cases/{ns.case.number}/hold/{row.id}/end", {}


def make_run(db: Any, ns: Any, **values: Any) -> RetentionRun:
    with db.as_owner():
        # One run of a country is open at a time; several namespaces may be of one country.
        db.session.query(RetentionRun).filter_by(state="PROPOSED").update(
            {"state": "CANCELLED", "ended_at": clock.now()}
        )
        proposer = make_user("DATA_PROTECTION_OFFICER", ns.team)
        row = RetentionRun(
            **{
                "country": ns.team.country, "as_of": date(2025, 11, 23), "proposed_by_id": proposer.id,
                "proposed_at": clock.now(), **values,
            }
        )  # fmt: skip
        db.session.add(row)
    return row


def _run(path: str = "", post: bool = False) -> Any:
    def build(db: Any, ns: Any) -> Any:
        url = f"/data-protection/retention/{make_run(db, ns).id}{path}"
        return (url, {}) if post else url

    return _officers(build)


def _breach(db: Any, ns: Any) -> Any:
    with db.as_owner():
        row = DataBreach(
            country=ns.team.country, kind="PAPER_LOST", noticed_on=date(2025, 11, 20), recorded_at=clock.now(),
            recorded_by_id=ns.user.id, persons=3,
        )  # fmt: skip
        crypto.new_key(row.id, row.country)
        db.session.add(row)
    return f"/data-protection/breaches/{row.id}/authority", {}


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
    ("casefile.subject_requests", "GET"): lambda db, ns: f"/cases/{ns.case.number}/data",
    ("casefile.ask_subject", "POST"): lambda db, ns: (f"/cases/{ns.case.number}/data", {"kind": "ACCESS"}),
    ("casefile.set_hold", "POST"): lambda db, ns: (f"/cases/{ns.case.number}/hold", {"hold": "COURT"}),
    ("casefile.end_hold", "POST"): _hold,
    ("casefile.subject_request", "GET"): _officers(_request()),
    ("casefile.collect_copy", "POST"): _officers(_request("/copy", post=True, kind="ACCESS")),
    ("casefile.decide_subject", "POST"): _request("/decide", post=True),
    ("casefile.withdraw_subject", "POST"): _request("/withdraw", post=True),
    ("casefile.data_requests", "GET"): page("/data-requests?ended=1"),
    ("casefile.data_protection", "GET"): page("/data-protection"),
    ("casefile.retention", "GET"): page("/data-protection/retention"),
    ("casefile.propose_retention", "POST"): lambda db, ns: ("/data-protection/retention", {}),
    ("casefile.retention_run", "GET"): _run(),
    ("casefile.approve_retention", "POST"): _run("/approve", post=True),
    ("casefile.cancel_retention", "POST"): _run("/cancel", post=True),
    ("casefile.breaches", "GET"): page("/data-protection/breaches"),
    ("casefile.record_breach", "POST"): lambda db, ns: (
        "/data-protection/breaches",
        {
            "kind": "PAPER_LOST",
            "on-day": "20",
            "on-month": "11",
            "on-year": "2025",
            "persons": "3",
            "what": "Se perdió una lista.",
        },
    ),
    ("casefile.change_breach", "POST"): _officers(_breach),
    ("casefile.audit_file", "GET"): page("/audit/file"),
    ("casefile.show_audit_of_file", "POST"): lambda db, ns: (
        "/audit/file",
        {"number": ns.case.number, "ground": "COMPLAINT"},
    ),
}
