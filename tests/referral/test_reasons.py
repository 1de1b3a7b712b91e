"""Every reason by which a referral ends, through the verb: the journal says it with its group, nobody outside reads a
safety reason, and a word that is no reason is refused. One referral; what each reason did is undone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.referral import errors, present, service
from caseapp.referral.models import CHANNELS
from caseapp.referral.rules import unlocking
from tests.referral.conftest import restart

SAFE = "CANNOT_OFFER"  # what PREVIOUS_INCIDENT reads outside


def codes(name):
    return [c.code for c in reference.codes(name)]


def ended(world, number, who, verb, kind):
    """What the journal says of each reason: {reason: (reason, group)} for the first person."""
    found = {}
    with access.acting_as(who):
        restart()
        for reason in verb.reasons:
            verb.does(world.open(who, number), reason)
            told = session.execute(
                sa.select(CaseEvent.reason, CaseEvent.reason_group, CaseEvent.outcome).where(
                    CaseEvent.kind == kind
                )
            ).all()
            assert len(told) == 3 and len(set(told)) == 1
            found[reason] = told[0]
            session.rollback()
        restart()
    return found


class Verb:
    def __init__(self, name, does):
        self.reasons, self.does = codes(name), does


def decline(found, reason):
    """With as much of what would make it possible as the reason must have."""
    must = unlocking.ASKED[reason].must
    service.decline(
        found, reason, unlocks_code=unlocking.codes_of(reason)[-1] if "code" in must else None,
        unlocks="Hable con nosotros." if "words" in must else "",
    )  # fmt: skip


def test_declined_by_each_reason(world):
    number = world.refer()
    verb = Verb("decline_reason", decline)
    told = ended(world, number, world.coordinator, verb, "referral.declined")
    assert len(told) == 23
    for reason, event in told.items():
        shown = SAFE if reason == "PREVIOUS_INCIDENT" else reason
        assert (event.reason, event.reason_group) == (shown, reference.group_of("decline_reason", shown)), (
            reason
        )
        assert event.reason_group, reason


def test_the_sender_never_reads_the_safety_reason(world):
    number = world.refer()
    with access.acting_as(world.coordinator):
        restart()
        found = world.open(world.coordinator, number)
        service.decline(found, "PREVIOUS_INCIDENT")
        assert present.reason_text(found, own=True) != present.reason_text(found, own=False)
        assert present.reason_text(found, own=False) == reference.label("decline_reason", SAFE)


def test_withdrawn_by_each_reason(world):
    number = world.refer()
    told = ended(
        world, number, world.caseworker, Verb("withdraw_reason", service.withdraw), "referral.withdrawn"
    )
    assert {reason: event.reason for reason, event in told.items()} == dict(zip(told, told, strict=True))
    assert len(told) == 6 and all(reference.group_of("withdraw_reason", reason) for reason in told)


def test_not_completed_by_each_reason(world):
    number = world.accepted()
    verb = Verb("not_completed_reason", service.not_complete)
    told = ended(world, number, world.coordinator, verb, "referral.not_completed")
    assert {reason: event.reason for reason, event in told.items()} == dict(zip(told, told, strict=True))
    assert len(told) == 10 and all(reference.group_of("not_completed_reason", reason) for reason in told)


def test_completed_with_each_result(world):
    number = world.accepted()

    def finish(found, result):
        service.start(found)
        service.complete(found, result)

    told = ended(world, number, world.coordinator, Verb("service_result", finish), "referral.completed")
    assert {reason: event.outcome for reason, event in told.items()} == dict(zip(told, told, strict=True))
    assert len(told) == 5


def test_answered_by_each_channel(world):
    """The columns of PostgreSQL and the channels of the code are the list; by telephone the sender writes it down."""
    assert set(CHANNELS) == set(codes("answer_channel"))


@pytest.mark.parametrize(
    "blank", ["NOT_ASKED", "UNKNOWN", "DECLINED", "NOT_APPLICABLE", "NATIONALITY", "PREGNANCY"]
)
def test_no_blank_and_nothing_forbidden_is_a_reason(world, blank):
    number = world.refer()
    with access.acting_as(world.coordinator):
        restart()
        with pytest.raises(errors.ReasonNotKnown):
            service.decline(world.open(world.coordinator, number), blank)
