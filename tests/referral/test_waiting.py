"""Waiting lists as their two sides live them: join, ranks with their history, offer, pass over, take, lose nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.outbox import OutboxRow, deliver
from caseapp.people import service as people
from caseapp.people.models import Case, Consent
from caseapp.referral import errors as referral_errors
from caseapp.referral import events, service
from caseapp.referral.models import Referral, ReferralNotice
from caseapp.referral.waiting import errors
from caseapp.referral.waiting import queries as waiting
from caseapp.referral.waiting import service as lists
from caseapp.referral.waiting.models import WaitingEntry
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter import service as shelter
from tests.conftest import NOW
from tests.factories import make_person
from tests.factories.referral import consent
from tests.referral.conftest import restart
from tests.statements import count_statements


def declined(world, *cases, priority="URGENT", reason="NO_PLACE_TONIGHT"):
    number = world.refer(*cases, priority=priority)
    with access.acting_as(world.coordinator):
        restart()
        service.decline(world.open(world.coordinator, number), reason)
        restart()
    return number


def joined(world, *cases, told=(), **values):
    number = declined(world, *cases, **values)
    with access.acting_as(world.caseworker):
        restart()
        entry = lists.join(world.open(world.caseworker, number), told)
        restart()
        return entry.id


def seen(who, entry_id, *, lock=False):
    return waiting.entry(who, entry_id, lock=lock)


@pytest.fixture
def alone(world):
    """A man of the same desk, on his own, without anything that ranks."""
    with world.db.as_owner():
        person = make_person(world.desk, sex_in_document="M")
        consent(person)
    return person


def test_who_joins_gets_a_rank_with_its_history(world, alone):
    first = joined(world, alone.case_id)
    family = joined(world, told=["NO_ROOF_TONIGHT"])
    with access.acting_as(world.caseworker):
        restart()
        assert [seen(world.caseworker, e).rank for e in (first, family)] == [2, 1]
        assert [(r.step, r.rank, r.length) for r in waiting.history_of(seen(world.caseworker, first))] == [
            ("MOVED", 2, 2), ("JOINED", 1, 1),
        ]  # fmt: skip
        entry = seen(world.caseworker, family)
        assert (entry.adults, entry.children) == (2, 1)
        assert entry.criteria == ["ADAPTED_PLACE", "NO_ROOF_TONIGHT"]
        assert entry.requirements == ["ALLERGY_LIFE", "STEP_FREE"]


def test_the_receiver_reads_numbers_and_nobody(world):
    entry_id = joined(world)
    with access.acting_as(world.coordinator):
        restart()
        assert seen(world.coordinator, entry_id).rank == 1
        assert session.scalars(sa.select(Case.id)).all() == []
        drafts = sa.select(Referral.id).where(Referral.state == "DRAFT")
        assert session.scalars(drafts).all() == []
    with access.acting_as(world.stranger):
        restart()
        with pytest.raises(NotYours):
            seen(world.stranger, entry_id)
        assert session.scalars(sa.select(WaitingEntry.id)).all() == []


def test_nobody_joins_twice(world):
    number = declined(world)
    with access.acting_as(world.caseworker):
        restart()
        lists.join(world.open(world.caseworker, number))
        restart()
        with pytest.raises(errors.AlreadyOnTheList):
            lists.join(world.open(world.caseworker, number))


def test_a_refused_consent_keeps_from_the_list_and_ranks_nobody(world, alone):
    with world.db.as_owner():
        session.execute(sa.update(Consent).where(Consent.case_id == alone.case_id).values(state="REFUSED"))
    with access.acting_as(world.caseworker):
        restart()
        found = service.draft(
            [alone.case_id], from_team=session.merge(world.desk), to_team=session.merge(world.shelter),
            kind="SHELTER", priority="NORMAL", **world.nights(),
        )  # fmt: skip
        with pytest.raises(referral_errors.ConsentMissing):
            lists.join(found)


def test_a_referral_that_waits_for_its_answer_needs_no_list(world):
    number = world.refer()
    with access.acting_as(world.caseworker):
        restart()
        with pytest.raises(errors.NothingToWaitFor):
            lists.join(world.open(world.caseworker, number))
    with access.acting_as(world.coordinator):
        restart()
        with pytest.raises(NotYours):
            lists.join(world.open(world.coordinator, number))


def test_an_offer_past_somebody_is_reasoned_and_read_by_them(world, alone):
    later = joined(world, alone.case_id)
    before = joined(world, told=["NO_ROOF_TONIGHT"])
    with access.acting_as(world.coordinator):
        restart()
        with pytest.raises(errors.PassedOverWithoutReason):
            lists.offer(seen(world.coordinator, later, lock=True))
        with pytest.raises(errors.PassedOverWithoutReason):
            lists.offer(seen(world.coordinator, later, lock=True), {before: "NATIONALITY"})
        lists.offer(seen(world.coordinator, later, lock=True), {before: "DOES_NOT_FIT"})
        restart()
        with pytest.raises(errors.NotWaitingNow):
            lists.offer(seen(world.coordinator, later, lock=True), {before: "DOES_NOT_FIT"})
    with access.acting_as(world.caseworker):
        restart()
        assert [p.reason for p in waiting.passings_of(seen(world.caseworker, before))] == ["DOES_NOT_FIT"]
        entry = seen(world.caseworker, later)
        assert entry.offer_until - entry.offered_at == timedelta(hours=72)
        kinds = sa.select(ReferralNotice.kind).where(ReferralNotice.team_id == world.desk.id)
        assert "PLACE_OFFERED" in session.scalars(kinds).all()


def test_an_offer_that_nobody_takes_costs_nothing(world):
    entry_id = joined(world)
    with access.acting_as(world.coordinator):
        restart()
        lists.offer(seen(world.coordinator, entry_id, lock=True))
        restart()
    world.db.as_role("work")
    with access.acting_as(access.system("clocks")):
        for hours, ended in ((71, 0), (73, 1), (73, 0)):
            with clock.held_at(clock.now() + timedelta(hours=hours)):
                restart()
                world.db.as_role("work")
                assert lists.lapse_offers() == ended
    world.db.as_role("app")
    with access.acting_as(world.caseworker):
        restart()
        entry = seen(world.caseworker, entry_id)
        assert (entry.state, entry.rank, entry.offer_until) == ("WAITING", 1, None)
        assert [r.step for r in waiting.history_of(entry)] == ["OFFER_LAPSED", "OFFERED", "JOINED"]


def test_not_now_and_take_and_accepted(world):
    entry_id = joined(world)
    with access.acting_as(world.coordinator):
        restart()
        lists.offer(seen(world.coordinator, entry_id, lock=True))
        restart()
        with pytest.raises(NotYours):
            lists.not_now(seen(world.coordinator, entry_id, lock=True))
    with access.acting_as(world.caseworker):
        restart()
        lists.not_now(seen(world.caseworker, entry_id, lock=True))
        assert seen(world.caseworker, entry_id).state == "WAITING"
        behind = lists.take(seen(world.caseworker, entry_id, lock=True))
        service.send(behind)
        number = behind.number
        restart()
        assert seen(world.caseworker, entry_id).state == "ASKED"
    with access.acting_as(world.coordinator):
        restart()
        service.accept(world.open(world.coordinator, number), world.beds())
        restart()
        entry = seen(world.coordinator, entry_id)
        assert (entry.state, entry.rank) == ("PLACED", None)
        assert entry.ended_at is not None


def test_declined_again_they_are_back_with_their_time(world, alone):
    entry_id = joined(world, alone.case_id)
    with access.acting_as(world.caseworker):
        restart()
        since = seen(world.caseworker, entry_id).since
        behind = lists.take(seen(world.caseworker, entry_id, lock=True))
        service.send(behind)
        number = behind.number
        restart()
    with access.acting_as(world.coordinator):
        restart()
        service.decline(world.open(world.coordinator, number), "NO_STAFF")
        restart()
    with access.acting_as(world.caseworker):
        restart()
        entry = seen(world.caseworker, entry_id)
        assert (entry.state, entry.rank, entry.since) == ("WAITING", 1, since)
        again = lists.take(seen(world.caseworker, entry_id, lock=True))
        assert again.number != number
        assert again.state == "DRAFT"


def sent_from_the_list(world, *cases, **values):
    """On the list, then asked; the entry, its `since`, and the number of the referral."""
    entry_id = joined(world, *cases, **values)
    with access.acting_as(world.caseworker), clock.held_at(NOW + timedelta(hours=5)):
        restart()
        since = seen(world.caseworker, entry_id).since
        behind = lists.take(seen(world.caseworker, entry_id, lock=True))
        service.send(behind)
        number = behind.number
        restart()
    return entry_id, since, number


def the_worker_looks(world):
    world.db.as_role("work")
    with access.acting_as(access.system("outbox")):
        restart()
        rows = sa.select(OutboxRow.id).where(
            OutboxRow.topic == events.ENDED_BADLY, OutboxRow.done_at.is_(None)
        )
        for row in session.scalars(rows).all():
            deliver(row)
        restart()
    world.db.as_role("app")


@pytest.mark.parametrize(
    ("reason", "back"),
    [("REFUSED_ON_ARRIVAL", True), ("PROVIDER_CANCELLED", True), ("NO_SHOW", False), ("NEED_CHANGED", False)],
)
def test_whoever_was_accepted_and_given_nothing_is_back_with_their_time(world, alone, reason, back):
    entry_id, since, number = sent_from_the_list(world, alone.case_id)
    with access.acting_as(world.coordinator):
        restart()
        service.accept(world.open(world.coordinator, number), world.beds(alone.case_id))
        service.not_complete(world.open(world.coordinator, number), reason)
        restart()
    for _twice in range(2):
        the_worker_looks(world)
    with access.acting_as(world.caseworker):
        restart()
        entry = seen(world.caseworker, entry_id)
        if not back:
            assert (entry.state, entry.rank) == ("PLACED", None)
            with pytest.raises(errors.NothingToWaitFor):
                lists.join(world.open(world.caseworker, number))
            return
        assert (entry.state, entry.rank, entry.since, entry.ended_at) == ("WAITING", 1, since, None)
        assert waiting.history_of(entry)[0].step == "BACK"
        with pytest.raises(errors.AlreadyOnTheList):
            lists.join(world.open(world.caseworker, number))
        assert lists.take(seen(world.caseworker, entry_id, lock=True)).state == "DRAFT"


def test_a_bed_that_was_not_ready_costs_no_time_and_joining_again_by_hand_neither(world, alone):
    entry_id, since, number = sent_from_the_list(world, alone.case_id)
    with access.acting_as(world.coordinator):
        restart()
        found = world.open(world.coordinator, number)
        service.accept(found, world.beds(alone.case_id))
        shelter.cancel(shelter_queries.holding_for_referral(found.id, lock=True), "PLACE_NOT_READY")
        restart()
    with access.acting_as(world.caseworker), clock.held_at(NOW + timedelta(hours=9)):
        restart()
        again = lists.join(world.open(world.caseworker, number))
        assert (again.since, again.id != entry_id) == (since, True)
        restart()
    the_worker_looks(world)
    with access.acting_as(world.caseworker):
        restart()
        assert seen(world.caseworker, entry_id).state == "PLACED"  # they wait once


def test_whoever_was_not_accepted_with_the_others_waits_on_with_their_time(world):
    mother, child, father = world.family
    entry_id, since, number = sent_from_the_list(world, told=["NO_ROOF_TONIGHT"])
    with access.acting_as(world.coordinator):
        restart()
        service.accept(
            world.open(world.coordinator, number), world.beds(mother, child), members=[mother, child],
            reason="NO_PLACE_THIS_SIZE",
        )  # fmt: skip
        restart()
    with access.acting_as(world.caseworker):
        restart()
        service.agree_part(world.open(world.caseworker, number))
        restart()
        assert seen(world.caseworker, entry_id).state == "PLACED"
        (on,) = waiting.of_case(father)
        assert (on.state, on.rank, on.since, on.adults, on.children) == ("WAITING", 1, since, 1, 0)
        assert on.criteria == ["NO_ROOF_TONIGHT"]
        behind = lists.take(seen(world.caseworker, on.id, lock=True))
        assert [m.case_id for m in behind.members] == [father]
        assert waiting.of_case(mother) == []


def test_a_list_is_held_before_it_is_asked_who_waits(world, monkeypatch):
    """Two who join at once do so one after the other."""
    number, order = declined(world), []
    for name in ("hold_list", "waits_already"):
        real = getattr(waiting, name)
        monkeypatch.setattr(waiting, name, lambda *a, n=name, r=real: (order.append(n), r(*a))[1])
    with access.acting_as(world.caseworker):
        restart()
        lists.join(world.open(world.caseworker, number))
    assert order == ["hold_list", "waits_already"]


def test_leaving_moves_the_others_up(world, alone):
    later = joined(world, alone.case_id)
    before = joined(world, told=["NO_ROOF_TONIGHT"])
    with access.acting_as(world.caseworker):
        restart()
        lists.leave(seen(world.caseworker, before, lock=True), "BETTER_OPTION_FOUND")
        restart()
        gone, up = seen(world.caseworker, before), seen(world.caseworker, later)
        assert (gone.state, gone.rank, up.rank) == ("LEFT", None, 1)
        assert waiting.history_of(gone)[0].rank is None
        behind = session.get_one(Referral, gone.referral_id)
        assert (behind.state, behind.withdraw_reason) == ("WITHDRAWN", "BETTER_OPTION_FOUND")


def test_a_key_taken_back_takes_off_the_list_at_once(world, alone):
    entry_id = joined(world, alone.case_id)
    with access.acting_as(world.caseworker):
        restart()
        key = session.scalars(sa.select(Consent).where(Consent.case_id == alone.case_id)).one()
        people.withdraw_consent(session.get_one(Case, alone.case_id), key, on=clock.now().date())
        restart()
        assert seen(world.caseworker, entry_id).state == "LEFT"


def test_ranks_are_written_by_the_database_alone(world):
    joined(world)
    with access.acting_as(world.caseworker):
        restart()
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            session.execute(sa.text("UPDATE waiting_rank SET rank = 1"))
        session.rollback()
        with pytest.raises(sa.exc.IntegrityError, match="open_has_rank"):
            session.execute(sa.text("UPDATE waiting_entry SET rank = NULL"))
        session.rollback()


def test_the_pages(world, client, alone):
    later = joined(world, alone.case_id)
    before = joined(world, told=["NO_ROOF_TONIGHT"])
    client.sign_in(world.coordinator)
    page = client.get("/referrals/waiting").get_data(as_text=True)
    assert page.index(str(before)) < page.index(str(later))
    assert "Sin techo esta noche" in page
    assert "Lucha" not in page
    offer = client.get(f"/referrals/waiting/{later}/offer").get_data(as_text=True)
    assert "1 grupo está antes y espera" in offer
    refused = client.post(f"/referrals/waiting/{later}/offer", data={"version": "1", "reason": ""})
    assert refused.status_code == 422
    assert "quienes están antes" in refused.get_data(as_text=True)
    assert (
        client.post(
            f"/referrals/waiting/{later}/offer", data={"version": "1", "reason": "ASKED_TO_WAIT"}
        ).status_code
        == 302
    )
    client.sign_in(world.caseworker)
    page = client.get("/referrals/waiting?side=out").get_data(as_text=True)
    assert "Cupo ofrecido hasta" in page
    assert "Pidieron esperar" in client.get(f"/referrals/waiting/{before}").get_data(as_text=True)
    taken = client.post(f"/referrals/waiting/{later}/take")
    assert "/referrals/R" in taken.location
    sent = client.post(f"{taken.location}/send", data={"version": str(_version(taken.location))})
    assert sent.status_code == 302


def _version(location):
    number = location.rsplit("/", 1)[1]
    return session.scalar(sa.select(Referral.version).where(Referral.number == number))


def test_the_list_costs_the_same_however_long(world, client, alone):
    joined(world, alone.case_id)
    client.sign_in(world.coordinator)
    client.get("/referrals/waiting")
    with count_statements() as one:
        client.get("/referrals/waiting")
    joined(world)
    client.sign_in(world.coordinator)
    client.get("/referrals/waiting")
    with count_statements() as two:
        assert client.get("/referrals/waiting").get_data(as_text=True).count("Ofrecer cupo") == 2
    assert len(two) == len(one)
