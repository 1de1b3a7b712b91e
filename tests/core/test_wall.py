"""The wall in PostgreSQL: each line of it, as the roles themselves see it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from caseapp.core import access, crypto, journal
from caseapp.core.db import session
from caseapp.people.models import Case, CaseAccess, Need, Person
from tests.factories import make_person, make_team, make_user, principal_of


@pytest.fixture
def two_teams(db):
    with db.as_owner():
        ours, theirs = make_team(), make_team()
        mine, foreign = make_person(ours), make_person(theirs)
        user = make_user(team=ours)
    return ours, theirs, mine, foreign, principal_of(user, ("CASEWORKER", ours))


def restart() -> None:
    """A new transaction, so that the identity hook speaks again."""
    session.commit()
    session.expunge_all()
    session().info.clear()


def test_a_forgotten_where_shows_only_the_teams_own_cases(db, two_teams):
    _, _, mine, _foreign, who = two_teams
    with access.acting_as(who):
        restart()
        assert session.scalars(sa.select(Person.id)).all() == [mine.id]
        assert session.scalars(sa.select(Case.id)).all() == [mine.case_id]


def test_nobody_sees_nothing_even_on_a_connection_that_somebody_used(db, two_teams):
    who = two_teams[4]
    with access.acting_as(who):
        restart()
        assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 1
    restart()
    assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 0


def test_a_row_cannot_be_put_into_another_teams_case(db, two_teams):
    _, _, _, foreign, who = two_teams
    with access.acting_as(who):
        restart()
        need = Need(
            case_id=foreign.case_id, person_id=foreign.id, code="SC-UC", category="SC", priority="HIGH",
            recorded_on=foreign.created_at.date(),
        )  # fmt: skip
        session.add(need)
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            session.flush()
        session.rollback()


def test_names_are_unreadable_without_the_key_and_gone_after_it(db, two_teams):
    _, _, mine, _, who = two_teams
    with access.acting_as(who):
        restart()
        person = session.get_one(Person, mine.id)
        assert person.given_names.startswith("Ana")
        stored = session.scalar(
            sa.text("SELECT encode(given_names_sealed, 'escape') FROM person WHERE id = :i"), {"i": person.id}
        )
        assert "Ana" not in stored
        crypto.destroy_key(person.case_id)
        restart()
        assert session.get_one(Person, mine.id).given_names is None


def test_a_value_copied_to_another_row_does_not_open(db, two_teams):
    _, _, mine, _, _ = two_teams
    key = crypto.key_of(mine.case_id)
    with pytest.raises(crypto.InvalidTag):
        crypto.unseal(key, mine.given_names_sealed, f"person:surname_1:{mine.id}".encode())


def test_the_journal_is_only_added_to(db, two_teams):
    ours, _, mine, _, who = two_teams
    with access.acting_as(who):
        restart()
        row = journal.append(
            journal.kind("person.registered"), country="MEX", on=mine.created_at.date(), team_id=ours.id,
            case_id=mine.case_id, sex="F", age_band="18-59", origin="HND",
        )  # fmt: skip
        restart()
        assert row.person_key == crypto.pseudonym("MEX", "person", mine.case_id)
    with db.as_owner():
        pass
    db.as_role("migrator")
    for statement in ("UPDATE case_event SET code = 'X'", "DELETE FROM case_event", "TRUNCATE case_event"):
        nested = db.connection.begin_nested()
        with pytest.raises(sa.exc.IntegrityError, match="only added to"):
            db.connection.execute(sa.text(statement))
        nested.rollback()


@pytest.mark.parametrize("role", ["facts", "figures"])
@pytest.mark.parametrize(
    "table", ['"case"', "person", "need", "consent", "case_event", "name_token", "keyring.case_key", "audit"]
)
def test_figures_and_facts_cannot_read_people(db, role, table):
    db.as_role(role)
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        db.connection.execute(sa.text(f"SELECT * FROM {table}"))


def test_facts_see_the_journal_without_a_person(db, two_teams):
    ours, _, mine, _, who = two_teams
    with access.acting_as(who):
        restart()
        journal.append(
            journal.kind("person.registered"), country="MEX", on=mine.created_at.date(), case_id=mine.case_id,
            team_id=ours.id,
        )  # fmt: skip
        restart()
    db.as_role("facts")
    row = db.connection.execute(sa.text("SELECT * FROM facts.journal")).mappings().one()
    assert (
        row["person_key"] and str(mine.case_id) not in str(dict(row)) and str(mine.id) not in str(dict(row))
    )
    assert not {"case_id", "subject_id", "actor"} & set(row)


def test_an_event_may_not_carry_a_column_its_kind_does_not_declare(db):
    with pytest.raises(ValueError, match="does not carry"):
        journal.append(journal.kind("person.registered"), country="MEX", on=None, priority="HIGH")


def test_a_team_cannot_grant_itself_the_reading_of_anothers_case(db, two_teams):
    ours, _, _, foreign, who = two_teams
    with access.acting_as(who):
        restart()
        session.add(
            CaseAccess(case_id=foreign.case_id, team_id=ours.id, scope="SHARE", since=foreign.created_at)
        )
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            session.flush()
        session.rollback()


def test_a_reader_sees_the_person_and_not_the_needs_and_ends_its_own_reading(db, two_teams):
    ours, _, _, foreign, who = two_teams
    with db.as_owner():
        session.add(
            CaseAccess(case_id=foreign.case_id, team_id=ours.id, scope="REFERRAL", since=foreign.created_at)
        )
        session.add(
            Need(
                case_id=foreign.case_id, person_id=foreign.id, code="SC-UC", category="SC", priority="HIGH",
                recorded_on=foreign.created_at.date(),
            )
        )  # fmt: skip
    with access.acting_as(who):
        restart()
        assert session.scalar(sa.select(Person.id).where(Person.id == foreign.id)) == foreign.id
        assert session.scalars(sa.select(Need.id)).all() == []
        changed = session.execute(sa.update(Case).where(Case.id == foreign.case_id).values(closed_on=None))
        assert changed.rowcount == 0
        session.execute(sa.update(CaseAccess).values(ended_at=foreign.created_at))
        restart()
        assert session.scalar(sa.select(Person.id).where(Person.id == foreign.id)) is None


def test_whatever_crosses_a_policy_is_for_named_roles_and_finds_only_its_own_schemas(db):
    """A definer function that everybody may call, or whose search path a caller chooses, is a hole in the wall."""
    rows = db.connection.execute(
        sa.text(
            "SELECT oid::regprocedure::text AS name, proacl::text AS acl, proconfig::text AS settings FROM pg_proc "
            "WHERE prosecdef AND pronamespace IN ('public'::regnamespace, 'facts'::regnamespace)"
        )
    ).all()
    open_ones = [r.name for r in rows if r.acl is None or "{=" in r.acl or ",=" in r.acl]
    assert len(rows) > 15 and open_ones == []
    assert [r.name for r in rows if "search_path=pg_catalog" not in (r.settings or "")] == []


def test_every_table_of_a_case_stands_behind_a_policy(db):
    bare = db.connection.execute(
        sa.text(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'case_id' "
            "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT c.relrowsecurity"
        )
    ).scalars()
    assert list(bare) == []
