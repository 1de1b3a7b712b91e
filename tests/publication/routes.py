"""A valid request for each route of publication. Releases belong to a country, as do all teams of these tests, so
a record is the same for everybody with the role; another country's is in test_pages.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from caseapp.core import clock
from caseapp.core.db import session, uuid7
from caseapp.places.models import Organisation
from caseapp.publication.models import ApiKey, Release
from tests.factories import make_team, make_user
from tests.indicators.routes import drafted


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
            decider = make_user("RELEASE_APPROVER", make_team(ns.site, "COMMISSION_STATISTICS"))
            row.status, row.decided_at, row.decided_by_id = "APPROVED", clock.now(), decider.id
        url = f"/releases/{row.id}{suffix}"
        return url if data is None else (url, data)

    return public(build)


def definition(suffix: str = "", state: str = "AWAITING_APPROVAL", data: dict[str, str] | None = None) -> Any:
    """A definition of the namespace's country, written by somebody else."""

    def build(db: Any, ns: Any) -> Any:
        row = drafted(db, ns, state)
        url = f"/indicators/drafts/{row.id}{suffix}"
        return url if data is None else (url, data)

    return public(build)


def published(db: Any, ns: Any) -> Any:
    """The zip of a release that is not approved yet: found, and refused until it is."""
    return f"/releases/{waiting(db, ns).id}/package.zip"


def organisation(db: Any, country: str) -> Organisation:
    with db.as_owner():
        row = session.query(Organisation).filter_by(country=country).first()
        if row is None:
            row = Organisation(country=country, code="PRUEBA", name="Ministerio", sort_key="ministerio")
            session.add(row)
    return row


def new_key(db: Any, ns: Any) -> Any:
    return "/releases/keys", {
        "organisation": str(organisation(db, ns.team.country).id), "name": "Tablero", "scopes": "figures:read",
        "countries": ns.team.country, "days": "30",
    }  # fmt: skip


def key_at(db: Any, ns: Any) -> Any:
    """The page before a key is taken back."""
    return held_key(db, ns)[0]


def held_key(db: Any, ns: Any) -> Any:
    """A key of the namespace's country; the address that takes it back."""
    owner = organisation(db, ns.team.country)
    with db.as_owner():
        row = ApiKey(
            organisation_id=owner.id, name="Tablero", hint="acg_abcdef", token_hash=uuid7().bytes * 2,
            scopes=["figures:read"], countries=[ns.team.country], made_by_id=ns.user.id, made_at=clock.real_now(),
            expires_on=clock.real_now().date() + timedelta(days=30),
        )  # fmt: skip
        session.add(row)
    return f"/releases/keys/{row.id}/revoke", {}


ROUTES = {
    ("publication.definition", "GET"): definition(),
    ("publication.propose", "POST"): definition(
        "/propose", "DRAFT", {"reason": "Se aclara el nombre.", "valid_from": "2099-01"}
    ),
    ("publication.take_back", "POST"): definition("/take-back", data={}),
    ("publication.publish", "POST"): definition("/publish", data={}),
    ("publication.return_definition", "POST"): definition("/return", data={"note": "Falta el inglés."}),
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
    ("publication.package", "GET"): public(published),
    ("publication.key_list", "GET"): page("/releases/keys"),
    ("publication.make_key", "POST"): new_key,
    ("publication.revoke_key", "POST"): public(held_key),
    ("publication.before_revoking", "GET"): public(key_at),
    ("publication.own", "GET"): page("/figures"),
    ("publication.figures", "GET"): page("/figures/MEX/P1"),
    ("publication.download", "GET"): page("/figures/MEX/P1.csv"),
    ("publication.registers", "GET"): page("/figures/MEX/registers.csv"),
    ("publication.indicator", "GET"): page("/figures/MEX/P1/P1-00"),
    ("publication.indicator_download", "GET"): page("/figures/MEX/P1/P1-00.xlsx"),
    ("publication.picture", "GET"): page(f"/figures/MEX/P1/P1-00/{UUID(int=1)}-series.svg"),
    ("publication.revision", "GET"): page("/figures/MEX/revision/MEX-2025-08-R1"),
    ("publication.revision_download", "GET"): page("/figures/MEX/revision/MEX-2025-08-R1.csv"),
    ("publication.revision_figures", "GET"): page("/figures/MEX/revision/MEX-2025-08-R1/figures.csv"),
    ("publication.flow_of", "GET"): page("/figures/MEX/flow"),
    ("publication.flow_download", "GET"): page("/figures/MEX/flow.csv"),
    ("publication.unmet_of", "GET"): page("/figures/MEX/unmet"),
    ("publication.unmet_download", "GET"): page("/figures/MEX/unmet.csv"),
    ("publication.region", "GET"): page("/figures/region"),
    ("publication.region_download", "GET"): page("/figures/region.xlsx"),
}
