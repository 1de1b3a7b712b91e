"""A valid request for each route of the claim, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.core import clock
from caseapp.people.models import MovementLimit, PersonPopulation
from caseapp.procedure.models import (
    Claim,
    ClaimApplicant,
    ClaimStep,
    IssuedDocument,
    LeaveRequest,
    Property,
    SignDuty,
)
from tests.factories import make_household, make_person

ON = {"on-day": "20", "on-month": "11", "on-year": "2025"}


def dated(prefix: str = "", **more: str) -> dict[str, str]:
    """A form's fields with its date, all under its prefix."""
    return {prefix + name: value for name, value in {**ON, **more}.items()}


def write_claim(db: Any, case_id: Any, *steps: tuple[str, date, str | None], sealed: bool = False) -> Claim:
    """A claim with these steps, written as the owner: no rule, clock or event looks at it."""
    with db.as_owner():
        dates = {step: on for step, on, _code in steps}
        row = Claim(case_id=case_id, lodged_on=dates.get("LODGED"), sealed=sealed)
        db.session.add(row)
        db.session.flush()
        role = "SEPARATED_OWN_CLAIM" if sealed else "PRINCIPAL"
        db.session.add(
            ClaimApplicant(
                claim_id=row.id, case_id=case_id, role=role, since=steps[0][1], sealed=sealed, pending=True
            )
        )
        for step, on, code in steps:
            db.session.add(ClaimStep(claim_id=row.id, step=step, on=on, code=code, recorded_at=clock.now()))
            db.session.flush()
    return row


def make_claim(db: Any, ns: Any) -> Claim:
    return write_claim(db, ns.case.id, ("LODGED", date(2025, 11, 1), None))


def _page(db: Any, ns: Any) -> str:
    return f"/cases/{ns.case.number}/claim"


def _private(db: Any, ns: Any) -> str:
    return f"/cases/{ns.case.number}/claim/private"


