"""Families of a list that wait because one of them may be registered already: a person decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import access, audit, clock, crypto
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.people import service as people
from caseapp.people.models import Case
from caseapp.people.rules import Birth
from caseapp.people.service import KnownPerson, NewFamily, NewPerson
from caseapp.reception.models import ImportHeld, ImportSource
from caseapp.reception.rules.held import without
from caseapp.reception.rules.rows import Checked
from caseapp.reception.service.importing import new_person
from caseapp.reception.service.register import Arriving, NewArrival, register_families

Pair = tuple[int, UUID]


class Undecided(Refused):
    """A pair has no answer."""

    sentence = _l("Diga de cada persona si es la misma o no.")


class HeldDecided(Refused):
    """Somebody decided meanwhile."""

    sentence = _l("Esta familia ya no espera: alguien decidió antes.")
    status = 409


@dataclass(frozen=True, slots=True)
class HeldMember:
    """A row that waits, or a member who has a file already."""

    row: Checked
    key: bytes
    known: bool
    file: UUID | None


def members_of(held: ImportHeld) -> list[HeldMember]:
    """The rows of a family that waits, the head first; empty after the decision."""
    return [_member(one) for one in json.loads(held.people or "[]")]


def _member(said: dict[str, Any]) -> HeldMember:
    key, file, known = bytes.fromhex(said.pop("key")), said.pop("file"), said.pop("known")
    precision, *bounds = said.pop("birth")
    birth = Birth(precision, *(d and date.fromisoformat(d) for d in bounds))
    said["arrived_on"] = date.fromisoformat(said["arrived_on"])
    said["nationalities"], said["languages"] = tuple(said["nationalities"]), tuple(said["languages"])
    return HeldMember(Checked(birth=birth, **said), key, known, UUID(file) if file else None)


def pairs_of(held: ImportHeld) -> list[Pair]:
    """Which member may be which file's person."""
    return [(a["member"], UUID(a["case_id"])) for a in held.alike if a["case_id"]]


def decide(held: ImportHeld, answers: Mapping[Pair, str], *, team: Team, on: date) -> None:
    """Every pair is SAME or NOT_SAME: whoever is the same keeps the file they have, the others are registered,
    and the rows of the list are remembered as these files. Raises Undecided, HeldDecided."""
    if held.decided_at is not None:
        raise HeldDecided
    if any(answers.get(pair) not in ("SAME", "NOT_SAME") for pair in pairs_of(held)):
        raise Undecided
    members = members_of(held)
    same: dict[int, UUID] = {}
    for (place, file), answer in answers.items():
        if answer == "SAME":
            same.setdefault(place, file)
    open_here = _open_here({*same.values(), *(m.file for m in members if m.file)}, team)
    files = _register(members, same, open_here, team, on)
    for (place, file), answer in answers.items():
        if answer == "NOT_SAME" and place in files and files[place] != file:
            people.note_candidate(files[place], file, _score(held, place, file), "NOT_SAME")
    for place, member in enumerate(members):
        if place in files and not member.known:
            _bind(held, member.key, files[place])
    _end(held)
    audit.record("decided", "import_held", held.id)


def forget(case: Case) -> None:
    """The person of this file is erased: so is what families of lists that wait say of them. Whoever of the family has
    no file yet waits on; where nobody does, there is nothing left to decide."""
    waiting = session.scalars(
        sa.select(ImportHeld)
        .where(ImportHeld.team_id == case.team_id, ImportHeld.decided_at.is_(None))
        .with_for_update()
    ).all()
    crypto.load_keys([held.id for held in waiting])
    for held in waiting:
        said = json.loads(held.people or "[]")
        kept, alike = without(said, held.alike, str(case.id))
        if len(kept) == len(said) and len(alike) == len(held.alike):
            continue
        held.people, held.alike = json.dumps(kept, ensure_ascii=False), alike
        if all(one["known"] for one in kept):
            _end(held)
    session.flush()


def _end(held: ImportHeld) -> None:
    """Nothing of the family's rows stays, nor the key that could read them."""
    held.people, held.decided_at, held.decided_by_id = None, clock.now(), access.current().user_id
    held.alike = []
    session.flush()
    crypto.destroy_key(held.id)


def _open_here(files: set[UUID], team: Team) -> set[UUID]:
    """Those of the files that may join a household of the team."""
    asked = sa.select(Case.id).where(Case.id.in_(files), Case.team_id == team.id, Case.status == "OPEN")
    return set(session.scalars(asked))


def _register(
    members: list[HeldMember], same: dict[int, UUID], open_here: set[UUID], team: Team, on: date
) -> dict[int, UUID]:
    """The file of each member by place; the new ones are registered with those of the family who have files."""
    files = {p: file for p, m in enumerate(members) if (file := same.get(p) or m.file)}
    new = [p for p, m in enumerate(members) if p not in files and not m.known]
    if not new:
        return files
    # A file joins once, even if two rows turned out to be the same person.
    first = {file: place for place, file in reversed(files.items())}
    joining = [
        p
        for p in range(len(members))
        if p in new or (p in files and files[p] in open_here and first[files[p]] == p)
    ]
    with_head = joining[0] == 0
    parts: list[NewPerson | KnownPerson] = []
    for place in joining:
        person = new_person(members[place].row, team.country)
        relation = person.relation_to_head if with_head and place else None
        if place in files:
            parts.append(KnownPerson(files[place], relation))
        else:
            parts.append(replace(person, relation_to_head=relation))
    arrivals = tuple(NewArrival(members[p].row.arrived_on, members[p].row.place) for p in joining)
    made = register_families([Arriving(NewFamily(tuple(parts)), arrivals)], team=team, on=on)[0]
    return files | {place: case.id for place, case in zip(joining, made.cases, strict=True)}


def _score(held: ImportHeld, place: int, file: UUID) -> int:
    return next((a["score"] for a in held.alike if (a["member"], a["case_id"]) == (place, str(file))), 0)


def _bind(held: ImportHeld, key: bytes, file: UUID) -> None:
    session.execute(
        sa.update(ImportSource)
        .where(ImportSource.country == held.country, ImportSource.key == key)
        .values(case_id=file, held_id=None)
        .execution_options(synchronize_session=False)
    )
