"""Two hundred clients at once for the last places, three places each, on the application's own pool of connections:
`python -m tests.bench.parallel [CLIENTS]`. Who is refused looks at the next options and tries again until there is
none. Prints a table; exits 1 if a place is given twice, a fitting place stays empty, or anybody is told of a deadlock."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.places.models import Site
from caseapp.shelter import errors, offers, service
from caseapp.shelter.models import Stay
from caseapp.shelter.service.capacity import add_unit
from tests.factories import make_person, make_site, make_team, make_user, principal_of
from tests.factories.shelter import open_to

NOW = datetime(2025, 11, 23, 18, 0, tzinfo=UTC)
FIRST, LAST = date(2025, 11, 23), date(2025, 11, 25)
ROOMS, BEDS, EACH = 5, 7, 3


@dataclass
class Scene:
    """A men's shelter with `ROOMS` rooms of `BEDS` beds, and parties of three men."""

    shelter_id: UUID
    site_id: UUID
    parties: list[list[UUID]]
    beds: list[UUID]
    coordinator: access.Principal


@dataclass
class Told:
    """What the clients were told, and how long each waited for the last word."""

    words: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def arrange(owner_url: Any, clients: int) -> Scene:
    """Write the scene as the owner."""
    owner = sa.create_engine(owner_url)
    session.remove()
    session(bind=owner)
    with clock.held_at(NOW):
        site = make_site(kind="SHELTER")
        desk, shelter = make_team(site), make_team(site, "SHELTER")
        beds: list[UUID] = []
        for n in range(ROOMS):
            unit = add_unit(
                shelter,
                code=f"H{n}",
                name=f"Cuarto H{n}",
                takes="MEN",
                places={"BED": BEDS},
                opened_on=date(2025, 1, 1),
            )
            beds += session.scalars(
                sa.text("SELECT id FROM place WHERE unit_id = :u ORDER BY code").bindparams(u=unit.id)
            ).all()
        parties = []
        for _ in range(clients):
            party = [make_person(desk, sex_in_document="M") for _ in range(EACH)]
            for person in party:
                open_to(person, shelter)
            parties.append([p.case_id for p in party])
        user = make_user("SHELTER_COORDINATOR", shelter)
        scene = Scene(
            shelter.id,
            site.id,
            parties,
            [UUID(str(b)) for b in beds],
            principal_of(user, ("SHELTER_COORDINATOR", shelter)),
        )
        session.commit()
    session.remove()
    owner.dispose()
    return scene


def compete(scene: Scene) -> Told:
    """Every party at once: three beds in an order of its own, then whatever is offered next."""
    told, start = Told(), Barrier(len(scene.parties))
    ways = itertools.cycle(itertools.permutations(range(EACH)))
    orders = [next(ways) for _ in scene.parties]

    def client(number: int) -> tuple[str, float]:
        cases = scene.parties[number]
        # the same few beds for all, crosswise: unordered locks would meet
        picked = [scene.beds[(number * 5 + i * 7) % len(scene.beds)] for i in orders[number]]
        wanted = dict(zip(cases, picked, strict=True))
        start.wait()
        begun = time.perf_counter()
        with access.acting_as(scene.coordinator), clock.held_at(NOW):
            for _ in range(60):
                word = _attempt(scene, wanted)
                told.attempts[word] += 1
                if word != "refused":
                    return word, time.perf_counter() - begun
                wanted = _next(scene, cases)
                if not wanted:
                    return "no place", time.perf_counter() - begun
        return "gave up", time.perf_counter() - begun

    with ThreadPoolExecutor(len(scene.parties)) as pool:
        for word, seconds in pool.map(client, range(len(scene.parties))):
            told.words[word] += 1
            told.seconds.append(seconds)
    return told


def _attempt(scene: Scene, wanted: dict[UUID, UUID]) -> str:
    try:
        service.book(wanted, team_id=scene.shelter_id, first_night=FIRST, last_night=LAST)
        session.commit()
        return "booked"
    except errors.CannotBeOffered as refusal:
        session.rollback()
        return "refused" if str(refusal.sentence) == "No es posible ofrecerlo aquí." else "wrong words"
    except Exception as error:
        session.rollback()
        return type(error).__name__
    finally:
        session.remove()


def _next(scene: Scene, cases: list[UUID]) -> dict[UUID, UUID]:
    try:
        site = session.get_one(Site, scene.site_id)
        offered = offers.for_people(scene.shelter_id, cases, FIRST, LAST, site)
        return dict(offered[0].places) if offered else {}
    finally:
        session.remove()


def given(scene: Scene) -> tuple[int, int]:
    """Places that are given, and how many different ones."""
    with access.acting_as(scene.coordinator):
        found = session.scalars(sa.select(Stay.place_id).where(Stay.team_id == scene.shelter_id)).all()
        session.remove()
    return len(found), len(set(found))


def deadlocks(owner_url: Any) -> int:
    """What PostgreSQL counted in this database."""
    engine = sa.create_engine(owner_url)
    with engine.connect() as connection:
        found = connection.scalar(
            sa.text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
    engine.dispose()
    return int(found or 0)


def main() -> int:
    clients = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    os.environ["ACOGIDA_ENV"] = "test"
    from caseapp import load_areas
    from tests.bench.cluster import database

    load_areas()
    with database() as owner_url:
        scene = arrange(owner_url, clients)
        began = time.perf_counter()
        told = compete(scene)
        took = time.perf_counter() - began
        time.sleep(1.5)  # the statistics of the backends arrive
        rows, places = given(scene)
        crossed = deadlocks(owner_url)
    fit = ROOMS * BEDS // EACH
    waited = sorted(told.seconds)
    print(
        "| clients | places each | last places | fit | won | no place | attempts refused | deadlocks | p50 s | p95 s | all s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    print(
        f"| {clients} | {EACH} | {ROOMS * BEDS} | {fit} | {told.words['booked']} | {told.words['no place']} "
        f"| {told.attempts['refused']} | {crossed} | {waited[len(waited) // 2]:.2f} | {waited[int(len(waited) * 0.95)]:.2f} | {took:.1f} |"
    )
    print(f"places given: {rows}, different: {places}; told: {dict(told.words)}")
    right = told.words == {"booked": fit, "no place": clients - fit} and rows == places == fit * EACH
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
