"""`python -m tests.bench.who`: who can take six people, asked of 400 sites with 20,000 places.

    python -m tests.bench.who [--sites 400] [--times 60]

Asserts nothing about speed.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from caseapp import load_areas
from caseapp.accounts.models import Team
from caseapp.core import access, clock, db
from caseapp.core.db import session
from caseapp.places.models import Site
from caseapp.shelter.who import queries
from tests.bench.installation import Installation, installed
from tests.factories import make_household, make_person, make_site, make_team, make_user, principal_of
from tests.factories.shelter import relate, require

#: Rooms of a site: code, whom it takes, traits, one household, places. Fifty places in all.
ROOMS = (
    *((f"F{n}", "FAMILIES", ["FAMILY_ROOM", "GROUND_FLOOR", "STEP_FREE"][: 1 + 2 * (n % 2)], True, 3 + n) for n in range(1, 5)),
    ("M1", "WOMEN", ["WOMEN_ONLY", "LOWER_BUNK"], False, 12), ("H1", "MEN", [], False, 14),
    ("A1", "ANYONE", ["STEP_FREE", "ACCESSIBLE_BATH"], True, 2),
)  # fmt: skip


def fill(where: Installation, sites: int, tonight: date) -> None:
    """Sites in a grid, three of four places taken, two ended stays for each that goes on; triggers are put aside."""
    with where.connect() as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(
            "INSERT INTO site (id, code, country, kind, name, sort_key, admin1, timezone, latitude, longitude, child_licence) "
            "SELECT gen_random_uuid(), 'ZZ-' || lpad(upper(to_hex(n)), 3, '0'), 'MEX', 'SHELTER', 'Sitio ' || n, 'sitio ' || n, "
            "'MX07', 'America/Mexico_City', 14 + (n %% 40) * 0.2, -104 + (n / 40) * 1.2, false FROM generate_series(1, %s) n",
            (sites,),
        )
        owner.execute(
            "INSERT INTO team (id, code, type, country, site_id, name, sort_key, active) "
            "SELECT gen_random_uuid(), code || '-SHELTER', 'SHELTER', 'MEX', id, name, sort_key, true FROM site WHERE code LIKE 'ZZ-%'"
        )
        owner.execute(
            "INSERT INTO service (id, site_id, team_id, kind, name, sort_key, active) SELECT gen_random_uuid(), site_id, id, "
            "'SHELTER', name, sort_key, true FROM team WHERE code LIKE 'ZZ-%'"
        )
        owner.execute("INSERT INTO service_language SELECT id, 'hat' FROM service WHERE right(name, 1) = '3'")
        for code, takes, traits, one, places in ROOMS:
            owner.execute(
                "INSERT INTO unit (id, site_id, team_id, code, name, sort_key, takes, traits, one_household) SELECT "
                "gen_random_uuid(), site_id, id, %s, %s, %s, %s, %s, %s FROM team WHERE code LIKE 'ZZ-%%'",
                (code, f"Cuarto {code}", code.lower(), takes, traits, one),
            )
            owner.execute(
                "INSERT INTO place (id, unit_id, team_id, code, kind, opened_on) SELECT gen_random_uuid(), u.id, u.team_id, "
                "u.code || '-' || n, 'BED', '2024-01-01' FROM unit u, generate_series(1, %s) n WHERE u.code = %s",
                (places, code),
            )
        _stays(owner, tonight)
        owner.execute(
            "INSERT INTO case_event (id, kind, effective_on, recorded_at, country, team_id, actor) SELECT gen_random_uuid(), "
            "'capacity.confirmed', %s, now(), 'MEX', id, 'system:bench' FROM team, generate_series(1, 20) WHERE code LIKE 'ZZ-%%'",
            (tonight,),
        )
        owner.commit()
        owner.autocommit = True
        owner.execute("VACUUM ANALYZE")


def _stays(owner: Any, tonight: date) -> None:
    columns = "id, case_id, household_id, site_id, team_id, unit_id, place_id, one_household, first_night, last_night, state, child, child_safe_in, booked_at, arrived_at"
    chosen = (
        "SELECT gen_random_uuid(), gen_random_uuid(), CASE WHEN u.one_household THEN u.id END, u.site_id, u.team_id, u.id, p.id, "
        "u.one_household, {first}, {last}, {state}, {child}, CASE WHEN {child} THEN 'MEN' END, now(), now(){more} FROM place p JOIN unit u ON u.id = p.unit_id "
        "WHERE hashtext(CASE WHEN u.one_household THEN u.id ELSE p.id END::text) %% 4 <> 0"
    )
    going = chosen.format(
        first="%(t)s::date - 5", last="%(t)s::date + 3", state="'IN'",
        child="u.one_household AND p.code LIKE '%%3'", more="",
    )  # fmt: skip
    owner.execute(f"INSERT INTO stay ({columns}) {going}", {"t": tonight})
    for back in (40, 80):
        ended = chosen.format(
            first=f"%(t)s::date - {back + 20}", last=f"%(t)s::date - {back}", state="'ENDED'", child="false",
            more=", now(), 'OWN_WISH', 'RENTED'",
        )  # fmt: skip
        owner.execute(
            f"INSERT INTO stay ({columns}, left_at, end_reason, end_destination) {ended}", {"t": tonight}
        )


def family() -> tuple[access.Principal, Team, list[Any]]:
    """Six people at a desk: one needs a step-free place, one is a baby."""
    session(bind=db.engine("owner"))
    site = make_site(code="MX-DSK", latitude=14.9, longitude=-92.3)
    desk = make_team(site)
    mother = make_person(desk, birth=date(1990, 1, 1))
    father = make_person(desk, birth=date(1989, 1, 1), sex_in_document="M")
    children = [make_person(desk, birth=date(2012 + 2 * n, 5, 1)) for n in range(4)]
    make_household(desk, mother, father, *children)
    for child in children:
        relate(mother, child)
        relate(father, child)
    require(father, "STEP_FREE")
    who = principal_of(make_user("CASEWORKER", desk), ("CASEWORKER", desk))
    session.commit()
    session.remove()
    return who, desk, [mother.case_id, father.case_id, *(c.case_id for c in children)]


def measured(ask: Callable[[], object], times: int) -> str:
    """Median and p95 in milliseconds after a warm-up: by the clock, and of the processor (ours and PostgreSQL's), which
    other work on the machine makes no longer."""
    for _ in range(8):
        ask()
    backend = session.scalar(sa.text("SELECT pg_backend_pid()"))
    took, worked = [], []
    for _ in range(times):
        began, before = time.perf_counter(), time.process_time() + _processor(backend)
        ask()
        took.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.process_time() + _processor(backend) - before))
        session.commit()
        session.expunge_all()
    return f"{_pair(took)}; of the processor {_pair(worked)}"


def _pair(figures: list[float]) -> str:
    figures = sorted(figures)
    return f"{statistics.median(figures):.0f} / {figures[int(0.95 * len(figures))]:.0f}"


def _processor(pid: int) -> float:
    """Seconds of the processor that a process of this machine has had; 0 where that cannot be read."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, ValueError):
        return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.who")
    parser.add_argument("--sites", type=int, default=400)
    parser.add_argument("--times", type=int, default=60)
    options = parser.parse_args()
    load_areas()
    with installed() as where:
        tonight = clock.today("America/Mexico_City")
        fill(where, options.sites, tonight)
        with access.acting_as(access.system("bench")):
            principal, desk, cases = family()
        with access.acting_as(principal):
            last = tonight + timedelta(days=2)
            site_id = desk.site_id

            def rooms() -> object:
                return queries.spots("MEX", tonight, last)

            def whole() -> object:
                seekers = queries.seekers(cases, session.get_one(Site, site_id), tonight)
                assert seekers is not None
                return queries.asked(seekers, "MEX", tonight, last)

            found: Any = whole()
            gc.collect()
            gc.freeze()  # as config/gunicorn.py
            places = sum(b.free for s in queries.spots("MEX", tonight, last) for b in s.bays)
            print(
                f"{options.sites} sites, {50 * options.sites} places, {places} free; {len(found)} sites can take six people"
            )
            print(
                f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; milliseconds, median / p95"
            )
            print(f"free places of the country by unit: {measured(rooms, options.times)}")
            print(f"who can take them, ranked, with their reasons: {measured(whole, options.times)}")


if __name__ == "__main__":
    main()
