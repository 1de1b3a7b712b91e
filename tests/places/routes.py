"""A valid request for each route of the directory, aimed at a record of the namespace's team."""

from __future__ import annotations

from typing import Any

from caseapp.core.clock import real_now
from caseapp.core.db import session
from caseapp.places.models import DirectoryImport, SafeHouseAccess, Service, Site
from tests.conftest import NOW
from tests.factories import make_team
from tests.factories.directory import make_address, make_service


def _service(db: Any, ns: Any) -> Service:
    with db.as_owner():
        made = make_service(
            ns.team, "HEALTH", terms=[("SEX", "F"), ("AREA", "MX07")], languages=["mam"], phone="962 1"
        )
        make_address(made.site_id)
    return made


def _of(verb: str = "", data: Any = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        made = _service(db, ns)
        url = f"/directory/{made.id}{verb}"
        return url if data is None else (url, {**data, "version": str(made.version)})

    return build


def _imported(data: Any = None) -> Any:
    """A file that the namespace's user put in, looked at already."""

    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            made = DirectoryImport(
                asked_by_id=ns.user.id, asked_by="x", state="DONE", country="MEX", file_name="a.csv", made_at=NOW,
                beat_at=real_now(), ended_at=real_now(), counts={}, lines=[],
            )  # fmt: skip
            session.add(made)
            session.flush()
        url = f"/directory/import/{made.id}"
        return url if data is None else (url, data)

    return build


def _put_in(db: Any, ns: Any) -> Any:
    return "/directory/import", {"map_name": "", "country": "MEX"}


def _imports(db: Any, ns: Any) -> str:
    return "/directory/import"


def _table(db: Any, ns: Any) -> str:
    return "/directory/import/table.csv"


def _map(db: Any, ns: Any) -> str:
    return "/directory/import/map.yml"


_put_in.public = _imports.public = True  # type: ignore[attr-defined]
_table.public = _map.public = True  # type: ignore[attr-defined]


def _public(db: Any, ns: Any) -> str:
    return f"/directory/{_service(db, ns).id}"


_public.public = True  # type: ignore[attr-defined]


def _house(db: Any, ns: Any) -> Site:
    """The namespace's site becomes a safe house."""
    with db.as_owner():
        site = session.get_one(Site, ns.site.id)
        site.kind, site.admin2, site.latitude, site.longitude = "SAFE_HOUSE", None, None, None
        session.flush()
    return site


def _house_page(db: Any, ns: Any) -> str:
    return f"/safe-houses/{_house(db, ns).code}"


def _write(db: Any, ns: Any) -> Any:
    return _house_page(db, ns), {"address": "Calle que nadie conoce 7", "version": "0"}


def _give(db: Any, ns: Any) -> Any:
    url = _house_page(db, ns)
    with db.as_owner():
        other = make_team()
    return f"{url}/access", {"team": other.code, "until": "2025-12-31"}


def _end(db: Any, ns: Any) -> Any:
    url = _house_page(db, ns)
    with db.as_owner():
        row = SafeHouseAccess(
            site_id=ns.site.id, team_id=make_team().id, granted_by_id=ns.user.id, granted_at=NOW,
            valid_to=NOW.date().replace(year=2027),
        )  # fmt: skip
        db.session.add(row)
    return f"{url}/access/{row.id}/end", {}


def _new(db: Any, ns: Any) -> Any:
    return "/directory/new", {
        "site": str(ns.site.id),
        "kind": "FOOD",
        "name": "Comedor",
        "referral_method": "WALK_IN",
    }


ROUTES = {
    ("places.import_list", "GET"): _imports,
    ("places.put_in", "POST"): _put_in,
    ("places.import_table", "GET"): _table,
    ("places.import_map", "GET"): _map,
    ("places.import_run", "GET"): _imported(),
    ("places.go_on", "POST"): _imported({}),
    ("places.search", "GET"): lambda db, ns: "/directory?q=consulta&language=mam&sex=F&age=30&open_now=y",
    ("places.search_csv", "GET"): lambda db, ns: "/directory.csv?kind=HEALTH",
    ("places.package", "GET"): lambda db, ns: "/directory/package.zip?country=MEX",
    ("places.show", "GET"): _public,
    ("places.confirm", "POST"): _of("/confirm", {}),
    ("places.edit", "GET"): _of("/edit"),
    ("places.edit", "POST"): _of(
        "/edit", {"name": "Consulta y vacunas", "day_1": "08:00-12:00", "referral_method": "SYSTEM"}
    ),
    ("places.close", "GET"): _of("/close"),
    ("places.close", "POST"): _of("/close", {}),
    ("places.stale", "GET"): lambda db, ns: "/directory/stale",
    ("places.new", "GET"): lambda db, ns: "/directory/new",
    ("places.new", "POST"): _new,
    ("places.house", "GET"): _house_page,
    ("places.house", "POST"): _write,
    ("places.give", "POST"): _give,
    ("places.end", "POST"): _end,
}
