"""A country with two approved releases and a key, made once for the run: every test of the open interface only reads."""

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


@dataclass(frozen=True)
class House:
    """What is made once: the database, and what stands in it."""

    database: conftest.Database
    opened: Opened


@contextmanager
def built(cluster_url: Any) -> Iterator[House]:
    """A database of its own with Mexico's August and September 2025 released."""
    load_areas()
    session.remove()
    with conftest.cloned(cluster_url, f"open_{os.getpid()}_{os.urandom(4).hex()}") as database:
        with inside(database), clock.held_at(conftest.NOW), access.acting_as(access.ANONYMOUS):
            people = made_up.staff()
            made_up.journal(400, date(2025, 8, 1), date(2025, 9, 30)).write()
            made_up.count_now()
            made_up.everybody_signs("2025-08", "2025-09")
            releases = (made_up.release(people, "2025-08"), made_up.release(people, "2025-09"))
            app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False})
            key = Opened(people, releases, "", app).make_key()[1]
        yield House(database, Opened(people, releases, key, app))


@contextmanager
def inside(database: conftest.Database) -> Iterator[None]:
    """Work on this database for a block."""
    session.remove()
    with conftest._environment(database):
        yield
        session.remove()
        core_db.forget_engines()
