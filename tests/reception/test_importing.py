"""Importing: the same people as the desk makes, once only, families whole, doubts left to a person."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.core import crypto
from caseapp.core.db import session, uuid7
from caseapp.core.journal import CaseEvent
from caseapp.people import queries, service
from caseapp.people.models import (
    Case,
    Contact,
    DuplicateCandidate,
    Household,
    HouseholdMember,
    Person,
    Relation,
)
from caseapp.people.service import NewContact, NewDocument, NewFamily, NewPerson
from caseapp.places.models import Site
from caseapp.reception.models import Arrival, ImportHeld, ImportProblem, ImportRun, ImportSource
from caseapp.reception.service import NewArrival, importing, register_family, runs
from caseapp.reception.service.runs import where_of
from tests.people.conftest import restart
from tests.people.statements import counted
from tests.reception.families import TODAY, born
from tests.reception.lists import csv_file, person


def run(desk, content, *, dry_run=False, skip_bad=False):
    """Import as the desk's caseworker, committing step by step as the edge does."""
    where = where_of(desk.team, session.get_one(Site, desk.team.site_id))
    run_id = uuid7() if dry_run else runs.begin(desk.team, dry_run=False, skip_bad=skip_bad).id
    steps = importing.import_people(
        content, where, team=desk.team, run_id=run_id, dry_run=dry_run, skip_bad=skip_bad
    )
    for report in steps:  # noqa: B007
        session.commit()
    if not dry_run:
        runs.end(run_id, report)
    restart()
    return report


def counts(report):
    return report.rows, report.created, report.existing, report.skipped, report.duplicates


def count(table) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(table))


def family(**mother: str):
    """A mother, her child and her brother, the child first in the file."""
    shared = {
        "source": "LISTA",
        "household": "F-1",
        "nationality": "HND",
        "arrived_on": "2025-11-20",
        "arrival_place": "Chiapas",
    }
    return [
        {**shared, "external_id": "2", "given_names": "Nahomy", "surname_1": "Zambranillo", "relation": "CHILD",
         "birth_date": "2012-06-01", "sex": "F"},
        {**shared, "external_id": "1", "given_names": "Rosa Elena", "surname_1": "Quispeluna", "surname_2": "Xitumul",
         "head": "sí", "birth_date": "1988-04-12", "sex": "F", "languages": "spa", "document_type": "PASSPORT",
         "document_number": "F1234567", "phone": "+504 9988 7766", **mother},
        {**shared, "external_id": "3", "given_names": "Wilmer", "surname_1": "Quispeluna", "relation": "SIBLING",
         "age": "30", "sex": "M"},
    ]  # fmt: skip


TABLES = ("case", "person", "person_nationality", "person_language", "person_population", "identity_document",
          "contact", "arrival", "household_member", "relation", "case_event")  # fmt: skip
OWN = re.compile(r"id|.*_(id|key|sealed|at)|actor")


def shape_of(case_ids):
    """Every row of these cases by table: all that is filled, and what it says where that is not the row's own."""
    found = []
    for table in TABLES:
        column = "id" if table == "case" else "case_id"
        rows = session.execute(
            sa.text(f'SELECT to_jsonb(t) FROM "{table}" t WHERE {column} = ANY (:ids)'),
            {"ids": list(case_ids)},
        ).scalars()
        own = {"case": "number", "case_event": "position"}.get(table)
        for row in rows:
            kept = {
                k: "" if OWN.fullmatch(k) or k == own else str(v) for k, v in row.items() if v is not None
            }
            found.append((table, tuple(sorted(kept.items()))))
    return sorted(found)


def test_what_is_imported_is_what_the_desk_makes(desk):
    """Row by row: the same tables, the same filled columns, the same codes."""
    assert counts(run(desk, csv_file(*family()))) == (3, 3, 0, 0, 0)
    imported = {c.id for c in session.scalars(sa.select(Case))}
    one = {"nationalities": ("HND",), "populations": ("ASYLUM_SEEKER",)}
    made = register_family(
        NewFamily((
            NewPerson("Flor", "Otra", "Distinta", birth=born(date(1988, 4, 12)), sex_in_document="F", languages=("spa",),
                      documents=(NewDocument("PASSPORT", "Z765"),), contacts=(NewContact("ONLY_VIA", "+504 1122 3344"),), **one),
            NewPerson("Niña", "Aparte", birth=born(date(2012, 6, 1)), sex_in_document="F", relation_to_head="CHILD", **one),
            NewPerson("Tercero", "Ajeno", birth=service_birth("30"), sex_in_document="M", relation_to_head="SIBLING", **one),
        )),
        NewArrival(date(2025, 11, 20), "MX07"), team=desk.team, on=TODAY,
    )  # fmt: skip
    session.flush()
    by_hand = {c.id for c in made.cases}
    assigned = sa.update(Case).where(Case.id.in_(by_hand)).values(assigned_to_id=None)
    session.execute(assigned)  # an import leaves the files to nobody yet
    assert shape_of(imported) == shape_of(by_hand)


