"""Import a file of people: read it twice, first to check every row, then to register family after family through
the verb that the desk uses.

Nothing is written while a row is wrong, unless what is right was asked for. A row that was imported before is left
alone. A family with somebody who may be registered already waits for a person's decision (`held`). Each step is a
transaction's worth of work: the generator flushes and yields, whoever runs it commits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.exc import IntegrityError

from caseapp.accounts.models import Team
from caseapp.core import clock, crypto, journal
from caseapp.core.db import insert_rows, session
from caseapp.people import service as people
from caseapp.people.rules import Birth
from caseapp.people.service import (
    Alike,
    Asked,
    KnownPerson,
    NewContact,
    NewDocument,
    NewFamily,
    NewPerson,
    Seen,
)
from caseapp.reception.models import ImportHeld, ImportSource
from caseapp.reception.rules.reasons import Wrong
from caseapp.reception.rules.rows import Checked, Where, situation
from caseapp.reception.service import reading
from caseapp.reception.service.reading import Line, Reading
from caseapp.reception.service.register import Arriving, NewArrival, register_families

CHUNK = 400  # people in one transaction
MOST_ALIKE = 2000  # families of which it is said whom they may be

_KNOWN = sa.text("SELECT key, case_id, waits FROM known_imports(:country, :keys)").bindparams(
    sa.bindparam("keys", type_=pg.ARRAY(sa.LargeBinary()))
).columns(key=sa.LargeBinary(), case_id=sa.Uuid(), waits=sa.Boolean())  # fmt: skip


@dataclass
class Report:
    """What became of a file: `rows` are `created`, `existing`, `skipped` or wait as possible `duplicates`; unless
    `refused`, when nothing was imported because of `errors` (row, what is wrong). `done` rows are dealt with. `alike`
    says of rows whom they may be: another row, or somebody registered (`rules.reasons.ALIKE`), the first so many."""

    rows: int = 0
    created: int = 0
    existing: int = 0
    skipped: int = 0
    duplicates: int = 0
    errors: list[tuple[int, Wrong]] = field(default_factory=list)
    alike: list[tuple[int, Wrong]] = field(default_factory=list)
    refused: bool = False
    step: str = "CHECK"
    done: int = 0


@dataclass(slots=True)
class _Family:
    """Rows of one household, the head first, and what is known of them."""

    lines: list[Line]
    files: dict[bytes, UUID | None] = field(default_factory=dict)  # of rows that were imported before
    waiting: int = 0
    asked: dict[int, Asked] = field(default_factory=dict)
    alike: dict[int, list[Alike]] = field(default_factory=dict)

    @property
    def new(self) -> list[tuple[int, Line]]:
        return [(i, line) for i, line in enumerate(self.lines) if line.key not in self.files]


def import_people(
    content: IO[bytes],
    where: Where,
    *,
    team: Team,
    run_id: UUID,
    dry_run: bool,
    skip_bad: bool,
    created_before: int = 0,
) -> Iterator[Report]:
    """Import the file in `content`, yielding the report as it grows; the last one is the result. With `dry_run`
    nothing is written. `created_before`: people whom this run registered already when its process ended early; the
    report tells the whole. Acts as the current principal, who must be of the team. Raises Unreadable."""
    report = Report(created=created_before)
    found = Reading(where)
    for found in reading.read(content, where):
        report.rows = report.done = found.rows
        yield report
    report.errors = found.errors
    fatal = any(row == 1 and wrong.code != "COLUMN_UNKNOWN" for row, wrong in found.errors)
    if found.errors and (fatal or not skip_bad):
        report.refused = True
        yield report
        return
    if found.errors:
        reading.leave_families_whole(content, found)
    report.skipped = len(found.left_out)
    report.existing = len(found.repeated)
    report.step, report.done = "IMPORT", report.skipped + report.existing
    yield report
    seen = Seen()
    ours = created_before  # of the rows that are found to be there already, those that this run put there
    for chunk in _chunks(_families(reading.lines(content, found), found)):
        before = report.existing
        _take(chunk, where, seen, report, team=team, run_id=run_id, dry_run=dry_run)
        again = min(ours, report.existing - before)
        report.existing, ours = report.existing - again, ours - again
        if not dry_run:
            seen = Seen()  # they have files now, by which they are found
        yield report


def _families(rows: Iterator[Line], found: Reading) -> Iterator[_Family]:
    """Families as soon as their last row was read; rows without a household one by one."""
    waiting: dict[str, list[Line]] = {}
    for line in rows:
        name = line.checked.household
        if not name:
            yield _Family([line])
            continue
        members = waiting.setdefault(name, [])
        members.append(line)
        if len(members) == found.households[name].rows:
            yield _Family(_head_first(waiting.pop(name)))
    for members in waiting.values():
        yield _Family(_head_first(members))


def _head_first(members: list[Line]) -> list[Line]:
    """Whoever is marked as head, else the first who is nobody's relative, else the first."""
    marked = [m for m in members if m.checked.head] or [m for m in members if m.checked.relation is None]
    head = (marked or members)[0]
    return [head, *(m for m in members if m is not head)]


