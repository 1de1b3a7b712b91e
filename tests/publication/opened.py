"""A country with two approved releases and a key, made once for a module: every test of the open interface only reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp import create_app, load_areas
from caseapp.core import access, clock
from caseapp.core import db as core_db
from caseapp.core.db import session
from caseapp.publication.api import keys
from caseapp.publication.api.rules import Scope
from tests import conftest
from tests.publication import made_up


@dataclass(frozen=True)
class Opened:
    """The people, the two releases, a key that reads everything, and an application."""

    people: made_up.People
    releases: tuple[UUID, UUID]
    key: str
    app: Any

    def get(self, url: str, key: str | None = "", **headers: str) -> Any:
        """Ask with the key, with another, or (None) with none."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["Authorization"] = f"Bearer {key or self.key}"
        return self.app.test_client().get(url, headers=sent)

    def make_key(self, **changes: Any) -> tuple[UUID, str]:
        """Another key, committed; `changes` to the usual one."""
        wanted = {
            "scopes": [str(one) for one in Scope], "countries": ["MEX"], "days": 30,
            "organisation_id": organisation(),
        } | changes  # fmt: skip
        session.rollback()
        with access.acting_as(self.people.steward):
            row, token = keys.make("Tablero", by=self.people.steward, **wanted)
            session.commit()
        session.remove()
        return row.id, token


def organisation(country: str = "MEX") -> UUID:
    """An organisation of the country (the registry's own)."""
    with core_db.connect("owner") as connection:
        wanted = sa.text("SELECT id FROM organisation WHERE country = :country ORDER BY sort_key LIMIT 1")
        found = connection.scalar(wanted, {"country": country})
        if found is None:
            found = core_db.uuid7()
            connection.execute(
                sa.text(
                    "INSERT INTO organisation (id, country, code, name, sort_key) "
                    "VALUES (:id, :country, 'PRUEBA', 'Ministerio de prueba', 'ministerio de prueba')"
                ),
                {"id": found, "country": country},
            )
    return UUID(str(found))


@contextmanager
def house(cluster_url: Any, **settings: Any) -> Iterator[Opened]:
    """A database of its own with Mexico's August and September 2025 released."""
    load_areas()
    session.remove()
    name = f"open_{os.getpid()}_{os.urandom(4).hex()}"
    with (
        conftest.cloned(cluster_url, name) as database,
        conftest._environment(database),
        clock.held_at(conftest.NOW),
        access.acting_as(access.ANONYMOUS),
    ):
        people = made_up.staff()
        made_up.journal(400, date(2025, 8, 1), date(2025, 9, 30)).write()
        made_up.count_now()
        releases = tuple(made_up.release(people, month) for month in ("2025-08", "2025-09"))
        app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False, **settings})
        opened = Opened(people, releases, "", app)
        yield Opened(people, releases, opened.make_key()[1], app)
        session.remove()
