"""The state machine, pair by pair; clocks; who may be referred to whom and on what."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caseapp.core import reference
from caseapp.referral import rules
from caseapp.referral.models import BASES, CHANNELS, PRIORITIES, State
from caseapp.referral.rules import CLOCK, RECEIVER, SENDER, STAY, Standing, may, may_receive, may_share

S = State
#: VOCABULARY A1, read line by line: which verbs each party may do in each state.
EXPECTED = {
    SENDER: {
        S.DRAFT: {"send", "withdraw"}, S.SENT: {"withdraw"}, S.INFO_ASKED: {"give_info", "withdraw"},
        S.PART_ACCEPTED: {"agree_part", "refuse_part", "withdraw"}, S.ACCEPTED: {"withdraw", "not_complete"},
        S.STARTED: {"withdraw", "not_complete"},
    },
    RECEIVER: {
        S.SENT: {"ask_info", "accept", "accept_part", "decline"}, S.INFO_ASKED: {"accept", "accept_part", "decline"},
        S.ACCEPTED: {"start", "complete", "not_complete"}, S.STARTED: {"complete", "not_complete"},
    },
    CLOCK: {S.SENT: {"lapse"}, S.INFO_ASKED: {"lapse"}},
    STAY: {S.ACCEPTED: {"start", "complete", "not_complete"}, S.STARTED: {"complete", "not_complete"}},
}  # fmt: skip
#: What the sender may also write down when the receiver answered outside the system.
BY_TELEPHONE = {
    S.SENT: {"accept", "decline"}, S.INFO_ASKED: {"accept", "decline"}, S.ACCEPTED: {"start", "complete"}, S.STARTED: {"complete"},
}  # fmt: skip


@pytest.mark.parametrize("party", [SENDER, RECEIVER, CLOCK, STAY])
@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("verb", list(rules.TRANSITIONS))
def test_every_pair_of_state_and_verb(party, state, verb):
    assert may(verb, state, party) == (verb in EXPECTED[party].get(state, set()))
    by_telephone = verb in BY_TELEPHONE.get(state, set()) and party == SENDER
    allowed = verb in EXPECTED[party].get(state, set()) or by_telephone
    assert may(verb, state, party, "PHONE_RECORDED_BY_SENDER") == allowed


def test_the_database_knows_the_same_pairs():
    path = Path(__file__).parents[2] / "migrations" / "versions" / "0010_referral.py"
    spec = importlib.util.spec_from_file_location("m0010", path)
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    assert set(migration.PAIRS) == rules.pairs()


def test_lists_of_the_code_are_lists_of_the_reference_data():
    for name, values in (
        ("referral_state", [s.value for s in State]), ("referral_priority", PRIORITIES), ("answer_channel", CHANNELS),
        ("no_consent_basis", BASES), ("referral_mode", ["SHARE", "TRANSFER"]),
    ):  # fmt: skip
        assert {c.code for c in reference.codes(name)} == set(values), name


SENT = datetime(2025, 11, 23, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("priority", "remind", "due", "told", "lapse"),
    [
        (
            "IMMEDIATE",
            timedelta(minutes=15),
            timedelta(minutes=60),
            timedelta(minutes=30),
            timedelta(minutes=60),
        ),
        ("EMERGENCY", timedelta(hours=18), timedelta(hours=24), None, timedelta(hours=48)),
        ("URGENT", timedelta(hours=48), timedelta(hours=72), None, timedelta(hours=144)),
        ("NORMAL", timedelta(days=10), timedelta(days=14), None, timedelta(days=28)),
    ],
)
def test_clocks(priority, remind, due, told, lapse):
    clock = rules.clock_of(priority, SENT, "America/Mexico_City", "MEX")
    assert clock.due_at == SENT + due and clock.lapse_at == SENT + lapse
    assert clock.told_at == (SENT + told if told else None)
    assert clock.remind_at == SENT + remind < min(clock.due_at, clock.told_at or clock.due_at)


@pytest.mark.parametrize(
    ("priority", "hours"), [("IMMEDIATE", None), ("EMERGENCY", 6), ("URGENT", 24), ("NORMAL", 72)]
)
def test_for_how_long_a_clock_may_stand_still(priority, hours):
    assert rules.pause_hours(priority, SENT.date(), "MEX") == hours


@pytest.mark.parametrize("looked", [1, 5, 6, 7, 100])
def test_a_pause_counts_no_longer_than_it_was_given_for(looked):
    stood = rules.stood(SENT, SENT + timedelta(hours=6), SENT + timedelta(hours=looked))
    assert stood == timedelta(hours=min(6, looked))


def test_on_time_is_the_deadline_itself_and_no_later():
    assert rules.on_time(SENT, SENT) == "ON_TIME"
    assert rules.on_time(SENT + timedelta(seconds=1), SENT) == "LATE"
    assert rules.minutes(SENT, SENT + timedelta(minutes=59, seconds=59)) == 59


@pytest.mark.parametrize(
    ("team_type", "team_country", "nationalities", "expected"),
    [
        ("SHELTER", "MEX", {"HND"}, None), ("CONSULAR", "MEX", {"HND"}, "CONSULATE"), ("MIGRATION_CUSTODY", "MEX", set(), "CUSTODY"),
        ("SHELTER", "HND", {"HND"}, "OWN_COUNTRY"), ("SHELTER", "GTM", {"HND"}, "ABROAD"),
        ("SHELTER", "MEX", {"MEX"}, None),  # displaced in their own country, served in it
    ],
)  # fmt: skip
def test_who_may_receive(team_type, team_country, nationalities, expected):
    assert may_receive(team_type, team_country, "MEX", nationalities) == expected


@pytest.mark.parametrize(
    ("member", "purpose", "expected"),
    [
        (Standing(False, "GIVEN"), "REFER_SHELTER", None),
        (Standing(False, None), "REFER_SHELTER", "CONSENT_MISSING"),
        (Standing(False, "REFUSED"), "REFER_SHELTER", "CONSENT_MISSING"),
        (Standing(False, "WITHDRAWN"), "REFER_SHELTER", "CONSENT_MISSING"),
        (Standing(False, "EXPIRED"), "REFER_SHELTER", "CONSENT_MISSING"),
        # one adult never consents for another
        (Standing(False, None, covered=True), "REFER_SHELTER", "CONSENT_MISSING"),
        (Standing(True, None, covered=True), "REFER_SHELTER", None),
        (Standing(True, "REFUSED", covered=True), "REFER_SHELTER", "CONSENT_MISSING"),
        (Standing(True, None), "REFER_SHELTER", "CONSENT_MISSING"),
        (Standing(True, "GIVEN"), "REFER_SHELTER", None),
        (Standing(False, None, False, "VITAL_INTEREST", "sangrado"), "REFER_HEALTH", None),
        (Standing(False, None, False, "VITAL_INTEREST", "  "), "REFER_HEALTH", "REASON_MISSING"),
        (Standing(False, None, False, "CHILD_BEST_INTERESTS", "PPNNA"), "REFER_HEALTH", "ONLY_FOR_A_CHILD"),
        (Standing(True, None, False, "CHILD_BEST_INTERESTS", "PPNNA"), "REFER_HEALTH", None),
        *[
            (Standing(False, None, False, basis, "motivo"), purpose, "NEVER_WITHOUT_CONSENT")
            for basis in BASES
            for purpose in ("CONSULAR", "COUNTRY_OF_ORIGIN", "MEDIA", "RESEARCH_IDENTIFIED")
        ],
    ],
)
def test_on_what_a_person_may_be_referred(member, purpose, expected):
    assert may_share(purpose, member) == expected


def test_a_safety_reason_reads_like_an_ordinary_one():
    assert rules.shown_reason("PREVIOUS_INCIDENT") == rules.shown_reason("CANNOT_OFFER") == "CANNOT_OFFER"
    assert rules.shown_reason("NO_STAFF") == "NO_STAFF"


def test_a_protected_kind_reads_as_the_open_one():
    assert (rules.sector_of("SAFE_SHELTER"), rules.sector_of("GBV"), rules.sector_of("LEGAL")) == (
        "SHELTER",
        "MHPSS",
        "LEGAL",
    )


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ({"PLANNED_MOVE"}, "DELIVERED_FULL"), ({"OWN_WISH", "PLANNED_MOVE"}, "PERSON_STOPPED"), ({"ABSENT"}, "PERSON_STOPPED"),
        ({"DETAINED"}, "DELIVERED_PART"), ({"MAX_STAY"}, "DELIVERED_FULL"),
    ],
)  # fmt: skip
def test_the_result_of_a_stay(reasons, expected):
    assert rules.result_of_departure(reasons) == expected
