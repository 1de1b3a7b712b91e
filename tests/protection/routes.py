"""A valid request for each route of screening and needs, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from caseapp.core.db import uuid7
from caseapp.people.models import Need, PlacementRequirement
from caseapp.protection.models import Screening, ScreeningOutcome

START = {
    "alone": "YES", "private_place": "YES", "interpreter": "NONE", "interviewer_as_wished": "YES",
    "interpreter_as_wished": "NOT_APPLICABLE",
}  # fmt: skip


def make_screening(db: Any, ns: Any, state: str = "STARTED") -> Screening:
    """A screening of the namespace's case, written as owner."""
    with db.as_owner():
        row = Screening(
            case_id=ns.case.id, questionnaire="first_contact", questionnaire_version="1.0", alone="YES",
            started_at=datetime.fromisoformat("2025-11-23T17:00+00:00"), private_place="YES", interpreter="NONE",
            interviewer_as_wished="YES", interpreter_as_wished="NOT_APPLICABLE",
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        if state == "COMPLETED":
            db.session.add(ScreeningOutcome(case_id=ns.case.id, screening_id=row.id, outcome="HEALTH_NOW"))
            db.session.flush()
            row.state, row.main_outcome = state, "HEALTH_NOW"
            row.completed_at = datetime.fromisoformat("2025-11-23T17:40+00:00")
    return row


def make_need(db: Any, ns: Any, code: str = "LP-BN", priority: str = "MEDIUM") -> Need:
    with db.as_owner():
        row = Need(
            case_id=ns.case.id, person_id=ns.person.id, code=code, category=code[:2], priority=priority,
            recorded_on=date(2025, 11, 22), reason="Pidió ropa.",
        )  # fmt: skip
        db.session.add(row)
    return row


def _new(db: Any, ns: Any) -> str:
    return f"/cases/{ns.case.number}/screenings/new"


def _begin(db: Any, ns: Any) -> Any:
    return _new(db, ns), START


def _at(path: str, data: dict[str, Any] | None = None, state: str = "STARTED") -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = make_screening(db, ns, state)
        url = f"/cases/{ns.case.number}/screenings/{row.id}{path}"
        return url if data is None else (url, {"version": str(row.version), **data})

    return build


def _needs(db: Any, ns: Any) -> str:
    return f"/cases/{ns.case.number}/needs"


def _record(db: Any, ns: Any) -> Any:
    return _needs(db, ns), {"code": "LP-BN", "priority": "HIGH", "reason": "No tiene ropa."}


def _need(path: str, data: dict[str, str] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = make_need(db, ns)
        url = f"/cases/{ns.case.number}/needs/{row.id}{path}"
        return url if data is None else (url, {"version": str(row.version), **data})

    return build


def _requirement(db: Any, ns: Any) -> Any:
    with db.as_owner():
        row = PlacementRequirement(
            id=uuid7(),
            case_id=ns.case.id,
            requirement="QUIET",
            set_on=date(2025, 11, 22),
            life_critical=False,
        )
        db.session.add(row)
    return f"/cases/{ns.case.number}/requirements", {"verb": f"end-{row.id}"}


def _health(db: Any, ns: Any) -> Any:
    return f"/cases/{ns.case.number}/private/health", {"verb": "PREGNANCY", "pregnancy-weeks": "20"}


def _guardian(post: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        if post:
            with db.as_owner():
                ns.person.birth_from = ns.person.birth_to = date(2015, 1, 1)
        fields = {"name": "Lic. Prueba", "authority": "Procuraduría", "at": "2025-11-22T10:00"}
        return (f"/cases/{ns.case.number}/guardian", fields) if post else f"/cases/{ns.case.number}/guardian"

    return build


ROUTES = {
    ("protection.health", "GET"): lambda db, ns: f"/cases/{ns.case.number}/private/health",
    ("protection.note_health", "POST"): _health,
    **{("protection.guardian", m): _guardian(m == "POST") for m in ("GET", "POST")},
    ("protection.start", "GET"): _new,
    ("protection.begin", "POST"): _begin,
    ("protection.resume", "GET"): _at("/resume"),
    ("protection.section", "GET"): _at("/sections/now"),
    ("protection.save_section", "POST"): _at("/sections/now", {"urgent_health": "NO", "go": "next"}),
    ("protection.result", "GET"): _at("/result"),
    ("protection.finish", "POST"): _at("/result", {"verb": "leave", "incomplete_reason": "TIME"}),
    ("protection.show", "GET"): _at("", state="COMPLETED"),
    ("protection.needs", "GET"): _needs,
    ("protection.record_need", "POST"): _record,
    ("protection.set_requirement", "POST"): _requirement,
    ("protection.need", "GET"): _need(""),
    ("protection.change_need", "POST"): _need("", {"priority": "HIGH", "reason": "Ahora también abrigo."}),
    ("protection.end_need", "POST"): _need("/end", {"how": "MET"}),
}
