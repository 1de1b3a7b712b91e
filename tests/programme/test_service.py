"""Entering, withdrawing, correcting and importing, as role app; and what the database refuses by itself."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.journal import CaseEvent
from caseapp.places.models import Site
from caseapp.programme import importing, queries, rules, service
from caseapp.programme.models import OfficialTraining, UnitCost
from tests.factories import make_site, make_team, make_user, principal_of
from tests.factories.directory import make_safe_house
from tests.factories.shelter import make_shelter
from tests.programme.routes import make_training

TRAINING = {
    "held_on": date(2025, 11, 20), "place": "MX07", "institution": "POLICE", "topic": "GBV", "trainer": "UN",
    "women": 12, "men": 3, "others": 0,
}  # fmt: skip
PROJECT = {
    "code": "P-1", "kind": "JOINT_PROJECT", "name_es": "Huerto", "name_en": "Garden", "place": "MX07089",
    "starts_on": date(2025, 1, 1), "ends_on": None,
}  # fmt: skip
PART = {
    "project": "P-1", "held_on": date(2025, 6, 30), "population": "HOST", "sex": "F", "age_band": "18-59", "heads": 7,
}  # fmt: skip
COST = {
    "service_kind": "HEALTH", "currency": "USD", "amount": Decimal("12.50"), "valid_from": date(2025, 1, 1),
    "valid_to": date(2025, 12, 31), "source": "Presupuesto 2025",
}  # fmt: skip


def told(row):
    """The events about an entry: kind, the codes, and whether it stands."""
    rows = session.scalars(
        sa.select(CaseEvent).where(CaseEvent.subject_id == row.id).order_by(CaseEvent.position)
    ).all()
    back = {each.withdraws_id for each in rows}
    return [
        (e.kind, e.code, e.sector, e.sex, e.number, e.id not in back)
        for e in rows
        if e.kind != "event.withdrawn"
    ]


def test_a_training_tells_heads_by_sex_and_names_nobody(at_desk):
    row = service.enter("trainings", TRAINING, team=at_desk.team)
    assert told(row) == [
        ("training.attended", "GBV", "POLICE", "F", 12, True),
        ("training.attended", "GBV", "POLICE", "M", 3, True),
    ]
    event = session.scalars(sa.select(CaseEvent).where(CaseEvent.subject_id == row.id)).first()
    assert event.person_key is None and event.case_id is None and event.effective_on == date(2025, 11, 20)


def test_a_correction_withdraws_and_enters_anew(at_desk):
    row = service.enter("trainings", TRAINING, team=at_desk.team)
    again = service.correct("trainings", row, TRAINING | {"women": 2, "men": 0}, team=at_desk.team)
    assert [stands for *_codes, stands in told(row)] == [False, False] and row.women == 12
    assert told(again) == [("training.attended", "GBV", "POLICE", "F", 2, True)]
    assert again.replaces_id == row.id and row.withdrawn_by_id == at_desk.user.id
    with pytest.raises(rules.AlreadyWithdrawn):
        service.withdraw(row, team=at_desk.team)


def test_participation_counts_in_its_project(at_desk):
    project = service.enter("projects", PROJECT, team=at_desk.team)
    row = service.enter("participation", PART, team=at_desk.team)
    event = session.scalars(sa.select(CaseEvent).where(CaseEvent.subject_id == row.id)).one()
    assert (event.code, event.place, event.outcome, event.sex, event.age_band, event.number) == (
        "JOINT_PROJECT", "MX07089", "HOST", "F", "18-59", 7,
    )  # fmt: skip
    with pytest.raises(rules.HasParticipation):
        service.withdraw(project, team=at_desk.team)
    service.withdraw(row, team=at_desk.team)
    service.withdraw(project, team=at_desk.team)
    service.enter("projects", PROJECT, team=at_desk.team)  # the code is free again


def test_what_the_database_refuses_is_said(at_desk):
    service.enter("projects", PROJECT, team=at_desk.team)
    with pytest.raises(rules.CodeTaken):
        service.enter("projects", PROJECT, team=at_desk.team)
    cost = service.enter("costs", COST, team=at_desk.team)
    with pytest.raises(rules.CostsOverlap):
        service.enter("costs", COST | {"valid_from": date(2025, 12, 31), "valid_to": None}, team=at_desk.team)
    service.enter("costs", COST | {"currency": "MXN"}, team=at_desk.team)
    service.correct("costs", cost, COST | {"amount": Decimal(13)}, team=at_desk.team)


PROGRAMME = PROJECT | {"code": "P-2", "kind": "PROGRAMME"}
ENROLLED = {
    "project": "P-2", "period": "2025-Q1", "sex": "F", "age_band": None, "enrolled": 12, "source": "Ministerio",
}  # fmt: skip


def test_enrolments_of_a_period_stand_by_one_grain_and_no_two_periods_overlap(at_desk):
    programme = service.enter("projects", PROGRAMME, team=at_desk.team)
    row = service.enter("enrolments", ENROLLED, team=at_desk.team)
    service.enter(
        "enrolments", ENROLLED | {"sex": "M", "enrolled": None}, team=at_desk.team
    )  # fewer than five
    for values, refusal in (
        ({}, rules.EnrolledAlready), ({"sex": None}, rules.OtherGrain), ({"age_band": "60+"}, rules.OtherGrain),
        ({"period": "2025"}, rules.PeriodsOverlap), ({"period": "2025-03"}, rules.PeriodsOverlap),
    ):  # fmt: skip
        with pytest.raises(refusal):
            service.enter("enrolments", ENROLLED | values, team=at_desk.team)
    service.enter("enrolments", ENROLLED | {"period": "2025-Q2", "sex": None}, team=at_desk.team)
    again = service.correct("enrolments", row, ENROLLED | {"enrolled": 14}, team=at_desk.team)
    assert (row.enrolled, again.enrolled, again.replaces_id) == (12, 14, row.id)
    assert told(again) == []  # a number of another institution is no event of ours
    with pytest.raises(rules.HasParticipation):
        service.withdraw(programme, team=at_desk.team)


@pytest.fixture
def shelters(at_desk):
    """A shelter of the directory, one whose places are kept here, one abroad and a safe house: codes."""
    with at_desk.db.as_owner():
        kept = make_site(kind="SHELTER")
        make_shelter(kept)
        sites = [
            make_site(kind="SHELTER"), kept, make_site(kind="SHELTER", code="GT-ZZ1", country="GTM"),
            session.get_one(Site, make_safe_house().site_id),
        ]  # fmt: skip
        return [site.code for site in sites]


def test_beds_are_reported_of_shelters_elsewhere_and_never_twice(at_desk, shelters):
    outside, own, abroad, safe = shelters
    known = queries.known_of(at_desk.team)
    assert outside in known.sites and own in known.told_by_themselves
    assert not {abroad, safe} & (set(known.sites) | set(known.told_by_themselves))
    said = {"site": outside, "reported_on": date(2025, 10, 31), "beds": 40, "usable": 38}
    row = service.enter("capacity", said, team=at_desk.team)
    with pytest.raises(rules.ReportedAlready):
        service.enter("capacity", said | {"beds": 41}, team=at_desk.team)
    again = service.correct("capacity", row, said | {"beds": 41}, team=at_desk.team)
    assert (row.beds, again.beds, row.withdrawn_at is not None) == (40, 41, True)
    # The database says it too, of each that may not be named.
    for code in (own, abroad, safe):
        with pytest.raises(rules.CountsItself):
            service.enter("capacity", said | {"site": code}, team=at_desk.team)


def test_beds_and_enrolments_from_a_file(at_desk, shelters):
    outside, own, *_others = shelters
    head = "site,reported_on,beds,usable"
    wrong = take_in(
        csv_of(head, f"{outside},2025-10,40,38", f"{own},2025-10,40,38"), at_desk.team, kind="capacity"
    )
    assert [(row, each.column) for row, each in wrong.errors] == [(3, "site")]
    assert "se cuentan solas" in str(wrong.errors[0][1].sentence)
    for created in (1, 0):
        assert (
            take_in(csv_of(head, f"{outside},2025-10,40,38"), at_desk.team, kind="capacity").created
            == created
        )
    service.enter("projects", PROGRAMME, team=at_desk.team)
    rows = (
        "project,period,sex,enrolled,source",
        "P-2,2025-Q1,F,12,Ministerio",
        "P-2,2025-Q1,M,<5,Ministerio",
    )
    assert take_in(csv_of(*rows), at_desk.team, kind="enrolments").created == 2
    total = take_in(
        csv_of(rows[0], "P-2,2025-Q1,,14,Ministerio", "P-2,2025-Q2,,3,Ministerio"),
        at_desk.team,
        kind="enrolments",
    )
    assert [(row, each.column) for row, each in total.errors] == [(3, "enrolled")]
    total = take_in(csv_of(rows[0], "P-2,2025-Q1,,14,Ministerio"), at_desk.team, kind="enrolments")
    assert [(row, each.column) for row, each in total.errors] == [(2, "sex")]


@pytest.mark.parametrize(
    ("kind", "values", "constraint"),
    [
        ("trainings", {"women": 0, "men": 0}, "somebody_attended"), ("trainings", {"men": -1}, "no_negative_heads"),
        ("trainings", {"women": 5001}, "somebody_attended"), ("trainings", {"topic": "X"}, "topic_known"),
        ("projects", {"ends_on": date(2024, 1, 1)}, "ends_after_start"), ("costs", {"amount": Decimal(0)}, "amount_positive"),
        ("costs", {"valid_to": date(2024, 1, 1)}, "ends_after_start"), ("enrolments", {"enrolled": 4}, "no_small_number"),
        ("enrolments", {"source": ""}, "source_given"),
    ],
)  # fmt: skip
def test_constraints_of_the_tables(at_desk, kind, values, constraint):
    good = {"trainings": TRAINING, "projects": PROJECT, "costs": COST, "enrolments": ENROLLED}[kind]
    if kind == "enrolments":
        service.enter("projects", PROGRAMME, team=at_desk.team)
    with pytest.raises((IntegrityError, sa.exc.DataError), match=constraint):
        service.enter(kind, good | values, team=at_desk.team)


def test_another_team_sees_nothing_of_it(at_desk):
    row = service.enter("trainings", TRAINING, team=at_desk.team)
    with at_desk.db.as_owner():
        other = make_team(None, "COMMISSION_STATISTICS")
        theirs = make_training(at_desk.db, other)
        stranger = principal_of(make_user("DATA_STEWARD", other), ("DATA_STEWARD", other))
    with pytest.raises(NotYours):
        queries.locked("trainings", row.id, stranger)
    # Also where a WHERE was forgotten.
    ids = session.scalars(sa.select(OfficialTraining.id)).all()
    assert row.id in ids and theirs.id not in ids


def csv_of(*rows):
    return io.BytesIO("\n".join(rows).encode())


HEAD = "held_on,place,institution,topic,trainer,women,men"
ROW = "2025-11-20,MX07,POLICE,GBV,UN,12,3"


def take_in(content, team, dry_run=False, kind="trainings"):
    return importing.take_in(kind, content, team=team, dry_run=dry_run)


def count():
    return session.scalar(sa.select(sa.func.count()).select_from(OfficialTraining))


def test_a_file_read_twice_enters_nothing_twice_also_after_a_withdrawal(at_desk):
    rows = (HEAD, ROW, ROW, "20/11/2025,MX07,HEALTH,GBV,UN,,4")
    assert take_in(csv_of(*rows), at_desk.team, dry_run=True).created == 3 and count() == 0
    first = take_in(csv_of(*rows), at_desk.team)
    assert (first.rows, first.created, first.existing, first.errors) == (3, 3, 0, [])
    service.withdraw(session.scalars(sa.select(OfficialTraining).limit(1)).one(), team=at_desk.team)
    second = take_in(csv_of(*rows), at_desk.team)
    assert (second.created, second.existing) == (0, 3) and count() == 3


def test_nothing_is_entered_while_a_row_is_wrong(at_desk):
    found = take_in(
        csv_of(HEAD, ROW, "2030-01-01,MX07,POLICE,GBV,UN,12,3", "2025-11-20,XX,POLICE,GBV,UN,x,3"),
        at_desk.team,
    )
    assert [(row, wrong.column) for row, wrong in found.errors] == [
        (3, "held_on"),
        (4, "place"),
        (4, "women"),
    ]
    assert found.created == 0 and count() == 0
    assert take_in(csv_of("held_on,colour"), at_desk.team).errors[0][0] == 1


def test_a_workbook_and_what_only_the_database_knows(at_desk):
    book = openpyxl.Workbook()
    book.active.append(["service_kind", "currency", "amount", "valid_from", "valid_to", "source"])
    book.active.append(["HEALTH", "USD", 12.5, date(2025, 1, 1), None, "Presupuesto"])
    book.active.append(["HEALTH", "USD", 13, date(2025, 6, 1), None, "Presupuesto"])
    content = io.BytesIO()
    book.save(content)
    content.seek(0)
    found = take_in(content, at_desk.team, kind="costs")
    assert [(row, wrong.column) for row, wrong in found.errors] == [(3, "valid_from")]
    assert found.created == 0 and session.scalar(sa.select(sa.func.count()).select_from(UnitCost)) == 0
