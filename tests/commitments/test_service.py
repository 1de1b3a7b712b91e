"""Verbs of commitments on a real database: import, two people, the policies behind the pages."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from caseapp.commitments import figures, matrix_file, models, queries, rules
from caseapp.commitments.matrix_file import COLUMNS
from caseapp.commitments.service import cooperating, importing, keeping, scoring
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours
from tests.commitments import made_matrix
from tests.commitments.routes import make_commitment, make_evidence, make_score
from tests.factories import make_site, make_team, make_user, principal_of

TODAY = date(2025, 11, 23)
FILE = Path(__file__).parent / "files" / "matrix_180.csv"


@pytest.fixture
def people(db):
    """Two people of Mexico's commission, one of Honduras's, and the regional secretariat."""
    with db.as_owner():
        mexico = make_team(make_site(), "COMMISSION_STATISTICS")
        honduras = make_team(make_site(code="HN-ZZ9", country="HND"), "COMMISSION_STATISTICS")
        return SimpleNamespace(
            author=principal_of(make_user("COMMISSION_ANALYST", mexico), ("COMMISSION_ANALYST", mexico)),
            reviewer=principal_of(make_user("RELEASE_APPROVER", mexico), ("RELEASE_APPROVER", mexico)),
            other=principal_of(make_user("DATA_STEWARD", honduras), ("DATA_STEWARD", honduras)),
            region=principal_of(make_user("REGIONAL_ANALYST", mexico), ("REGIONAL_ANALYST", mexico)),
        )


class As:
    """Act as somebody, as page and database see it."""

    def __init__(self, who):
        self.block = access.acting_as(who)

    def __enter__(self):
        who = self.block.__enter__()
        access.tell_database(session(), None, session.connection())
        return who

    def __exit__(self, *error):
        session.flush()
        return self.block.__exit__(*error)


def test_the_made_file_is_the_made_matrix():
    assert FILE.read_bytes() == made_matrix.as_csv(made_matrix.rows())


def test_180_commitments_come_in_once_and_count_when_another_person_confirms(db, people):
    with db.as_owner(), access.acting_as(access.system("command")) as system:
        tried = importing.take_in(FILE.read_bytes(), file_name="m.csv", by=system, dry_run=True)
        assert (tried.created, tried.errors) == (180, []) and not session.scalar(
            sa.select(models.Commitment.id)
        )
        report = importing.take_in(FILE.read_bytes(), file_name="m.csv", by=system)
        again = importing.take_in(FILE.read_bytes(), file_name="m.csv", by=system)
    assert (report.rows, report.created, report.existing) == (180, 180, 0)
    assert (again.created, again.existing, again.duplicates) == (0, 180, 0)
    with As(people.author) as who:
        own = queries.standings(who, TODAY)
        assert len(own) == 35 and {row.country for row in own} == {"MEX"}
        assert all(row.score is None and row.is_waiting for row in own)
        [waiting] = queries.waiting_imports(who)
        assert waiting.waiting == 35
    with As(people.region) as who:
        assert len(queries.standings(who, TODAY)) == 180
        with pytest.raises(NotYours):
            scoring.confirm_import(waiting.id, by=who)
    with As(people.reviewer) as who:
        assert scoring.confirm_import(waiting.id, by=who) == 35
        after = queries.standings(who, TODAY)
        assert all(row.score is not None and not row.is_waiting for row in after)
        # As of a day before they took effect, nothing was scored.
        assert all(row.score is None for row in queries.standings(who, date(2025, 5, 31)))
        by_code = {(f.code, f.pillar, f.weighting): f for f in figures.figures("MEX", TODAY)}
        assert by_code["P5-01", None, "COMMITMENTS"].of == 35
        assert by_code["P5-02", None, None].printed == 0  # evidence of 20 May is older than six months
        assert by_code["P5-03", None, None].printed == 60


def changed(**change):
    rows = [dict(row) for row in made_matrix.rows()[:3]]
    rows[1] |= change
    return made_matrix.as_csv(rows)


TARGET = {"indicator": "P1-00", "target_period": "2025", "target": "10"}
ALL = ("BLZ", "CRI", "GTM", "HND", "MEX", "PAN", "SLV", "REG")


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"score": "6"}, "score"), ({"score": "-1"}, "score"), ({"score": "x"}, "score"), ({"country": "COL"}, "country"),
        ({"country": ""}, "country"), ({"pillar": "6"}, "pillar"), ({"pillar": ""}, "pillar"), ({"pillar": "5", "class": "COUNTRY"}, "class"),
        ({"class": "NADA"}, "class"), ({"text_es": " "}, "text_es"), ({"text_es": "x" * 1001}, "text_es"), ({"code": ""}, "code"),
        ({"code": "P1-01"}, "code"), ({"start": "2026-11-01"}, "due"), ({"due": "mañana"}, "due"), ({"scored_on": "2025-11-24"}, "scored_on"),
        ({"evidence_url": "javascript:x"}, "evidence_url"), ({"budgeted": "mil"}, "budgeted"), ({"funded": "-1"}, "budgeted"),
        ({"currency": "pesos"}, "currency"), ({"year": "25"}, "year"),
        (TARGET | {"indicator": "P9-01"}, "indicator"), (TARGET | {"target_period": "25"}, "target_period"), (TARGET | {"target": ""}, "target"),
        (TARGET | {"target": "-1"}, "target"), (TARGET | {"target": "NaN"}, "target"),
    ],
)  # fmt: skip
def test_a_row_is_refused_with_its_number_and_column(change, column):
    read = matrix_file.read(changed(**change), countries=ALL, today=TODAY, indicators={"P1-00"})
    assert {(p.row, p.column) for p in read.errors} == {(3, column)} and all(p.reason for p in read.errors)


def test_one_wrong_row_and_nothing_comes_in(db, people):
    with As(people.author) as who:
        rows = [row for row in made_matrix.rows() if row["country"] == "MEX"]
        rows[4]["score"] = "6"
        report = importing.take_in(made_matrix.as_csv(rows), file_name="m.csv", by=who)
        assert (report.created, report.skipped, len(report.errors)) == (0, 35, 1)
        # Nor does another country's.
        rows[4]["score"], rows[5]["country"] = "5", "HND"
        report = importing.take_in(made_matrix.as_csv(rows), file_name="m.csv", by=who)
        assert [p.column for p in report.errors] == ["country"] and queries.standings(who, TODAY) == []


def test_a_workbook_reads_as_the_csv_does():
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    for row in made_matrix.rows()[:20]:
        book.active.append([int(v) if (v := row.get(c)) and v.isdigit() else v for c in COLUMNS])
    packed = io.BytesIO()
    book.save(packed)
    read = matrix_file.read(packed.getvalue(), countries=ALL, today=TODAY)
    assert read.errors == [] and len(read.lines) == 20
    assert (
        read.lines
        == matrix_file.read(made_matrix.as_csv(made_matrix.rows()[:20]), countries=ALL, today=TODAY).lines
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n1,2\n",
        b"\xff\xfe\x00",
        b"PK\x03\x04nothing",
        b"country,code,pillar,text_es,name\nMEX,1,1,x,y\n",
    ],
)
def test_what_is_no_matrix(content):
    with pytest.raises(matrix_file.NotAMatrix):
        matrix_file.read(content, countries=ALL, today=TODAY)


def test_one_proposes_and_another_confirms(db, people):
    row = make_commitment(db, "MEX")
    with As(people.author) as who:
        proof = scoring.add_evidence(row.id, kind="RECORD", title="Acta", issued_on=TODAY, by=who)
        proposed = scoring.propose(
            row.id, score=3, reason="Acta", evidence_id=proof.id, scored_on=TODAY, by=who
        )
        with pytest.raises(rules.SamePerson):
            scoring.review(proposed.id, confirm=True, by=who)
        with pytest.raises(rules.AlreadyProposed):
            scoring.propose(row.id, score=4, reason="Acta", evidence_id=proof.id, scored_on=TODAY, by=who)
        assert queries.standings(who, TODAY)[0].score is None
    with As(people.other) as who, pytest.raises(NotYours):
        scoring.review(proposed.id, confirm=True, by=who)
    with As(people.reviewer) as who:
        with pytest.raises(rules.ReasonNeeded):
            scoring.review(proposed.id, confirm=False, by=who)
        scoring.review(proposed.id, confirm=True, by=who)
        assert queries.standings(who, TODAY)[0].score == 3
        with pytest.raises(rules.NotProposed):
            scoring.review(proposed.id, confirm=True, by=who)


def test_evidence_of_another_commitment_is_none(db, people):
    row, other = make_commitment(db, "MEX"), make_commitment(db, "MEX")
    proof = make_evidence(db, other)
    with As(people.author) as who, pytest.raises(rules.EvidenceNeeded):
        scoring.propose(row.id, score=3, reason="Acta", evidence_id=proof.id, scored_on=TODAY, by=who)


def test_two_editors_and_a_withdrawal(db, people):
    row = make_commitment(db, "MEX")
    values = {n: getattr(row, n) for n in keeping.EDITABLE} | {"text_es": "Otra cosa."}
    with As(people.author) as who:
        keeping.change(row.id, values, version=1, by=who)
        with pytest.raises(ChangedMeanwhile):
            keeping.change(row.id, values, version=1, by=who)
        with pytest.raises(rules.ReasonNeeded):
            keeping.withdraw(row.id, " ", on=TODAY, by=who)
        keeping.withdraw(row.id, "Se unió a otro.", on=TODAY, by=who)
        with pytest.raises(rules.CommitmentWithdrawn):
            keeping.change(row.id, values, version=3, by=who)
        assert [one.is_withdrawn for one in queries.standings(who, TODAY)] == [True]
        assert [one.is_withdrawn for one in queries.standings(who, date(2025, 11, 22))] == [False]
        # What it said is kept, only the fields that changed; saving the same again is no change.
        [before] = queries.past(row.id)
        assert (
            before.row.said == {"text_es": "Abrir una oficina en la frontera sur."}
            and before.row.changed_by_id == who.user_id
        )


def test_targets_and_costs_said_again_keep_what_they_said(db, people):
    row = make_commitment(db, "MEX")
    with As(people.author) as who:
        with pytest.raises(rules.IndicatorUnknown):
            keeping.set_target(row.id, indicator="P9-99", period="2025", target=rules.Decimal(90), by=who)
        for target in (90, 90, 80):
            made = keeping.set_target(
                row.id, indicator="P1-06", period="2025", target=rules.Decimal(target), by=who
            )
        for funded in (0, 40):
            keeping.cost(
                row.id, year=2025, currency="USD", budgeted=rules.Decimal(100), funded=rules.Decimal(funded), source="P", by=who
            )  # fmt: skip
        assert [one.row.part for one in queries.past(row.id)] == ["COST", "TARGET"]
    with As(people.other) as who, pytest.raises(NotYours):
        keeping.remove_target(made.id, by=who)
    with As(people.author) as who:
        keeping.remove_target(made.id, by=who)
        assert queries.targets(row.id) == [] and len(queries.past(row.id)) == 3


def test_nobody_writes_or_changes_a_past_that_was_not(db, people):
    row, theirs = make_commitment(db, "MEX"), make_commitment(db, "HND")
    values = {"part": "TEXT", "said": {"text_es": "x"}, "changed_at": clock.now()}
    with As(people.author) as who:
        for wrong in (
            {"commitment_id": row.id, "changed_by_id": people.reviewer.user_id},
            {"commitment_id": theirs.id, "changed_by_id": who.user_id},
        ):
            with pytest.raises(ProgrammingError, match="row-level security"), session.begin_nested():
                session.execute(sa.insert(models.CommitmentPast).values(**values, **wrong))
        for statement in (
            sa.update(models.CommitmentPast).values(said={}),
            sa.delete(models.CommitmentPast),
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
                session.execute(statement)
    with db.as_owner():
        for wrong in ({"part": "NAME"}, {"said": sa.text("'[]'::jsonb")}):
            with pytest.raises(IntegrityError), session.begin_nested():
                session.execute(
                    sa.insert(models.CommitmentPast).values(**(values | {"commitment_id": row.id} | wrong))
                )


def test_the_database_hides_another_countrys_and_refuses_what_the_rules_refuse(db, people):
    mine, theirs = make_commitment(db, "MEX"), make_commitment(db, "HND")
    score = make_score(db, mine, 3, author=people.author.user_id)
    with As(people.author):
        seen = set(session.scalars(sa.select(models.Commitment.id)))
        assert seen == {mine.id}
        for statement in (
            sa.update(models.Commitment).where(models.Commitment.id == theirs.id).values(owner="X"),
            sa.update(models.CommitmentScore).values(score=5),
            sa.update(models.CommitmentScore).values(
                state="CONFIRMED", reviewer_id=people.author.user_id, reviewed_at=clock.now()
            ),
            sa.delete(models.CommitmentScore),
            sa.update(models.CommitmentEvidence).values(title="Otro"),
        ):
            try:
                with session.begin_nested():
                    assert session.execute(statement).rowcount == 0
            except (ProgrammingError, IntegrityError, DBAPIError):
                pass
    with db.as_owner():
        session.expire_all()
        assert session.get_one(models.Commitment, theirs.id).owner is None
        kept = session.get_one(models.CommitmentScore, score.id)
        assert (kept.score, kept.state) == (3, "PROPOSED")
        for wrong in ({"pillar": 6}, {"due_on": date(2024, 1, 1)}, {"commitment_class": "PILLAR_5"}, {"text_es": " "}, {"withdrawn_on": TODAY}):  # fmt: skip
            with pytest.raises(IntegrityError), session.begin_nested():
                session.execute(
                    sa.update(models.Commitment).where(models.Commitment.id == mine.id).values(**wrong)
                )
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(
                sa.update(models.CommitmentScore).values(
                    state="CONFIRMED", reviewer_id=people.author.user_id, reviewed_at=clock.now()
                )
            )


def test_costs_have_a_computed_gap_and_currencies_stay_apart(db, people):
    row = make_commitment(db, "MEX")
    with As(people.author) as who:
        keeping.cost(
            row.id,
            year=2025,
            currency="USD",
            budgeted=rules.Decimal(100),
            funded=rules.Decimal(30),
            source="P",
            by=who,
        )
        keeping.cost(
            row.id,
            year=2025,
            currency="MXN",
            budgeted=rules.Decimal(10),
            funded=rules.Decimal(90),
            source="P",
            by=who,
        )
        keeping.cost(
            row.id,
            year=2025,
            currency="USD",
            budgeted=rules.Decimal(100),
            funded=rules.Decimal(40),
            source="P",
            by=who,
        )
        session.expire_all()
        assert [(m.currency, m.gap) for m in queries.money(who)] == [("MXN", 0), ("USD", 60)]


def test_cooperation_is_kept_by_whose_register_it_is(db, people):
    values = {
        "country": "MEX",
        "scheme": "PTA",
        "offered_by": "URY",
        "period": "2025",
        "offered": 20,
        "used": 12,
        "source": "Comunicado",
    }
    with As(people.author) as who:
        line = cooperating.write(models.CooperationPlaces, values, by=who)
        with pytest.raises(rules.MoreUsedThanOffered):
            cooperating.change(models.CooperationPlaces, line.id, values | {"used": 21}, version=1, by=who)
        with pytest.raises(rules.NotYourCountry):
            cooperating.write(models.CooperationPlaces, values | {"country": "REG"}, by=who)
    with As(people.region) as who:
        assert len(cooperating.lines(models.CooperationPlaces, who, "period")) == 1
        cooperating.write(models.CooperationPlaces, values | {"country": "REG"}, by=who)
    with As(people.other) as who:
        assert [one.country for one in cooperating.lines(models.CooperationPlaces, who, "period")] == ["REG"]
        with pytest.raises(NotYours):
            cooperating.change(models.CooperationPlaces, line.id, values, version=1, by=who)


def test_a_pledge_and_an_action_point_are_tied_to_a_commitment_that_one_may_read(db, people):
    mine, theirs = make_commitment(db, "MEX"), make_commitment(db, "HND")
    with As(people.author) as who:
        actor = cooperating.write(
            models.CooperationActor, {"country": "MEX", "name": "Banco A", "kind": "BANK"}, by=who
        )
        pledge = {
            "country": "MEX", "actor_id": actor.id, "purpose": "Equipo", "pledged_on": date(2025, 3, 1), "currency": "USD",
            "pledged": rules.Decimal(100), "received": rules.Decimal(25),
        }  # fmt: skip
        cooperating.write(models.CooperationPledge, pledge | {"commitment_id": mine.id}, by=who)
        meeting = cooperating.write(
            models.CooperationMeeting,
            {"country": "MEX", "title": "Mesa 3", "body": "Mesa", "held_on": TODAY},
            by=who,
        )
        action = {
            "country": "MEX", "meeting_id": meeting.id, "text": "Enviar la minuta", "owner": "Secretaría",
            "due_on": date(2025, 12, 1), "commitment_id": mine.id,
        }  # fmt: skip
        cooperating.write(models.CooperationAction, action, by=who)
        assert [(one.what, one.currency, one.received) for one in queries.cooperation_for(mine.id)] == [
            ("Enviar la minuta", None, 0), ("Equipo", "USD", 25),
        ]  # fmt: skip
        with pytest.raises(NotYours):
            cooperating.write(models.CooperationPledge, pledge | {"commitment_id": theirs.id}, by=who)
