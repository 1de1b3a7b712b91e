"""How each route of this area is called in the test of all routes. Definitions belong to a country, as do all teams of
these tests; another country's is in test_drafts.py."""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.core import clock
from caseapp.core.db import session
from caseapp.indicators import catalogue
from caseapp.indicators.drafts import entry as entries
from caseapp.indicators.models import Definition
from tests.factories import make_team, make_user

CODE = "P1-00"


def drafted(db: Any, ns: Any, state: str = "DRAFT") -> Definition:
    """A draft of the namespace's country, written by another steward, that changes the name alone."""
    with db.as_owner():
        writer = make_user("DATA_STEWARD", make_team(ns.site, "COMMISSION_STATISTICS"))
        shipped = catalogue.get(CODE)
        row = session.query(Definition).filter_by(country=ns.team.country, code=CODE).one_or_none()
        if row is None:
            row = Definition(
                country=ns.team.country, code=CODE, state=state, base=shipped.version, author_id=writer.id,
                entry=entries.entry_of(shipped) | {"name": {"es": "Personas anotadas", "en": "Persons noted"}},
                writers=[writer.id], written_at=clock.now(),
            )  # fmt: skip
            if state == "AWAITING_APPROVAL":
                row.submitted_at, row.reason, row.valid_from = clock.now(), "Se aclara.", date(2099, 1, 1)
            session.add(row)
            session.flush()
    return row


def public(build: Any) -> Any:
    build.public = True
    return build


def edited(suffix: str, data: dict[str, str] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        url = f"/indicators/drafts/{drafted(db, ns).id}/{suffix}"
        return url if data is None else (url, data)

    return public(build)


ROUTES = {
    ("indicators.index", "GET"): public(lambda db, ns: "/indicators"),
    ("indicators.show", "GET"): public(lambda db, ns: f"/indicators/{CODE}"),
    ("indicators.begin", "POST"): public(lambda db, ns: (f"/indicators/{CODE}/draft", {})),
    ("indicators.edit", "GET"): edited("edit"),
    ("indicators.edit", "POST"): edited("edit", {"domain": "arrivals", "domain_shown": "arrivals"}),
    ("indicators.discard", "GET"): edited("discard"),
    ("indicators.discard", "POST"): edited("discard", {}),
}
