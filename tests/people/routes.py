"""A valid request for each route of people, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from caseapp.accounts.models import User
from caseapp.people.models import Consent, DuplicateCandidate
from tests.factories import make_household, make_person, make_team
from tests.factories.people import make_waiver

DAY = date(2025, 11, 20)


def _case(path: str, data: dict[str, Any] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        url = f"/cases/{ns.case.number}/{path}"
        return url if data is None else (url, data)

    return build


def _search(db: Any, ns: Any) -> str:
    return "/people?q=Prueba"


_search.public = True  # type: ignore[attr-defined]


def _household(db: Any, ns: Any) -> Any:
    with db.as_owner():
        make_household(ns.team, ns.person)
    return f"/cases/{ns.case.number}/household", {
        "verb": "population", "population-population": "REFUGEE", "population-ends": "",
    }  # fmt: skip


def _withdraw(db: Any, ns: Any, method: str) -> Any:
    with db.as_owner():
        row = Consent(
            case_id=ns.case.id, person_id=ns.person.id, purpose="CASH", state="GIVEN", adult=True, given_by="SELF",
            form="SIGNED", text_version="1", asked_on=DAY, expires_on=DAY,
        )  # fmt: skip
        db.session.add(row)
    url = f"/cases/{ns.case.number}/consents/{row.id}/withdraw"
    return url if method == "GET" else (url, {})


def _pair(db: Any, ns: Any) -> Any:
    with db.as_owner():
        other = make_person(ns.team)
        first, second = sorted((ns.case.id, other.case_id))
        row = DuplicateCandidate(case_id=first, other_case_id=second, score=90, found_at=ns.person.created_at)
        db.session.add(row)
    return f"/duplicates/{row.id}", {"decision": "NOT_SAME"}


def _merge(db: Any, ns: Any) -> Any:
    with db.as_owner():
        other = make_person(ns.team)
        kept = db.session.get_one(type(ns.case), other.case_id)
    return f"/cases/{ns.case.number}/merge", {"number": kept.number}


def _unmerge(db: Any, ns: Any) -> Any:
    with db.as_owner():
        other = make_person(ns.team)
        ns.person.merged_into_id = other.id
    return f"/cases/{ns.case.number}/unmerge", {}


def _waiver(path: str, data: dict[str, Any] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            row = make_waiver(ns.person)
        url = f"/cases/{ns.case.number}/waivers/{row.id}{path}"
        return url if data is None else (url, {**data, "version": "1"})

    return build


TOLD = {"told_on-day": "23", "told_on-month": "11", "told_on-year": "2025"}
APART = {"state": "REFUSED", "given_by": "SELF"}
PERSON = {
    "version": "1", "names-given_names": "Ana", "names-surname_1": "Prueba", "birth-precision": "YEAR",
    "birth-year": "1990", "age_status": "STATED", "sex_in_document": "F", "feels_safe_in": "NOT_ASKED",
    "nationality_1": "HND", "interpreter_needed": "NOT_ASKED",
}  # fmt: skip
CONSENT = {"purpose": "CASH", "state": "GIVEN", "given_by": "SELF", "alone": "YES", "form": "SIGNED"}


def _separated(path: str) -> Any:
    def build(db: Any, ns: Any) -> Any:
        from caseapp.core.db import session
        from caseapp.people.models import SafetySeparation

        with db.as_owner():
            other = make_person(ns.team)
            user = db.session.scalars(sa.select(User.id)).first()
            row = SafetySeparation(
                case_id=ns.case.id, other_case_id=other.case_id, reach="SITE", since=ns.person.created_at,
                agreed_at=ns.person.created_at, agreed_by_id=user, set_by_id=user, holders=list(session.scalars(sa.select(User.id))),
            )  # fmt: skip
            db.session.add(row)
            db.session.flush()
            found = row.id
        return f"/cases/{ns.case.number}/separation/{found}/{path}", {"email": "nadie@example.org"}

    return build


def _separation_asked(db: Any, ns: Any) -> Any:
    from caseapp.people.models import SafetySeparation

    with db.as_owner():
        other = make_person(make_team())
        user = db.session.scalars(sa.select(User.id)).first()
        row = SafetySeparation(
            case_id=other.case_id, other_number=ns.case.number, reach="SITE", since=ns.person.created_at,
            set_by_id=user, holders=[user],
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        found = row.id
    return f"/cases/{ns.case.number}/separation/{found}/answer", {"agrees": "no"}


ROUTES = {
    ("people.separation", "GET"): _case("separation"),
    ("people.keep_apart", "POST"): _case("separation", {"other": "NADIE", "reach": "SITE"}),
    ("people.name_holder", "POST"): _separated("holders"),
    ("people.answer_separation", "POST"): _separation_asked,
    ("people.end_separation", "POST"): _separated("end"),
    ("people.search", "GET"): _search,
    ("people.person", "GET"): _case("person"),
    ("people.save_person", "POST"): _case("person", PERSON),
    ("people.gender", "GET"): _case("gender"),
    ("people.save_gender", "POST"): _case("gender", {"version": "1", "gender_self": "WOMAN", "alone": "y"}),
    ("people.household", "GET"): _case("household"),
    ("people.change_household", "POST"): _household,
    ("people.consents", "GET"): _case("consents"),
    ("people.record_consent", "POST"): _case("consents", CONSENT),
    ("people.withdraw", "GET"): lambda db, ns: _withdraw(db, ns, "GET"),
    ("people.withdraw_consent", "POST"): lambda db, ns: _withdraw(db, ns, "POST"),
    ("people.ask_apart", "GET"): _case("consents/apart/RETURN_ASSISTANCE"),
    ("people.ask_apart", "POST"): _case("consents/apart/RETURN_ASSISTANCE", APART),
    ("people.waivers", "GET"): lambda db, ns: "/waivers",
    ("people.waiver", "GET"): _waiver(""),
    ("people.review_waiver", "POST"): _waiver("/review", {"outcome": "UPHELD"}),
    ("people.tell_waiver", "POST"): _waiver("/told", TOLD),
    ("people.contact", "GET"): _case("contact"),
    ("people.change_contact", "POST"): _case(
        "contact", {"rule": "SAFE_TO_CALL", "number": "555 1234", "whose": "OWN"}
    ),
    ("people.record_attempt", "POST"): _case("contact/attempts", {"channel": "CALL", "result": "NO_ANSWER"}),
    ("people.duplicates", "GET"): lambda db, ns: "/duplicates",
    ("people.decide_duplicate", "POST"): _pair,
    ("people.merge", "GET"): _case("merge"),
    ("people.unite", "POST"): _merge,
    ("people.separate", "POST"): _unmerge,
}
