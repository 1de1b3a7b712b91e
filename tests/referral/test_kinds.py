"""Kinds of services: the registry beside its lists, hours that decide, and what is told back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.referral import errors, kinds, service
from caseapp.referral.kinds import health
from caseapp.referral.models import Referral
from tests.factories.referral import consent, offer
from tests.referral.conftest import restart

NOW = datetime(2025, 11, 23, 12, tzinfo=UTC)


def test_the_registry_and_its_lists_agree():
    listed = {c.code for c in reference.codes("service_kind")}
    assert set(kinds.KINDS) <= listed
    told = {
        kind: tuple(
            c.code
            for c in reference.codes("service_outcome", NOW.date())
            if kind in c.extra["kinds"].split("|")
        )
        for kind in listed
    }
    for kind, outcomes in told.items():
        assert set(kinds.of(kind).outcomes) == set(outcomes), kind
    assert {"SHELTER", "SAFE_SHELTER"} == kinds.GIVES_PLACES


@pytest.mark.parametrize(
    ("choice", "gone", "hours"),
    [
        ("", None, None), ("TODAY", None, 24), ("THREE_DAYS", 5, 72), ("WINDOW_72", 0, 72), ("WINDOW_72", 71, 1),
        ("WINDOW_120", 72, 48), ("WINDOW_120", 119, 1),
    ],
)  # fmt: skip
def test_by_when(choice, gone, hours):
    expected = NOW + timedelta(hours=hours) if hours else None
    assert health.be_seen_by(choice, gone, NOW) == expected


@pytest.mark.parametrize(
    ("choice", "gone", "refused"),
    [
        ("WINDOW_72", 72, health.WindowPassed), ("WINDOW_120", 120, health.WindowPassed),
        ("WINDOW_72", None, health.HoursMissing), ("WINDOW_120", -1, health.HoursMissing),
    ],
)  # fmt: skip
def test_a_window_that_passed_or_is_not_known(choice, gone, refused):
    with pytest.raises(refused):
        health.be_seen_by(choice, gone, NOW)


@pytest.mark.parametrize(
    ("hours", "priority"),
    [(1, "IMMEDIATE"), (24, "IMMEDIATE"), (25, "EMERGENCY"), (96, "EMERGENCY"), (97, "URGENT"), (336, "URGENT"), (337, "NORMAL")],
)  # fmt: skip
def test_the_priority_leaves_time(hours, priority):
    assert health.priority_for(NOW + timedelta(hours=hours), NOW) == priority
    rule = reference.clock_rule(f"REFERRAL_{priority}", NOW.date())
    unit = {"minutes": 1 / 60, "hours": 1, "days": 24}[rule.unit or "hours"]
    assert hours == 1 or (rule.value or 0) * unit < hours  # answered before it is too late


def test_hours_ask_for_a_priority_that_answers_in_time(world):
    by = clock.now() + timedelta(hours=20)
    with world.db.as_owner():
        consent(world.mother, "REFER_HEALTH")
    with pytest.raises(health.PriorityTooLow):
        world.refer(world.mother.case_id, kind="HEALTH", priority="EMERGENCY", be_seen_by=by)
    world.refer(world.mother.case_id, kind="HEALTH", priority="IMMEDIATE", be_seen_by=by)
    with access.acting_as(world.nurse):
        restart()
        assert session.scalars(sa.select(Referral.be_seen_by)).one() == by


def test_a_shelter_knows_no_such_hours(world):
    world.refer(be_seen_by=clock.now() + timedelta(hours=1))
    with access.acting_as(world.caseworker):
        restart()
        assert session.scalars(sa.select(Referral.be_seen_by)).one() is None


@pytest.fixture
def registry(world):
    """The health team is a social registry too; a referral to it has begun."""
    with world.db.as_owner():
        offer(world.health, "SOCIAL_REGISTRY")
        consent(world.mother, "REFER_SOCIAL_REGISTRY")
    number = world.refer(world.mother.case_id, kind="SOCIAL_REGISTRY", priority="NORMAL")
    with access.acting_as(world.nurse):
        restart()
        service.accept(world.open(world.nurse, number))
        service.start(world.open(world.nurse, number))
        restart()
    return number


def test_what_came_of_it_is_told_back(world, registry, client):
    with access.acting_as(world.nurse):
        restart()
        found = world.open(world.nurse, registry)
        for nothing in ("", "ENROLLED"):
            with pytest.raises(errors.OutcomeMissing):
                service.complete(found, "DELIVERED_FULL", outcome=nothing)
    client.sign_in(world.nurse)
    page = client.get(f"/referrals/{registry}/complete").get_data(as_text=True)
    assert "Ya estaba inscrita" in page and "Quedó inscrita en la escuela" not in page
    version = session.scalar(sa.select(Referral.version))
    answer = {"reason": "DELIVERED_FULL", "outcome": "", "version": str(version)}
    refused = client.post(f"/referrals/{registry}/complete", data=answer)
    assert refused.status_code == 422 and "en qué quedó" in refused.get_data(as_text=True)
    done = client.post(f"/referrals/{registry}/complete", data={**answer, "outcome": "REGISTERED_BEFORE"})
    assert done.status_code == 302
    client.sign_in(world.caseworker)
    assert "Ya estaba inscrita" in client.get(f"/referrals/{registry}").get_data(as_text=True)


def test_what_was_not_delivered_has_no_outcome(world, registry):
    with access.acting_as(world.nurse):
        restart()
        found = world.open(world.nurse, registry)
        service.complete(found, "ASSESSED_NOT_ELIGIBLE", outcome="REGISTERED")
        assert found.outcome is None


def test_the_database_says_both_again(world):
    with world.db.as_owner():
        consent(world.mother, "REFER_HEALTH")
    world.refer(world.mother.case_id, kind="HEALTH", priority="URGENT")
    with access.acting_as(world.caseworker):
        restart()
        for wrong in ("outcome = 'REGISTERED'", "be_seen_by = made_at - interval '1 hour'"):
            with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
                session.execute(sa.text(f"UPDATE referral SET {wrong}"))


def test_the_form_asks_only_where_hours_decide(world, client):
    with world.db.as_owner():
        consent(world.mother, "REFER_HEALTH")
    number, mother = _number(world), str(world.mother.case_id)
    client.sign_in(world.caseworker)
    assert "seen_within" not in client.get(f"/cases/{number}/refer?kind=SHELTER").get_data(as_text=True)
    url = f"/cases/{number}/refer?kind=HEALTH"
    assert "seen_within" in client.get(url).get_data(as_text=True)
    answers = {
        "kind": "HEALTH", "members": mother, "to_team": str(world.health.id), "priority": "IMMEDIATE",
        "items": "NAME", "seen_within": "WINDOW_72", "hours_gone": "80",
    }  # fmt: skip
    refused = client.post(url, data=answers)
    assert refused.status_code == 422 and "Ese plazo ya pasó" in refused.get_data(as_text=True)
    made = client.post(url, data={**answers, "hours_gone": "60"})
    assert made.status_code == 302
    page = client.get(made.location).get_data(as_text=True)
    assert "Debe ser atendida antes de" in page and "72 horas de lo que" not in page


def _number(world):
    from caseapp.people.models import Case

    with world.db.as_owner():
        return session.get_one(Case, world.mother.case_id).number
