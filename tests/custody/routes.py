"""A valid request for each route of custody, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from caseapp.custody.models import Custody
from tests.factories import make_site, make_team, make_user


def make_custody(db: Any, ns: Any, **values: Any) -> Custody:
    with db.as_owner():
        station = make_team(make_site(admin1="MX07"), "MIGRATION_CUSTODY")
        since = datetime(2025, 11, 20, 16, 0, tzinfo=UTC)
        row = Custody(
            **{
                "case_id": ns.case.id, "authority": "MIGRATION_AUTHORITY", "basis": "NOT_TOLD", "station_id": station.id,
                "place": "MX07", "since_on": since.date(), "since_at": since, "child": False, **values,
            }
        )  # fmt: skip
        db.session.add(row)
    return row


def _asked(db: Any, ns: Any) -> Custody:
    """Somebody else wrote down a removal that waits for a second person."""
    with db.as_owner():
        other = make_user("CASEWORKER", ns.team)
    return make_custody(
        db, ns, state="EXIT_ASKED", exit_code="REMOVED", exit_on=date(2025, 11, 22), exit_by_id=other.id
    )


def _released(db: Any, ns: Any, **values: Any) -> Custody:
    with db.as_owner():
        other = make_user("CASEWORKER", ns.team)
    return make_custody(
        db, ns, state="RELEASED", exit_code="TRIPARTITE", exit_on=date(2025, 11, 22), exit_by_id=other.id,
        **{"order_outcome": "NOT_IN_ORDER", **values},
    )  # fmt: skip


def _page(db: Any, ns: Any) -> str:
    return f"/cases/{ns.case.number}/custody"


def _open(db: Any, ns: Any) -> Any:
    data = {
        "open-authority": "POLICE", "open-station": "", "open-place": "MX07", "open-since": "2025-11-22T10:00",
        "open-basis": "NOT_TOLD",
    }  # fmt: skip
    return _page(db, ns), data


def _of(verb: str, make: Any = make_custody, data: dict[str, str] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = make(db, ns)
        url = f"/cases/{ns.case.number}/custody/{row.id}/{verb}"
        if data is None:
            return url
        return url, {k: str(row.version) if v == "VERSION" else v for k, v in data.items()}

    return build


def _review(db: Any, ns: Any) -> Any:
    row = _released(db, ns, order_outcome="ORDER_DEPARTED", rank="SINGLE_MEN", departure_reason="HEALTH")
    return f"/custody/departures/{row.id}/review", {}


def _audited(db: Any, ns: Any) -> str:
    _review(db, ns)
    return "/audit/departures?waiting=1"


ROUTES = {
    ("custody.show", "GET"): _page,
    ("custody.begin", "POST"): _open,
    ("custody.safeguards", "POST"): _of("safeguards", data={"ask-lawyer": "YES", "ask-version": "VERSION"}),
    ("custody.agree", "POST"): _of(
        "exit-date", data={"agree-agreed_on": "2025-11-25", "agree-version": "VERSION"}
    ),
    ("custody.follow_up", "POST"): _of(
        "follow-up/first", _released, {"follow-outcome": "AT_SHELTER", "follow-on": "2025-11-23"}
    ),
    ("custody.release", "GET"): _of("release"),
    ("custody.release", "POST"): _of(
        "release", data={"exit_code": "COURT", "on": "2025-11-23", "version": "VERSION"}
    ),
    ("custody.decide", "GET"): _of("decision", _asked),
    ("custody.decide", "POST"): _of("decision", _asked, {"decision": "yes", "version": "VERSION"}),
    ("custody.letter", "GET"): _of("letter", _released),
    ("custody.queue", "GET"): lambda db, ns: "/custody",
    ("custody.departures", "GET"): lambda db, ns: "/custody/departures",
    ("custody.review", "POST"): _review,
    ("custody.audited", "GET"): _audited,
    ("custody.children", "GET"): lambda db, ns: "/custody/children",
    ("custody.exits", "GET"): lambda db, ns: "/custody/exits",
}