def _chunks(families: Iterator[_Family]) -> Iterator[list[_Family]]:
    chunk: list[_Family] = []
    size = 0
    for family in families:
        chunk.append(family)
        size += len(family.lines)
        if size >= CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _take(
    chunk: list[_Family], where: Where, seen: Seen, report: Report, *, team: Team, run_id: UUID, dry_run: bool
) -> None:
    """Register what is new of these families; hold those with somebody who may be registered already."""
    _what_is_known(chunk, where.country)
    todo = [family for family in chunk if family.new]
    _who_is_alike(todo, where.country)
    registered: list[_Family] = []
    held: list[_Family] = []
    for family in todo:
        _compare_in_list(family, seen)
        (held if family.alike else registered).append(family)
    if not dry_run:
        files = _register(registered, where, team)
        _hold(held, files, where, team, run_id)
    for family in held[: max(MOST_ALIKE - len(report.alike), 0)]:
        report.alike += _said(family)
    for family in chunk:
        report.existing += len(family.files) - family.waiting
        report.duplicates += family.waiting + (len(family.new) if family.alike else 0)
        report.created += 0 if family.alike else len(family.new)
        report.done += len(family.lines)


def _what_is_known(chunk: Sequence[_Family], country: str) -> None:
    keys = [line.key for family in chunk for line in family.lines]
    rows = session.execute(_KNOWN, {"country": country, "keys": keys})
    known = {bytes(row.key): (row.case_id, row.waits) for row in rows}
    for family in chunk:
        for line in family.lines:
            if line.key in known:
                family.files[line.key] = known[line.key][0]
                family.waiting += known[line.key][1]


def _who_is_alike(families: Sequence[_Family], country: str) -> None:
    asked: list[Asked] = []
    whose: list[tuple[_Family, int]] = []
    for family in families:
        for place, line in family.new:
            one = people.asked_of(new_person(line.checked, country), (line.checked.number, line.key), country)
            family.asked[place] = one
            asked.append(one)
            whose.append((family, place))
    for ref, found in people.registered_alike(asked, country).items():
        family, place = whose[ref]
        own = set(family.files.values())
        others = [one for one in found if one.case_id not in own]
        if others:
            family.alike[place] = others[:3]


def _compare_in_list(family: _Family, seen: Seen) -> None:
    """With earlier families of the list that are registered, and the members of this one among themselves."""
    for place, one in family.asked.items():
        earlier = seen.alike(one)[:3]
        if earlier:
            family.alike[place] = [*family.alike.get(place, ()), *earlier][:3]
    within = Seen()
    for place, one in family.asked.items():
        if twins := within.alike(one):
            family.alike[place] = [*family.alike.get(place, ()), *twins][:3]
        within.add(one)
    if not family.alike:
        for one in family.asked.values():
            seen.add(one)


def _register(families: Sequence[_Family], where: Where, team: Team) -> dict[bytes, UUID]:
    """Register them all; the file of each row. A public number that is taken already is drawn again."""
    for left in (2, 1, 0):
        try:
            with session.begin_nested():
                return _registered(families, where, team)
        except IntegrityError as error:
            name = getattr(getattr(error.orig, "diag", None), "constraint_name", "")
            if name not in ("uq_case_number", "uq_household_number") or not left:
                raise
    raise AssertionError("unreachable")


def _registered(families: Sequence[_Family], where: Where, team: Team) -> dict[bytes, UUID]:
    if not families:
        return {}
    parts = [_as_arriving(family, where) for family in families]
    arriving = [one for one, _ in parts]
    with journal.together():
        made = register_families(arriving, team=team, on=where.on)
    files = {
        key: case.id
        for (_, keys), became in zip(parts, made, strict=True)
        for key, case in zip(keys, became.cases, strict=True)
        if key is not None
    }
    insert_rows(
        [
            ImportSource(country=where.country, key=key, team_id=team.id, case_id=file)
            for key, file in files.items()
        ]
    )
    return files


