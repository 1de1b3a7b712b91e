"""A valid request for each route of the shelter, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from caseapp.core.db import uuid7
from caseapp.shelter.models import PlaceOut
from caseapp.shelter.standing import ChildEmergency
from tests.factories.shelter import furnish, make_stay, places_in

ARRIVED = datetime(2025, 11, 23, 16, 0, tzinfo=UTC)


def _furnished(ns: Any) -> None:
    if not places_in(ns.team, "M1"):
        furnish(ns.team)


def _stay(db: Any, ns: Any, **values: Any) -> Any:
    with db.as_owner():
        _furnished(ns)
        return make_stay(ns.person, places_in(ns.team, "M1")[0], **values)


def _inside(db: Any, ns: Any, **values: Any) -> Any:
    return _stay(db, ns, **{"state": "IN", "arrived_at": ARRIVED, **values})


def _public(path: str) -> Any:
    def build(db: Any, ns: Any) -> str:
        with db.as_owner():
            _furnished(ns)
        return path

    build.public = True  # type: ignore[attr-defined]
    return build


def _check_in(db: Any, ns: Any) -> Any:
    return "/shelter/check-in", {"stay": str(_stay(db, ns).id), "team": ns.team.code}


def _walk_in(db: Any, ns: Any) -> Any:
    with db.as_owner():
        _furnished(ns)
    written = {"members-0-name": "Chela", "members-0-band": "18-59", "members-0-sex": "F", "verb": "look"}
    return "/shelter/walk-in", {**written, "team": ns.team.code}


def _roll(db: Any, ns: Any) -> Any:
    stay = _inside(db, ns)
    return "/shelter/tonight/roll", {"listed": str(stay.id), "stay": str(stay.id), "team": ns.team.code}


def _paper(db: Any, ns: Any) -> Any:
    return "/shelter/tonight/paper", {f"mark-{_inside(db, ns).id}": "HERE", "team": ns.team.code}


def _confirm(db: Any, ns: Any) -> Any:
    with db.as_owner():
        _furnished(ns)
    return f"/shelter/teams/{ns.team.code}/confirm", {}


def _of_stay(path: str, data: dict[str, str] | None = None, *, inside: bool = False, **values: Any) -> Any:
    def build(db: Any, ns: Any) -> Any:
        stay = (_inside if inside else _stay)(db, ns, **values)
        url = f"/shelter/stays/{stay.id}{path}"
        return url if data is None else (url, data)

    return build


def _move(db: Any, ns: Any) -> Any:
    stay = _inside(db, ns)
    with db.as_owner():
        to = places_in(ns.team, "M1")[1].id
    return f"/shelter/stays/{stay.id}/move", {"place": f"{stay.case_id}:{to}", "reason": "PERSON_ASKED"}


def _departure(db: Any, ns: Any) -> Any:
    stay = _inside(db, ns)
    return f"/shelter/stays/{stay.id}/departure", {"reason": "OWN_WISH", "destination": "RENTED"}


def _review(db: Any, ns: Any) -> Any:
    stay = _inside(
        db, ns, state="ENDED", left_at=ARRIVED, end_reason="DETAINED", end_destination="CUSTODY_MIGRATORY",
    )  # fmt: skip
    return f"/shelter/stays/{stay.id}/review", {}


def _surge(data: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            _furnished(ns)
            url = f"/shelter/units/{places_in(ns.team, 'H1')[0].unit_id}/surge"
        return (url, {"count": "2", "reason": "ARRIVALS", "closes_on": "2025-11-30"}) if data else url

    return build


def _out(data: bool) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            _furnished(ns)
            url = f"/shelter/places/{places_in(ns.team, 'H1')[0].id}/out"
        return (url, {"reason": "REPAIR", "first_night": "2025-11-24", "last_night": ""}) if data else url

    return build


def _back(db: Any, ns: Any) -> Any:
    with db.as_owner():
        _furnished(ns)
        row = PlaceOut(
            place_id=places_in(ns.team, "H1")[0].id,
            team_id=ns.team.id,
            first_night=date(2025, 11, 20),
            reason="REPAIR",
        )
        db.session.add(row)
        db.session.flush()
        out_id = row.id
    return f"/shelter/out/{out_id}/back", {}


def _holds(db: Any, ns: Any) -> Any:
    with db.as_owner():
        _furnished(ns)
    return "/shelter/holds", {"immediate": "45", "emergency": "0", "urgent": "0", "normal": "0"}


def _of_unit(path: str, data: dict[str, str] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            _furnished(ns)
            url = f"/shelter/units/{places_in(ns.team, 'H1')[0].unit_id}{path}"
        return url if data is None else (url, data)

    return build


def _of_team(path: str, data: dict[str, str]) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            _furnished(ns)
        return path, data

    return build


def _emergency(db: Any, ns: Any) -> Any:
    stay = _stay(db, ns)
    with db.as_owner():
        row = ChildEmergency(
            team_id=ns.team.id, stay_id=stay.id, case_id=stay.case_id, since=ARRIVED,
            review_due_at=ARRIVED + timedelta(hours=72),
        )  # fmt: skip
        row.id = uuid7()
        row.staff = "Turno de noche"
        db.session.add(row)
        db.session.flush()
        found = row.id
    return f"/shelter/emergencies/{found}/review", {}


INSPECTED = {"outcome": "PASSED", "inspected_on": "2025-11-20", "next_due_on": ""}
ROUTES = {
    ("shelter.word", "GET"): _public("/shelter/word"),
    ("shelter.word", "POST"): _of_team("/shelter/word", {"free": "3", "out": "0", "leaving": "0"}),
    ("shelter.limits", "GET"): _public("/shelter/limits"),
    ("shelter.limits", "POST"): _of_team("/shelter/limits", {"max_nights": "60"}),
    ("shelter.unit", "GET"): _of_unit(""),
    ("shelter.unit", "POST"): _of_unit("", {"area_m2": "12", "turnaround_nights": "1"}),
    ("shelter.inspection", "GET"): _of_unit("/inspection"),
    ("shelter.inspection", "POST"): _of_unit("/inspection", INSPECTED),
    ("shelter.review_emergency", "POST"): _emergency,
    ("shelter.plan", "POST"): _of_stay("/plan", {"destination": "RENTED", "review_on": "2025-12-01"}),
    ("shelter.holds", "GET"): _public("/shelter/holds"),
    ("shelter.holds", "POST"): _holds,
    ("shelter.tonight", "GET"): _public("/shelter/tonight"),
    ("shelter.print_tonight", "GET"): _public("/shelter/tonight/print"),
    ("shelter.check_in", "POST"): _check_in,
    ("shelter.walk_in", "GET"): _public("/shelter/walk-in"),
    ("shelter.receive_walk_in", "POST"): _walk_in,
    ("shelter.see_network", "GET"): _public("/shelter/network"),
    ("shelter.roll", "GET"): _public("/shelter/tonight/roll"),
    ("shelter.call_roll", "POST"): _roll,
    ("shelter.mark_absent", "POST"): _of_stay("/absent", {}, inside=True),
    ("shelter.mark_back", "POST"): _of_stay("/back", {}, inside=True),
    ("shelter.paper", "GET"): _public("/shelter/tonight/paper"),
    ("shelter.save_paper", "POST"): _paper,
    ("shelter.confirm_capacity", "POST"): _confirm,
    ("shelter.places", "GET"): _public("/shelter/places"),
    ("shelter.surge", "GET"): _surge(False),
    ("shelter.surge", "POST"): _surge(True),
    ("shelter.take_out", "GET"): _out(False),
    ("shelter.take_out", "POST"): _out(True),
    ("shelter.put_back", "POST"): _back,
    ("shelter.stay", "GET"): _of_stay(""),
    ("shelter.extend", "POST"): _of_stay("/extend", {"last_night": "2025-11-27", "reason": "NO_OTHER_PLACE"}),
    ("shelter.move", "GET"): _of_stay("/move", inside=True),
    ("shelter.move", "POST"): _move,
    ("shelter.cancel", "GET"): _of_stay("/cancel"),
    ("shelter.cancel", "POST"): _of_stay("/cancel", {"reason": "PERSON_DECLINED"}),
    ("shelter.no_show", "GET"): _of_stay("/no-show", first_night=date(2025, 11, 21)),
    ("shelter.no_show", "POST"): _of_stay("/no-show", {}, first_night=date(2025, 11, 21)),
    ("shelter.departure", "GET"): _of_stay("/departure", inside=True),
    ("shelter.departure", "POST"): _departure,
    ("shelter.review", "POST"): _review,
}
