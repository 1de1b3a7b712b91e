"""A valid request for each route of screening and needs, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from caseapp.core.db import uuid7
from caseapp.people.models import Need, PlacementRequirement
from caseapp.protection.best_interests.models import BestInterests
from caseapp.protection.models import Screening, ScreeningOutcome
from tests.factories import make_user

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


def _best_interests(path: str = "", data: dict[str, str] | None = None, *, concluded: bool = False) -> Any:
    """A child who is alone, with an assessment that runs."""

    def build(db: Any, ns: Any) -> Any:
        row = make_assessment(db, ns.case, ns.person, ns.user.id, concluded=concluded)
        url = f"/cases/{ns.case.number}/private/best-interests/{row.id}{path}"
        return url, {"version": str(row.version), **(data or {})}

    return build


def make_assessment(db: Any, case: Any, person: Any, by: Any, *, concluded: bool = False) -> BestInterests:
    """An assessment, opened by somebody and, if so asked, concluded by somebody else; written as owner."""
    make_alone(db, person)
    with db.as_owner():
        row = BestInterests(
            case_id=case.id, kind="BIA", identified_on=date(2025, 11, 20), opened_on=date(2025, 11, 20), opened_by_id=by
        )  # fmt: skip
        if concluded:
            row.state, row.assessed_on, row.review_on = "CONCLUDED", date(2025, 11, 22), date(2026, 2, 22)
            row.views_heard, row.concluded_by_id = "YES", make_user("CHILD_OFFICER").id
            row.took_part, row.views, row.findings = (
                "La niña y su tía.",
                "Quiere ir con su tía.",
                "Está bien con ella.",
            )
        db.session.add(row)
    return row


def make_alone(db: Any, person: Any) -> None:
    """A child whose need as unaccompanied is confirmed."""
    with db.as_owner():
        person.birth_from = person.birth_to = date(2012, 1, 1)
        db.session.add(
            Need(
                case_id=person.case_id, person_id=person.id, code="SC-UC", category="SC", priority="EMERGENCY",
                recorded_on=date(2025, 11, 20), reason="Llegó sin familia.",
            )
        )  # fmt: skip


def _opened(db: Any, ns: Any) -> Any:
    make_alone(db, ns.person)
    return f"/cases/{ns.case.number}/private/best-interests", {"open-kind": "BIA"}


CONCLUDED = {
    "assessed_on": "2025-11-22", "took_part": "El niño y su tutora.", "views_heard": "YES", "views": "Quiere estudiar.",
    "findings": "Está bien en el hogar.", "review_on": "2026-02-20", "actions-0-words": "Inscribirle en la escuela",
    "actions-0-due_on": "2025-12-01", "actions-0-need": "CR-NE",
}  # fmt: skip
ROUTES = {
    ("protection.best_interests", "GET"): lambda db, ns: f"/cases/{ns.case.number}/private/best-interests",
    ("protection.open_best_interests", "POST"): _opened,
    ("protection.conclude_best_interests", "POST"): _best_interests("", CONCLUDED),
    ("protection.decide_best_interests", "POST"): _best_interests(
        "/decide", {"decide-version": "1", "decide-decision": "APPROVED"}, concluded=True
    ),
    ("protection.stop_best_interests", "POST"): _best_interests(
        "/stop", {"stop-version": "1", "stop-reason": "WITH_FAMILY"}
    ),
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
