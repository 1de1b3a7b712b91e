"""The families that are copied: invented, and written through the services that a person uses.

Everything of a family is read back from the database without naming its tables: whatever rows the verbs left
behind, and hang together by their ids, belong to it. A table that an area adds is copied without a change here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa

from caseapp.accounts.models import Membership, Team, User
from caseapp.core import access, clock, db
from caseapp.core.db import session
from caseapp.people import service as people
from caseapp.people.events import CASE_CLOSED, happened
from caseapp.people.models import Case, Person
from caseapp.people.queries import birth_of, needs_of
from caseapp.people.rules import is_child
from caseapp.people.service import NewConsent
from caseapp.places.models import Site
from caseapp.procedure import service as procedure
from caseapp.reception.service import NewArrival, register_family
from caseapp.solutions import service as solutions
from workers.demo.people import Family, invent, shapes

COUNTRY = "MEX"
ZONE = "America/Mexico_City"
TEAMS = 10
#: What no family owns: traces of the acts themselves, and what is worked out from the journal.
NOT_OF_A_FAMILY = {"audit", "outbox", "job_run", "user_session", "alembic_version"}


@dataclass(frozen=True)
class Desk:
    """A reception desk with its worker."""

    team: UUID
    site: UUID
    user: UUID
    principal: access.Principal


@dataclass
class Original:
    """A family as its rows: table (with schema) → rows in the order of the table's columns."""

    desk: Desk
    cases: list[UUID]
    open: bool
    moment: datetime
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))


def desks() -> list[Desk]:
    """Ten reception desks at ten sites, each with one caseworker; commits as the owner."""
    made = []
    with sa.orm.Session(db.engine("owner"), expire_on_commit=False) as owner:
        for n in range(1, TEAMS + 1):
            site = Site(
                code=f"MX-{n:03d}", country=COUNTRY, kind="RECEPTION_CENTRE", name=f"Centro {n}", sort_key=f"centro {n:02d}",
                admin1="MX07", timezone=ZONE,
            )  # fmt: skip
            owner.add(site)
            owner.flush()
            team = Team(
                code=f"{site.code}-RECEPTION_DESK", type="RECEPTION_DESK", country=COUNTRY, site_id=site.id,
                name=f"Recepción {n}", sort_key=f"recepcion {n:02d}",
            )  # fmt: skip
            user = User(email=f"medida{n}@ejemplo.example", name=f"Persona {n}", created_at=clock.real_now())
            owner.add_all([team, user])
            owner.flush()
            owner.add(
                Membership(user_id=user.id, team_id=team.id, role="CASEWORKER", valid_from=date(2013, 1, 1))
            )
            grant = access.Grant("CASEWORKER", team.id, team.code, team.type, COUNTRY, site.id)
            who = access.Principal(user.email, user.id, (grant,), "user", "es")
            made.append(Desk(team.id, site.id, user.id, who))
        owner.commit()
    return made


def write(desks: Sequence[Desk], persons: int, random: Random) -> list[Original]:
    """Invent about so many persons and write their families through the verbs; every second family is closed."""
    today = clock.today(ZONE)
    made = []
    for n, shape in enumerate(shapes(COUNTRY, persons, random)):
        is_open = n % 2 == 0
        ago = random.randint(1, 200) if is_open else random.randint(260, 500)
        arrived = today - timedelta(days=ago)
        family = invent(COUNTRY, shape, arrived, random)
        desk = desks[n % len(desks)]
        moment = datetime.combine(arrived, time(17, n % 60), UTC)
        with access.acting_as(desk.principal), clock.held_at(moment):
            cases = _story(family, desk, arrived, is_open, random)
            session.commit()
        session.remove()
        made.append(Original(desk, cases, is_open, moment))
    return made


def _story(family: Family, desk: Desk, on: date, is_open: bool, random: Random) -> list[UUID]:
    """Registration, consents, needs with what a place must have, a claim, a plan, attempts to reach; the end."""
    team = session.get_one(Team, desk.team)
    mode = random.choice(("ON_FOOT", "BUS", "TRAIN", "NOT_ASKED"))
    made = register_family(family.new, NewArrival(on, "MX07", mode), team=team, on=on)
    claim = random.random() < 0.8
    for case, person in zip(made.cases, made.persons, strict=True):
        _consents(case, person, made.cases[0].id, on)
        if random.random() < 0.5:
            _needs(case, person, on, random)
        later = on + timedelta(days=random.randint(1, 20))
        with clock.held_at(clock.now() + (later - on)):
            if random.random() < 0.3:
                people.record_attempt(case, channel="CALL", result="NO_ANSWER", on=later)
            if claim and "ASYLUM_SEEKER" in family.new.members[0].populations:  # type: ignore[union-attr]
                lodged = procedure.lodge(case, on=later)
                if not is_open:
                    procedure.close(case, lodged, on=later, reason="IMPLICIT_WITHDRAWAL")
            if random.random() < 0.25:
                solutions.plan(case, pathway="LOCAL_INTEGRATION", on=later)
    if not is_open:
        _close(made.cases, on + timedelta(days=60))
    return [c.id for c in made.cases]


