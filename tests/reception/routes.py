"""A valid request for each route of reception."""

from __future__ import annotations

import io
from typing import Any

from tests.factories import make_household
from tests.reception.families import TODAY

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


COUNTED = {
    "n-18-59/F": "12", "n-5-11/M": "4", "arrived_on-day": "23", "arrived_on-month": "11", "arrived_on-year": "2025",
    "hour": "9", "place": "MX07", "origin": "HND",
}  # fmt: skip


ROUTES = {
    ("reception.new_family", "GET"): lambda db, ns: "/families/new",
    ("reception.register_new_family", "POST"): lambda db, ns: ("/families/new", ONE),
    ("reception.registered", "GET"): _registered,
}


def _run(db: Any, ns: Any, ended: bool = False) -> Any:
    """An import of the namespace's desk that was checked and may go on."""
    from caseapp.core import access
    from caseapp.reception.service import runs
    from caseapp.reception.service.importing import Report

    with db.as_owner(), access.acting_as(ns.principal):
        run_id = runs.ask(ns.team, b"given_names\nAna\n", "lista.csv").id
        if ended:
            runs.end(run_id, Report(rows=1, created=1))
            db.session.expire_all()
        return run_id


def _checked(suffix: str = "") -> Any:
    return lambda db, ns: f"/people/import/{_run(db, ns, ended=True)}{suffix}"


def _posted(suffix: str = "", **data: str) -> Any:
    return lambda db, ns: (f"/people/import/{_run(db, ns, ended=True)}{suffix}", data)


def _held(db: Any, ns: Any) -> str:
    from tests.reception.lists import held_of

    run_id = _run(db, ns)
    with db.as_owner():
        return f"/people/import/waiting/{held_of(ns.team, run_id).id}"


ROUTES |= {
    ("reception.import_list", "GET"): lambda db, ns: "/people/import",
    ("reception.put_in", "POST"): lambda db, ns: (
        "/people/import",
        {"file": (io.BytesIO(b"given_names\nAna\n"), "lista.csv"), "team": ns.team.code},
    ),
    ("reception.import_run", "GET"): _checked(),
    ("reception.go_on", "POST"): _posted(),
    ("reception.discard", "POST"): _posted("/discard"),
    ("reception.problems_csv", "GET"): _checked("/problems.csv"),
    ("reception.waiting", "GET"): lambda db, ns: "/people/import/waiting",
    ("reception.decide_held", "GET"): _held,
    ("reception.register_held", "POST"): lambda db, ns: (_held(db, ns), {}),
}


def _tally(db: Any, ns: Any) -> Any:
    from caseapp.core import access
    from caseapp.reception.service import tally

    with db.as_owner(), access.acting_as(ns.principal):
        return tally.count(tally.NewTally({"18-59/F": 3}, TODAY), team=ns.team).id


ROUTES |= {
    ("reception.tally", "GET"): lambda db, ns: "/reception/tally",
    ("reception.count", "POST"): lambda db, ns: ("/reception/tally", COUNTED),
    ("reception.tally_shown", "GET"): lambda db, ns: f"/reception/tally/{_tally(db, ns)}",
    ("reception.withdraw_tally", "POST"): lambda db, ns: (f"/reception/tally/{_tally(db, ns)}/withdraw", {}),
}