def _as_arriving(family: _Family, where: Where) -> tuple[Arriving, list[bytes | None]]:
    """The family to register, and the key of each new member. Members who have a file come with it."""
    members: list[NewPerson | KnownPerson] = []
    arrivals: list[NewArrival] = []
    keys: list[bytes | None] = []
    with_head = family.lines[0].key not in family.files or family.files[family.lines[0].key] is not None
    for place, line in enumerate(family.lines):
        row = line.checked
        relation = row.relation if with_head and place else None
        if line.key in family.files:
            file = family.files[line.key]
            if file is None:
                continue
            members.append(KnownPerson(file, relation))
        else:
            tokens = family.asked[place].is_found_by
            members.append(replace(new_person(row, where.country), relation_to_head=relation, tokens=tokens))
        keys.append(None if line.key in family.files else line.key)
        arrivals.append(NewArrival(row.arrived_on, row.place))
    return Arriving(NewFamily(tuple(members)), tuple(arrivals)), keys


def new_person(row: Checked, country: str) -> NewPerson:
    """The person of a row. A telephone whose safety nobody asked about is used through the desk only."""
    unnamed = not (row.given_names or row.surname_1)
    documents = (NewDocument(row.document_type, row.document_number),) if row.document_type else ()
    contacts = (NewContact("ONLY_VIA", row.phone),) if row.phone else ()
    return NewPerson(
        given_names=row.given_names, surname_1=row.surname_1, surname_2=row.surname_2,
        called_name=row.also_known_as if unnamed else "", also_known_as="" if unnamed else row.also_known_as,
        birth=row.birth, sex_in_document=row.sex, nationalities=row.nationalities, languages=row.languages,
        populations=situation(row.nationalities, country), documents=documents, contacts=contacts,
        relation_to_head=row.relation,
    )  # fmt: skip


# -- families that wait ---------------------------------------------------------------------------------------


def _hold(
    families: Sequence[_Family], files: dict[bytes, UUID], where: Where, team: Team, run_id: UUID
) -> None:
    if not families:
        return
    rows = [
        ImportHeld(
            run_id=run_id, team_id=team.id, country=where.country,
            first_row=min(line.checked.number for line in family.lines), made_at=clock.now(),
            alike=[_told(place, one, files) for place, found in sorted(family.alike.items()) for one in found],
        )
        for family in families
    ]  # fmt: skip
    crypto.new_keys([row.id for row in rows], where.country)
    sources: list[ImportSource] = []
    for row, family in zip(rows, families, strict=True):
        row.people = json.dumps([_packed(line, family.files) for line in family.lines], ensure_ascii=False)
        sources += [
            ImportSource(country=where.country, key=line.key, team_id=team.id, held_id=row.id)
            for _, line in family.new
        ]
    session.add_all(rows)
    session.flush()
    insert_rows(sources)


def _said(family: _Family) -> Iterator[tuple[int, Wrong]]:
    """For each row of the family that may be somebody else's: whose, the likeliest."""
    for place, found in sorted(family.alike.items()):
        rows = {one.ref[0] for one in found if one.case_id is None}
        if rows:
            yield family.lines[place].checked.number, Wrong("", "ALIKE_ROW", {"row": min(rows)})
        if any(one.case_id for one in found):
            yield family.lines[place].checked.number, Wrong("", "ALIKE_REGISTERED")


def _told(place: int, one: Alike, files: dict[bytes, UUID]) -> dict[str, Any]:
    case_id = one.case_id or files.get(one.ref[1])
    return {
        "member": place, "score": one.score, "reasons": list(one.reasons),
        "case_id": None if case_id is None else str(case_id),
    }  # fmt: skip


def _packed(line: Line, files: dict[bytes, UUID | None]) -> dict[str, Any]:
    row = line.checked
    birth = [row.birth.precision, *(d and d.isoformat() for d in (row.birth.earliest, row.birth.latest))]
    said = {name: getattr(row, name) for name in Checked.__slots__ if name not in ("birth", "arrived_on")}
    file = files.get(line.key)
    return {
        **said, "birth": birth, "arrived_on": row.arrived_on.isoformat(), "key": line.key.hex(),
        "file": file and str(file), "known": line.key in files,
    }  # fmt: skip


__all__ = ["CHUNK", "Birth", "Report", "import_people", "new_person"]