def service_birth(age: str):
    from caseapp.people.rules import birth_bounds

    return birth_bounds("AGE_ESTIMATED", on=TODAY, age=int(age))


def test_the_family_is_read_and_found_as_any_other(desk):
    run(desk, csv_file(*family()))
    hit = service.search("Quispeluna Xitumul 1988", desk.principal, on=TODAY).hits[0]
    case = session.get_one(Case, hit.summary.case_id)
    parts = queries.members_of(queries.household_of(case.id))
    assert [p.person.full_name for p in parts] == [
        "Rosa Elena Quispeluna Xitumul",
        "Nahomy Zambranillo",
        "Wilmer Quispeluna",
    ]
    assert parts[0].member.is_head
    assert {(r.relation, r.evidence) for r in queries.relations_among(p.case.id for p in parts)} == {
        ("CHILD", "CLAIMED"), ("SIBLING", "CLAIMED"),
    }  # fmt: skip
    assert queries.documents_of(case.id)[0].number == "F1234567"
    assert session.scalars(sa.select(Contact)).one().rule == "ONLY_VIA"
    assert {(a.arrived_on, a.place) for a in session.scalars(sa.select(Arrival))} == {
        (date(2025, 11, 20), "MX07")
    }
    events = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "person.registered")).all()
    assert {(e.household_type, e.population, e.effective_on) for e in events} == {
        ("FAMILY", "ASYLUM_SEEKER", TODAY)
    }


def test_twice_brings_nobody_twice(desk):
    run(desk, csv_file(*family()))
    assert counts(run(desk, csv_file(*family()))) == (3, 0, 3, 0, 0)
    assert count(Case) == 3 and count(Household) == 1 and count(ImportSource) == 3


def test_another_team_of_the_country_does_not_bring_them_again(desk, stranger):
    from caseapp.core import access

    run(desk, csv_file(*family()))
    with access.acting_as(stranger.principal):
        restart()
        assert counts(run(stranger, csv_file(*family()))) == (3, 0, 3, 0, 0)
    restart()


def test_somebody_added_to_a_family_joins_it(desk):
    rows = family()
    run(desk, csv_file(*rows[:2]))
    assert counts(run(desk, csv_file(*rows))) == (3, 1, 2, 0, 0)
    assert count(Person) == 3
    current = session.scalars(
        sa.select(HouseholdMember.household_id).where(HouseholdMember.left_on.is_(None))
    ).all()
    assert len(current) == 3 and len(set(current)) == 1 and count(Relation) == 2


def test_no_name_and_no_identifier_stands_in_the_identity(desk):
    run(desk, csv_file(*family()))
    rows = session.execute(sa.text("SELECT to_jsonb(s)::text FROM import_source s")).scalars().all()
    assert not any(word in row for row in rows for word in ("LISTA", "Quispeluna", "F-1"))


def test_nothing_is_imported_while_a_row_is_wrong(desk):
    report = run(desk, csv_file(*family(sex="?"), person(external_id="9")))
    assert report.refused and counts(report) == (4, 0, 0, 0, 0) and count(Case) == 0
    problem = session.scalars(sa.select(ImportProblem)).one()
    assert (problem.row, problem.column_name, problem.reason) == (3, "sex", "SEX_UNKNOWN")
    assert session.scalars(sa.select(ImportRun.state)).one() == "REFUSED"


def test_what_is_right_may_be_imported_alone_and_families_stay_whole(desk):
    report = run(desk, csv_file(*family(sex="?"), person(external_id="9")), skip_bad=True)
    assert counts(report) == (4, 1, 0, 3, 0) and count(Case) == 1
    assert {row for row, _ in report.errors} == {2, 3, 4}


def test_an_unknown_column_is_named_and_ignored_only_when_asked(desk):
    content = csv_file({"given_names": "Ana", "apodo": "x"}, columns=("given_names", "apodo"))
    assert run(desk, content).refused and count(Case) == 0
    report = run(desk, content, skip_bad=True)
    assert not report.refused and report.created == 1 and report.errors[0][1].facts == {"name": "apodo"}