def _consents(case: Case, person: Person, head: UUID, on: date) -> None:
    child = is_child(birth_of(person), person.age_status, on)
    for purpose in ("REGISTER", "REFER_SHELTER"):
        people.record_consent(
            case,
            person,
            NewConsent(
                purpose, form="SIGNED", given_by="PARENT" if child else "SELF",
                given_by_case_id=head if child and head != case.id else None,
            ),
            on=on,
        )  # fmt: skip


def _needs(case: Case, person: Person, on: date, random: Random) -> None:
    code = random.choice(("DS-PM", "SM-OT", "SP-PT", "WR-UW", "FU-TR"))
    people.record_need(
        case, person, code, random.choice(("HIGH", "MEDIUM")), "Lo contó en la entrevista.", on=on
    )
    people.set_requirement(
        case, random.choice(("STEP_FREE", "LOWER_BUNK", "GROUND_FLOOR")), on=on, detail="Rodilla"
    )


def _close(cases: Sequence[Case], on: date) -> None:
    for case in cases:
        for need in needs_of(case.id, open_only=True):
            people.meet_need(case, need, on=on)
        case.status, case.closed_on, case.closure_reason = "CLOSED", on, "CONTACT_LOST"
        happened(CASE_CLOSED, case, on=on, reason="CONTACT_LOST")
    session.flush()


# --- read back ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A table that holds families' rows, with the columns that a copy writes (generated ones are left out)."""

    name: str
    columns: tuple[str, ...]


def tables(connection: psycopg.Connection[Any]) -> list[Table]:
    """Every table of casework and its key ring, with its columns."""
    rows = connection.execute(
        """
        SELECT format('%%I.%%I', n.nspname, c.relname), array_agg(a.attname::text ORDER BY a.attnum)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attidentity = '' AND a.attgenerated = ''
        WHERE c.relkind = 'r' AND n.nspname IN ('public', 'keyring') AND NOT c.relname = ANY (%s)
        GROUP BY 1 ORDER BY 1
        """,
        [sorted(NOT_OF_A_FAMILY)],
    )
    return [Table(name, tuple(columns)) for name, columns in rows]


def filled(connection: psycopg.Connection[Any], among: Sequence[Table]) -> list[Table]:
    """Those that hold a row."""
    return [t for t in among if connection.execute(f"SELECT FROM {t.name} LIMIT 1").fetchone() is not None]


def read_back(
    connection: psycopg.Connection[Any], of: Sequence[Table], families: Sequence[Original], world: set[UUID]
) -> None:
    """Give each family its rows: rows that share an id hang together, but for ids of the `world` around them
    (sites, teams, users), which everybody shares."""
    rows = [
        (table, row)
        for table in of
        for row in connection.execute(f"SELECT {', '.join(_quoted(table.columns))} FROM {table.name}")
    ]
    joined = _Joined()
    for _, row in rows:
        ids = [i for i in ids_in(row) if i not in world]
        for one in ids[1:]:
            joined.join(ids[0], one)
    family_of = {joined.root(f.cases[0]): f for f in families}
    for table, row in rows:
        ids = [i for i in ids_in(row) if i not in world]
        family = family_of.get(joined.root(ids[0])) if ids else None
        if family is not None:
            family.rows[table.name].append(row)


def ids_in(row: Sequence[Any]) -> Iterator[UUID]:
    """Every id in a row, also in lists."""
    for value in row:
        if isinstance(value, UUID):
            yield value
        elif isinstance(value, list):
            yield from (v for v in value if isinstance(v, UUID))


def _quoted(columns: Sequence[str]) -> list[str]:
    return [f'"{c}"' for c in columns]


class _Joined:
    """Sets of ids that hang together."""

    def __init__(self) -> None:
        self._above: dict[UUID, UUID] = {}

    def root(self, one: UUID) -> UUID:
        while (above := self._above.get(one, one)) != one:
            self._above[one] = self._above.get(above, above)
            one = above
        return one

    def join(self, one: UUID, other: UUID) -> None:
        self._above[self.root(one)] = self.root(other)
