"""A valid request for each route of publication. Releases belong to a country, as do all teams of these tests, so
a record is the same for everybody with the role; another country's is in test_pages.py."""

from __future__ import annotations

from typing import Any

from caseapp.core import clock
from caseapp.core.db import session
from caseapp.publication.models import Release
from tests.factories import make_team, make_user


def public(build: Any) -> Any:
    build.public = True
    return build


def page(url: str) -> Any:
    return public(lambda db, ns: url)


def waiting(db: Any, ns: Any) -> Release:
    """A release of the namespace's country, made by somebody else, that awaits approval."""
    with db.as_owner():
        maker = make_user("DATA_STEWARD", make_team(ns.site, "COMMISSION_STATISTICS"))
        row = session.query(Release).filter_by(country=ns.team.country).one_or_none()
        if row is None:
            row = Release(
                name=f"{ns.team.country}-2025-09", country=ns.team.country, period="2025-09", edition=0,
                status="AWAITING_APPROVAL", made_by_id=maker.id, made_at=clock.now(), manifest="{}",
            )  # fmt: skip
            session.add(row)
    return row


def of_release(suffix: str = "", data: dict[str, str] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        url = f"/releases/{waiting(db, ns).id}{suffix}"
        return url if data is None else (url, data)

    return public(build)


def released(suffix: str, data: dict[str, str] | None = None) -> Any:
    """A route of an approved release."""

    def build(db: Any, ns: Any) -> Any:
        row = waiting(db, ns)
        with db.as_owner():
            if row.status == "APPROVED":
                return (
                    f"/releases/{row.id}{suffix}" if data is None else (f"/releases/{row.id}{suffix}", data)
                )
            row.status, row.decided_at = "APPROVED", clock.now()
            row.decided_by_id = make_user("RELEASE_APPROVER", make_team(ns.site, "COMMISSION_STATISTICS")).id
        url = f"/releases/{row.id}{suffix}"
        return url if data is None else (url, data)

    return public(build)


ROUTES = {
    ("publication.releases", "GET"): page("/releases"),
    ("publication.ask", "POST"): lambda db, ns: (
        "/releases",
        {"country": ns.team.country, "period": "2025-10", "unconfirmed_code": "CALENDAR"},
    ),
    ("publication.show", "GET"): of_release(),
    ("publication.approve", "POST"): of_release("/approve", {}),
    ("publication.send_back", "POST"): of_release("/return", {"reason": "Falta una sede."}),
    ("publication.revise", "GET"): released("/revise"),
    ("publication.ask_revision", "POST"): released(
        "/revise", {"code": "LATE_SITE", "reason": "Una sede anotó tarde."}
    ),
    ("publication.own", "GET"): page("/figures"),
    ("publication.figures", "GET"): page("/figures/MEX/P1"),
    ("publication.download", "GET"): page("/figures/MEX/P1.csv"),
    ("publication.region", "GET"): page("/figures/region"),
}