def test_a_dry_run_says_the_same_and_writes_nothing(desk):
    content = csv_file(*family(), person(external_id="9"), person(external_id="10"))
    dry = run(desk, content, dry_run=True)
    for table in (Case, Household, CaseEvent, ImportSource, ImportRun, ImportHeld):
        assert count(table) == 0, table
    assert counts(run(desk, content)) == counts(dry) == (5, 4, 0, 0, 1)


def test_nationals_are_registered_and_never_as_asylum_seekers(desk):
    run(desk, csv_file(person(nationality="MEX"), person(given_names="Otro", nationality="HND")))
    stated = {
        tuple(queries.nationalities_of(c.id)): [p.population for p in queries.populations_of(c.id)]
        for c in session.scalars(sa.select(Case))
    }
    assert stated == {("MEX",): [], ("HND",): ["ASYLUM_SEEKER"]}


def twin(**values):
    return person(given_names="Rosa Elena", surname_1="Quispeluna", surname_2="Xitumul", birth_date="1988-04-12",
                  document_number="F1234567", document_type="PASSPORT", **values)  # fmt: skip


def test_somebody_who_may_be_registered_already_waits_with_the_whole_family(desk):
    run(desk, csv_file(*family()))
    child = person(given_names="Kenia", household="B", relation="CHILD", external_id="b2")
    report = run(
        desk, csv_file(twin(external_id="b1", household="B", head="x"), child, person(external_id="b3"))
    )
    assert counts(report) == (3, 1, 0, 0, 2) and count(Case) == 4
    held = session.scalars(sa.select(ImportHeld)).one()
    assert held.first_row == 2 and [a["member"] for a in held.alike] == [0] and held.alike[0]["score"] >= 80
    crypto.load_keys([held.id])
    assert "Kenia" in held.people and count(DuplicateCandidate) == 0
    again = run(
        desk, csv_file(twin(external_id="b1", household="B", head="x"), child, person(external_id="b3"))
    )
    assert counts(again) == (3, 0, 1, 0, 2) and count(ImportHeld) == 1 and count(Case) == 4


def test_somebody_who_is_twice_in_the_list_waits(desk):
    report = run(desk, csv_file(twin(external_id="1"), twin(external_id="2", sex="F")))
    assert counts(report) == (2, 1, 0, 0, 1)
    held = session.scalars(sa.select(ImportHeld)).one()
    assert held.alike[0]["case_id"] == str(session.scalars(sa.select(Case.id)).one())


def test_siblings_are_not_taken_for_one_person(desk):
    rows = [
        person(
            external_id=str(i),
            given_names=name,
            surname_1="Quispeluna",
            surname_2="Xitumul",
            birth_date=f"20{10 + i}-03-04",
        )
        for i, name in enumerate(["Ana", "Luz", "Marta"])
    ]
    assert counts(run(desk, csv_file(*rows))) == (3, 3, 0, 0, 0)


def test_statements_do_not_grow_with_the_list(desk):
    names = [
        "Ana",
        "Berta",
        "Carla",
        "Delia",
        "Elsa",
        "Flor",
        "Gema",
        "Hilda",
        "Irma",
        "Juana",
        "Katia",
        "Luz",
    ]

    def cost(rows) -> int:
        seen: list[str] = []
        with counted(seen):
            run(desk, csv_file(*rows))
        return len(seen)

    few = cost(
        [person(external_id=f"a{i}", given_names=names[i], surname_1=f"Uno{names[i]}") for i in range(2)]
    )
    many = cost(
        [person(external_id=f"b{i}", given_names=names[i], surname_1=f"Dos{names[-i]}") for i in range(12)]
    )
    assert many <= few + 4 and many < 60, (few, many)


def test_a_public_number_that_is_taken_is_drawn_again(desk, monkeypatch):
    from caseapp.reception.service import importing as module

    run(desk, csv_file(person(external_id="1")))
    taken = session.scalars(sa.select(Case.number)).one()
    drawn = iter([taken, "MAAAAAAAA", "HAAAAAAAA", "MBBBBBBBB", "HBBBBBBBB"])
    real = module.register_families
    monkeypatch.setattr(
        module, "register_families", lambda a, **k: real(a, numbers=lambda prefix: next(drawn), **k)
    )
    assert counts(run(desk, csv_file(person(external_id="2", given_names="Otra")))) == (1, 1, 0, 0, 0)


@pytest.mark.parametrize("bad", [b"", b"given_names\n\xff\n"])
def test_a_file_that_is_no_table_is_refused(desk, bad):
    import io

    from caseapp.core.sheet import Unreadable

    with pytest.raises(Unreadable):
        run(desk, io.BytesIO(bad))
    assert count(Case) == 0


