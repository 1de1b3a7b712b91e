"""See that copies are what the services make: the same tables, columns and rows, and the services read them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.people import queries, service
from caseapp.people.models import Case
from tests.bench.copies import TOKEN_TABLE
from tests.bench.filling import Filled
from tests.bench.installation import Installation
from tests.bench.originals import Table, ids_in

Shape = dict[str, list[tuple[str, ...]]]


def differences(where: Installation, filled: Filled) -> list[str]:
    """How the first copy of each original differs from it in tables, rows and filled columns; nothing if all is well."""
    found = []
    with where.connect() as owner:
        for n, cases in sorted(filled.first_copies.items()):
            original = filled.originals[n]
            one, other = (_shape(owner, filled.tables, of) for of in (original.cases, cases))
            found += [
                f"family {n}: {table}: {_told(one.get(table))} written, {_told(other.get(table))} copied"
                for table in sorted({*one, *other})
                if one.get(table) != other.get(table)
            ]
    return found


def _told(rows: Sequence[Any] | None) -> str:
    return f"{len(rows or ())} rows"


def _shape(connection: psycopg.Connection[Any], tables: Sequence[Table], cases: Sequence[UUID]) -> Shape:
    """The filled columns of every row of a family, by table. Tokens depend on the names: only which columns count."""
    shape: Shape = {}
    ids = set(cases)
    for table in sorted(tables, key=lambda t: ("case_id" not in t.columns, t.name)):
        column = "case_id" if "case_id" in table.columns else "id" if "id" in table.columns else "person_id"
        query = f"SELECT {', '.join(chr(34) + c + chr(34) for c in table.columns)} FROM {table.name} WHERE {column} = ANY (%s)"
        rows = connection.execute(query, [list(ids)]).fetchall()
        ids.update(i for row in rows for i in ids_in(row))
        filled = sorted(
            tuple(c for c, v in zip(table.columns, row, strict=True) if v is not None) for row in rows
        )
        shape[table.name] = sorted(set(filled)) if table.name == TOKEN_TABLE else filled
    return shape


def opened(filled: Filled, random: Random, most: int = 20) -> tuple[int, int, int]:
    """Of some copies, how many the services open with their names, how many the search finds; and how many were tried."""
    tried = readable = found = 0
    copies = random.sample(sorted(filled.first_copies.items()), min(most, len(filled.first_copies)))
    desk_of = {d.team: d for d in filled.desks}
    for _, cases in copies:
        with access.acting_as(access.system("bench")):
            team, number = _owner(cases[0], filled)
        with access.acting_as(desk_of[team].principal):
            case = queries.case_by_number(number, access.current())
            person = queries.person_of(case)
            tried += 1
            readable += bool(person.full_name) and len(queries.consents_of(case.id)) > 0
            year = person.birth_from.year if person.birth_from else ""
            hits = service.search(f"{person.full_name} {year}", access.current(), on=clock.today()).hits
            found += case.id in {h.summary.case_id for h in hits}
        session.remove()
    return readable, found, tried


def _owner(case_id: UUID, filled: Filled) -> tuple[UUID, str]:
    """The team and the number of a copy: asked as each desk in turn, for policies hide it from the others."""
    for desk in filled.desks:
        with access.acting_as(desk.principal):
            row = session.execute(
                sa.select(Case.team_id, Case.number).where(Case.id == case_id)
            ).one_or_none()
        session.remove()
        if row is not None:
            return row.team_id, row.number
    raise LookupError("a copy that no desk may open")