def _new(path: str, post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        url = f"/cases/{ns.case.number}/claim/{path}"
        return (url, dated(step="LODGED", application_type="N")) if post else url

    return build


def _step(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = make_claim(db, ns)
        url = f"/cases/{ns.case.number}/claim/{row.id}/registered"
        return (url, dated(version=str(row.version))) if post else url

    return build


def _members(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = make_claim(db, ns)
        with db.as_owner():
            other = make_person(ns.team)
            make_household(ns.team, ns.person, other)
        url = f"/cases/{ns.case.number}/claim/{row.id}/people"
        fields = dated("join-", person=str(other.case_id), version=str(row.version))
        return (url, {"verb": "join", **fields}) if post else url

    return build


def _issue(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        url = f"/cases/{ns.case.number}/documents/new"
        return (url, dated(document_type="CLAIM_CERTIFICATE", number="C-1")) if post else url

    return build


def _renew(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            row = IssuedDocument(
                case_id=ns.case.id, document_type="CLAIM_CERTIFICATE", issued_on=date(2025, 11, 1)
            )
            db.session.add(row)
        url = f"/cases/{ns.case.number}/documents/{row.id}/renew"
        return (url, dated(version=str(row.version))) if post else url

    return build


def _sign(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = make_claim(db, ns)
        with db.as_owner():
            day = date(2025, 11, 10)
            db.session.add(
                SignDuty(case_id=ns.case.id, claim_id=row.id, started_on=day, due_on=date(2025, 11, 24))
            )
        url = f"/cases/{ns.case.number}/signature"
        return (url, dated()) if post else url

    return build


def _ask_leave(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            db.session.add(MovementLimit(case_id=ns.case.id, admin1="MX07", since=date(2025, 11, 1)))
        url = f"/cases/{ns.case.number}/leave"
        return (url, dated(to_admin1="MX09")) if post else url

    return build


def _move_at_once(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            db.session.add(MovementLimit(case_id=ns.case.id, admin1="MX07", since=date(2025, 11, 1)))
        url = f"/cases/{ns.case.number}/leave/now"
        fields = dated(to_admin1="MX09", ground="LIFE_AT_RISK", authority="Juzgado de prueba")
        return (url, {**fields, "on-day": "23"}) if post else url

    return build


def _decide_leave(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            row = LeaveRequest(
                case_id=ns.case.id, from_admin1="MX07", to_admin1="MX09", asked_on=date(2025, 11, 10)
            )
            db.session.add(row)
        url = f"/cases/{ns.case.number}/leave/{row.id}"
        return (url, dated(outcome="GRANTED", version=str(row.version))) if post else url

    return build


def _interval(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        return ("/office/signature", dated(days="15")) if post else "/office/signature"

    return build


def _be(db: Any, ns: Any, population: str) -> None:
    with db.as_owner():
        db.session.add(
            PersonPopulation(
                case_id=ns.case.id, person_id=ns.person.id, population=population, since=date(2025, 11, 1)
            )
        )


def _displacement(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        _be(db, ns, "IDP")
        url = f"/cases/{ns.case.number}/at-home/displacement?state=MX07"
        return (url, dated(place="MX07001")) if post else url

    return build


PROPERTY = {
    "kind": "HOUSE",
    "tenure": "OWNED",
    "happened": "OCCUPIED",
    "place": "MX07001",
    "whereabouts": "Calle 1",
}


def _property(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        _be(db, ns, "IDP")
        url = f"/cases/{ns.case.number}/at-home/property?state=MX07"
        return (url, dated(**PROPERTY)) if post else url

    return build


def _measure(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            row = Property(
                case_id=ns.case.id, kind="HOUSE", tenure="OWNED", happened="OCCUPIED", place="MX07001",
                registered_on=date(2025, 11, 1),
            )  # fmt: skip
            db.session.add(row)
        url = f"/cases/{ns.case.number}/at-home/property/{row.id}"
        return (url, dated(measure="ASKED", version=str(row.version))) if post else url

    return build


def _reception(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        _be(db, ns, "RETURNEE_WITH_NEEDS")
        url = f"/cases/{ns.case.number}/at-home/reception"
        return (url, dated(from_country="USA", how="REMOVED")) if post else url

    return build


ROUTES = {
    ("procedure.home", "GET"): lambda db, ns: f"/cases/{ns.case.number}/at-home",
    **{("procedure.displacement", m): _displacement(m == "POST") for m in ("GET", "POST")},
    **{("procedure.add_property", m): _property(m == "POST") for m in ("GET", "POST")},
    **{("procedure.measure", m): _measure(m == "POST") for m in ("GET", "POST")},
    **{("procedure.reception", m): _reception(m == "POST") for m in ("GET", "POST")},
    **{("procedure.issue", m): _issue(m == "POST") for m in ("GET", "POST")},
    **{("procedure.renew", m): _renew(m == "POST") for m in ("GET", "POST")},
    **{("procedure.sign", m): _sign(m == "POST") for m in ("GET", "POST")},
    **{("procedure.ask_leave", m): _ask_leave(m == "POST") for m in ("GET", "POST")},
    **{("procedure.move_at_once", m): _move_at_once(m == "POST") for m in ("GET", "POST")},
    **{("procedure.decide_leave", m): _decide_leave(m == "POST") for m in ("GET", "POST")},
    **{("procedure.interval", m): _interval(m == "POST") for m in ("GET", "POST")},
    ("procedure.claim", "GET"): _page,
    ("procedure.private", "GET"): _private,
    ("procedure.begin", "GET"): _new("new", False),
    ("procedure.begin", "POST"): _new("new", True),
    ("procedure.begin_own", "GET"): _new("private/new", False),
    ("procedure.begin_own", "POST"): _new("private/new", True),
    ("procedure.step", "GET"): _step(False),
    ("procedure.step", "POST"): _step(True),
    ("procedure.members", "GET"): _members(False),
    ("procedure.change_members", "POST"): _members(True),
}