def _erase(case_id):
    service.erase(session.get_one(Case, case_id), "PERSON_ASKED", on=TODAY)
    session.commit()
    restart()


def test_an_erased_row_leads_to_nobody_and_does_not_come_back(desk, db):
    run(desk, csv_file(*family()))
    [erased] = [p.case_id for p in session.scalars(sa.select(Person)) if p.given_names == "Nahomy"]
    key = session.scalars(sa.select(ImportSource.key).where(ImportSource.case_id == erased)).one()
    _erase(erased)
    with db.as_owner():
        assert session.scalar(sa.select(sa.func.count()).where(ImportSource.case_id == erased)) == 0
        [mark] = session.execute(sa.text("SELECT to_jsonb(e)::text FROM import_erased e")).scalars().all()
    assert key.hex() not in mark and str(erased) not in mark
    again = run(desk, csv_file(*family()))
    assert counts(again) == (3, 0, 3, 0, 0) and count(Case) == 3
    assert again.errors == [] and again.alike == []


def test_what_a_waiting_family_says_of_an_erased_member_goes_with_them(desk):
    shared = {
        "given_names": "Melania",
        "surname_1": "Ixcotoyac",
        "surname_2": "Barahona",
        "birth_date": "1991-02-03",
    }
    run(desk, csv_file(person(external_id="x1", **shared)))
    run(desk, csv_file(*family()))
    later = person(
        **{
            **family()[0],
            "external_id": "9",
            "relation": "COUSIN",
            "sex": "F",
            "document_number": "",
            **shared,
        }
    )
    run(desk, csv_file(*family(), later))
    held = session.scalars(sa.select(ImportHeld)).one()
    crypto.load_keys([held.id])
    assert sum(one["known"] for one in json.loads(held.people)) == 3 and "Nahomy" in held.people
    [erased] = [p.case_id for p in session.scalars(sa.select(Person)) if p.given_names == "Nahomy"]
    _erase(erased)
    held = session.get_one(ImportHeld, held.id)
    crypto.load_keys([held.id])
    assert "Nahomy" not in held.people and str(erased) not in held.people
    assert "Rosa Elena" in held.people and "Melania" in held.people and held.decided_at is None
    for one in session.scalars(sa.select(Case.id).where(Case.erased_at.is_(None))).all():
        session.expire_all()
        _erase(one)
    left = session.get_one(ImportHeld, held.id)
    crypto.load_keys([left.id])
    assert [one["given_names"] for one in json.loads(left.people)] == ["Melania"] and left.alike == []


def test_no_role_of_casework_reads_the_marks(desk, db):
    run(desk, csv_file(*family()))
    _erase(session.scalars(sa.select(Case.id)).first())
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        session.execute(sa.text("SELECT * FROM import_erased"))
    session.rollback()


def test_old_marks_go(desk, db):
    with db.as_owner():
        session.execute(
            sa.text(
                "INSERT INTO import_erased VALUES ('MEX', sha256('a'), '2023-10-01'), ('MEX', sha256('b'), '2024-01-01')"
            )
        )
        runs.sweep()
        assert session.execute(sa.text("SELECT since FROM import_erased")).scalars().all() == [
            date(2024, 1, 1)
        ]


def test_a_dry_run_says_which_rows_may_be_one_person(desk):
    rows = [
        *family(),
        twin(external_id="9", household="", head=""),
        person(given_names="Otra", external_id="10"),
    ]
    report = run(desk, csv_file(*rows), dry_run=True)
    assert (report.created, report.duplicates) == (4, 1) and count(Case) == 0
    assert [(row, w.code, w.facts) for row, w in report.alike] == [(5, "ALIKE_ROW", {"row": 3})]
    run(desk, csv_file(*family()))
    report = run(desk, csv_file(*rows), dry_run=True)
    assert [(row, w.code) for row, w in report.alike] == [(5, "ALIKE_REGISTERED")]


def test_the_same_document_is_found_whatever_else_is_shared(desk):
    """Births far apart are not compared, unless the document is the same: also where a telephone is shared too."""
    shared = {"document_type": "PASSPORT", "document_number": "F7654321", "phone": "+504 9988 7766"}
    rows = [
        {**person(external_id=str(n), given_names=name, birth_date=f"19{50 + n}-05-05"), **shared}
        for n, name in enumerate(("Zulma", "Zulma", "Zulma"), start=1)
    ]
    rows[1]["birth_date"], rows[2]["birth_date"] = "1970-01-01", "1990-01-01"
    assert counts(run(desk, csv_file(*rows)))[1:] == (1, 0, 0, 2)
