"""What would make a declined referral possible: every reason of the list, typed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.places.models import Service
from caseapp.referral import errors, service
from caseapp.referral.rules import depending, linking, reviewing
from caseapp.referral.rules.unlocking import ASKED, PUBLISHED_AS, Said, codes_of, may_name, reasons, wrong_in
from tests.factories.referral import consent
from tests.referral.conftest import restart

TODAY = date(2025, 11, 23)
REASONS = [c.code for c in reference.codes("decline_reason")]
#: VOCABULARY A1, column *unlocks*, read line by line: what each reason asks, and what it must have.
EXPECTED = {
    "NO_PLACE_TONIGHT": ("on", ""), "NO_PLACE_THIS_SIZE": ("code", ""), "NO_SUITABLE_UNIT": ("code on", "code"),
    "SERVICE_SUSPENDED": ("on", ""), "NO_STAFF": ("on hour", ""), "NO_TRANSPORT": ("code", ""), "TOO_FAR": ("words", ""),
    "TERRITORIAL_LIMIT": ("code", ""), "NOT_ELIGIBLE": ("code words", "code"), "SEX_OR_AGE_LIMIT": ("", ""),
    "NO_CHILD_LICENCE": ("code", ""), "MAX_STAY_USED": ("code", ""), "CARE_BEYOND_US": ("code", ""),
    "NO_LANGUAGE": ("code on", ""), "INFO_MISSING": ("code", "code"), "CONSENT_MISSING": ("code", ""),
    "DOCUMENT_MISSING": ("code", "code"), "DUPLICATE_REFERRAL": ("", ""), "CANNOT_OFFER": ("", ""),
    "PREVIOUS_INCIDENT": ("", ""), "PERSON_DECLINED": ("code", ""), "PERSON_NOT_REACHED": ("code", ""), "OTHER": ("words", "words"),
}  # fmt: skip
FORBIDDEN = ("NATIONAL", "RELIGI", "HIV", "PREGNAN", "GENDER", "PAPERS", "PAY")


def said(reason: str, *fields: str) -> Said:
    """A right answer with these fields."""
    whole = {
        "code": (codes_of(reason) or ("TWO_UNITS",))[0], "on": TODAY + timedelta(1), "hour": 20, "words": "Con apoyo."
    }  # fmt: skip
    return Said(**{name: whole[name] for name in fields})


def test_every_reason_of_the_list_is_asked_something_or_nothing():
    assert set(ASKED) == set(REASONS) == set(EXPECTED)


@pytest.mark.parametrize("reason", REASONS)
def test_what_a_reason_asks_is_what_may_be_said(reason):
    fields, must = (set(words.split()) for words in EXPECTED[reason])
    assert wrong_in(reason, said(reason, *fields), TODAY) is None
    assert wrong_in(reason, said(reason, *must), TODAY) is None
    for name in must:
        assert wrong_in(reason, said(reason, *(fields - {name})), TODAY) == name
    for name in {"code", "on", "words"} - fields:
        assert wrong_in(reason, said(reason, *must, name), TODAY) == name
    if "hour" not in fields:
        assert wrong_in(reason, said(reason, *must, "hour"), TODAY) == "hour"


@pytest.mark.parametrize("reason", [r for r in REASONS if "code" in EXPECTED[r][0].split()])
def test_a_code_of_another_reason_is_not_taken(reason):
    assert codes_of(reason)
    assert wrong_in(reason, Said(code="NONE_OF_THESE", words=""), TODAY) == "code"
    others = {c for r in REASONS for c in codes_of(r)} - set(codes_of(reason))
    assert wrong_in(reason, Said(code=sorted(others)[0]), TODAY) == "code"


@pytest.mark.parametrize(
    ("on", "hour", "wrong"),
    [
        (TODAY, 0, None), (TODAY, 23, None), (TODAY - timedelta(1), 8, "on"), (TODAY + timedelta(367), 8, "on"),
        (TODAY + timedelta(366), 8, None), (TODAY, 24, "hour"), (TODAY, -1, "hour"), (None, 8, "hour"), (None, None, None),
    ],
)  # fmt: skip
def test_a_day_lies_ahead_and_an_hour_belongs_to_it(on, hour, wrong):
    assert wrong_in("NO_STAFF", Said(on=on, hour=hour), TODAY) == wrong


def test_no_reason_of_the_list_is_discrimination():
    assert not [r for r in REASONS if any(word in r for word in FORBIDDEN)]


def test_which_reasons_are_offered():
    everything = reasons(gives_places=True, with_child=True, outside=False)
    assert set(everything) == set(REASONS)
    assert set(everything) - set(reasons(gives_places=False, with_child=True, outside=False)) == {
        "NO_PLACE_THIS_SIZE", "NO_SUITABLE_UNIT", "NO_CHILD_LICENCE", "MAX_STAY_USED",
    }  # fmt: skip
    assert set(everything) - set(reasons(gives_places=True, with_child=False, outside=False)) == {
        "NO_CHILD_LICENCE"
    }
    assert set(everything) - set(reasons(gives_places=True, with_child=True, outside=True)) == {
        "PREVIOUS_INCIDENT"
    }
    assert "NOT_ELIGIBLE" not in reasons(gives_places=True, with_child=True, outside=True, part=True)


def test_what_hangs_on_a_referral_is_a_tree():
    from uuid import UUID

    a, b, c, d, e = (UUID(int=n) for n in range(1, 6))
    assert depending.tree(a, {b: a, c: b, d: a, e: UUID(int=9)}) == ((b, 1), (c, 2), (d, 1))
    assert depending.tree(a, {}) == ()
    assert [s for s in ("DRAFT", "SENT", "INFO_ASKED", "PART_ACCEPTED", "ACCEPTED", "STARTED") if depending.goes_along(s)] == [
        "DRAFT", "SENT", "INFO_ASKED", "PART_ACCEPTED", "ACCEPTED",
    ]  # fmt: skip
    assert depending.reason_for_dependants("CONSENT_WITHDRAWN") == "NEED_ENDED"
    assert depending.reason_for_dependants("MOVED_AWAY") == "MOVED_AWAY"


def test_which_reasons_a_second_person_looks_at():
    assert [r for r in REASONS if reviewing.is_reviewed("decline_reason", r)] == ["PREVIOUS_INCIDENT"]
    ended = [c.code for c in reference.codes("not_completed_reason")]
    assert {r for r in ended if reviewing.is_reviewed("not_completed_reason", r)} == {
        "REFUSED_ON_ARRIVAL", "BED_NOT_READY", "DETAINED_ON_WAY",
    }  # fmt: skip
    assert {r for r in ended if reviewing.needs_another("NOT_COMPLETED", r)} == {
        "REFUSED_ON_ARRIVAL", "BED_NOT_READY", "PROVIDER_CANCELLED",
    }  # fmt: skip
    assert reviewing.needs_another("LAPSED", None) and not reviewing.needs_another("WITHDRAWN", None)


def test_a_code_is_bound_to_its_link_and_to_a_key_outside_the_database():
    mac = linking.code_mac(b"key", "token", "482913")
    assert mac == linking.code_mac(b"key", "token", linking.figures(" 482 913 "))
    assert mac not in {
        linking.code_mac(b"other", "token", "482913"), linking.code_mac(b"key", "other", "482913"),
        linking.code_mac(b"key", "token", "482914"), linking.code_mac(b"key", "token", linking.figures("4829130")),
    }  # fmt: skip


@pytest.mark.parametrize("rule", codes_of("NOT_ELIGIBLE"))
def test_a_rule_is_named_that_the_entry_publishes(rule):
    ground = PUBLISHED_AS.get(rule)
    assert may_name(rule, ()) is (ground is None)
    assert may_name(rule, {"AGE", "HOUSEHOLD", "POPULATION", "AREA"})
    assert ground is None or not may_name(rule, {"AGE", "HOUSEHOLD", "POPULATION", "AREA"} - {ground})


def test_not_eligible_asks_the_rules_of_the_very_entry(world, client):
    with world.db.as_owner():
        consent(world.mother, "REFER_HEALTH")
        service_row = session.scalars(sa.select(Service).where(Service.team_id == world.health.id)).one()
        service_row.age_from, service_row.age_to = 0, 17
        session.flush()
    number = world.refer(world.mother.case_id, kind="HEALTH", priority="URGENT")
    client.sign_in(world.nurse)
    page = client.get(f"/referrals/{number}/decline?reason=NOT_ELIGIBLE").get_data(as_text=True)
    assert 'value="RULE_AGE"' in page and "17" in page and 'value="RULE_AREA"' not in page
    with access.acting_as(world.nurse):
        restart()
        found = world.open(world.nurse, number)
        for rule in ("RULE_AREA", "RULE_HOUSEHOLD", "RULE_POPULATION"):
            with pytest.raises(errors.RuleNotPublished):
                service.decline(found, "NOT_ELIGIBLE", unlocks_code=rule)
        service.decline(found, "NOT_ELIGIBLE", unlocks_code="RULE_AGE")
        assert found.unlocks_code == "RULE_AGE"
