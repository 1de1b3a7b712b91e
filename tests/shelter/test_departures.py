"""Every reason of a departure with every destination, through the verb: allowed pairs end the stay, the others are
refused, and PostgreSQL refuses them too. Outside the matter a sealed word reads like an ordinary one."""

from __future__ import annotations

import sqlalchemy as sa

from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.shelter import errors, rules, service
from caseapp.shelter.models import Stay
from tests.factories.shelter import TONIGHT, places_in
from tests.shelter.conftest import restart

REASONS = [c.code for c in reference.codes("stay_end_reason")]
DESTINATIONS = [c.code for c in reference.codes("stay_destination")]
ALLOWED = {(p.reason, p.destination): p for p in reference.stay_pairs()}


def shown(name, code):
    return reference.code(name, code).extra.get("shown_as") or code


def what_happens(stay, reason, destination):
    """`ended` as the journal says it, `proposed` to a second person, or the refusal's name."""
    try:
        if not service.depart(stay, reason, destination):
            return "proposed"
    except (errors.PairNotAllowed, errors.ChildNotAskedToLeave) as refusal:
        return type(refusal).__name__
    [event] = session.execute(
        sa.select(CaseEvent.reason, CaseEvent.outcome).where(CaseEvent.kind == "stay.ended")
    ).all()
    return tuple(event)


def expected(reason, destination):
    pair = ALLOWED.get((reason, destination))
    if pair is None or reason in rules.NEVER_IN:
        return "PairNotAllowed"
    if pair.needs_review and reason in rules.AGREED_FIRST:
        return "proposed"
    return (shown("stay_end_reason", reason), shown("stay_destination", destination))


def test_every_reason_with_every_destination(house):
    with access.acting_as(house.coordinator):
        restart()
        bed = places_in(house.shelter, "M1")[0]
        [stay] = service.book(
            {house.woman.case_id: bed.id}, team_id=house.shelter.id, first_night=TONIGHT, last_night=TONIGHT
        )
        service.check_in([stay])
        stay_id = stay.id
        restart()
        wrong, ended = {}, set()
        for reason in REASONS:
            for destination in DESTINATIONS:
                found = what_happens(session.get_one(Stay, stay_id), reason, destination)
                if found != expected(reason, destination):
                    wrong[reason, destination] = found
                if isinstance(found, tuple):
                    ended.add(reason)
                session.rollback()
        assert wrong == {}
        assert ended | {"NEVER_ARRIVED"} | rules.AGREED_FIRST >= set(REASONS)


def test_postgresql_knows_the_same_pairs(house):
    rows = session.execute(sa.text("SELECT reason, destination, needs_review FROM stay_end_pair")).all()
    assert {(r, d): n for r, d, n in rows} == {key: p.needs_review for key, p in ALLOWED.items()}
