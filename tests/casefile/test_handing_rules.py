"""Offers of files as plain values: each state, each reason, each edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from caseapp.casefile.rules import handing as rules
from caseapp.core import reference

TODAY = date(2025, 11, 23)
ADULT = rules.Mover("Ana", False, ("HND",), True)
CHILD = rules.Mover("Luis", True, ("HND",), False)


@pytest.mark.parametrize("state", rules.STATES)
@pytest.mark.parametrize("verb", sorted(rules.TRANSITIONS))
def test_every_verb_from_every_state(state, verb):
    allowed = {
        "offer": {"PREPARED"}, "accept": {"OFFERED"}, "decline": {"OFFERED"}, "withdraw": {"PREPARED", "OFFERED"},
        "lapse": {"PREPARED", "OFFERED"},
    }  # fmt: skip
    if state in allowed[verb]:
        assert rules.after(verb, state) in rules.STATES
    else:
        with pytest.raises(rules.HandoverAnswered):
            rules.after(verb, state)


def test_the_lists_are_the_ones_of_the_reference_data():
    assert tuple(c.code for c in reference.codes("handover_state")) == rules.STATES
    assert tuple(c.code for c in reference.codes("handover_kind")) == rules.KINDS
    assert set(rules.WITHDRAWING) == {c.code for c in reference.codes("withdraw_reason")}
    assert tuple(c.code for c in reference.codes("no_consent_basis")) == rules.BASES
    declines = {c.code: c for c in reference.codes("decline_reason")}
    assert set(rules.DECLINING) <= set(declines)
    assert not any("S" in declines[code].flags for code in rules.DECLINING)
    assert {c.code for c in reference.codes("team_type")} >= rules.NEVER_RECEIVES


@pytest.mark.parametrize(
    ("same_site", "same_country", "kind", "purpose"),
    [
        (True, True, "TEAM", "CASE_TRANSFER"), (False, True, "CENTRE", "CASE_TRANSFER"),
        (False, False, "COUNTRY", "CROSS_BORDER"),
    ],
)  # fmt: skip
def test_what_kind_an_offer_is_and_what_it_rests_on(same_site, same_country, kind, purpose):
    assert rules.kind_of(same_site, same_country) == kind
    assert rules.purpose_of(kind) == purpose


@pytest.mark.parametrize("type_", [c.code for c in reference.codes("team_type")])
def test_who_may_receive_a_file(type_):
    if type_ in (
        "MIGRATION_CUSTODY",
        "CONSULAR",
        "COMMISSION_STATISTICS",
        "REGIONAL_SECRETARIAT",
        "OVERSIGHT",
        "ELIGIBILITY_COMMISSION",
        "CASH_PROVIDER",
        "DIRECTORY",
    ):
        with pytest.raises(rules.NotReceiving):
            rules.may_receive(type_, False)
    else:
        rules.may_receive(type_, False)
    with pytest.raises(rules.OwnTeam):
        rules.may_receive(type_, True)


def offer(*movers, kind="CENTRE", to="MEX", days=2, stays_alone=False):
    rules.may_offer(
        kind, to, movers, arrives_on=TODAY + timedelta(days=days), today=TODAY, stays_alone=stays_alone
    )


@pytest.mark.parametrize(
    ("movers", "more", "refusal"),
    [
        ((ADULT,), {}, None), ((ADULT, CHILD), {}, None), ((), {}, rules.NobodyMoves),
        ((ADULT,), {"stays_alone": True}, rules.ChildLeftAlone), ((ADULT,), {"days": -1}, rules.ArrivalDate),
        ((ADULT,), {"days": 0}, None), ((ADULT,), {"days": 30}, None), ((ADULT,), {"days": 31}, rules.ArrivalDate),
        ((ADULT,), {"kind": "COUNTRY", "to": "GTM"}, None),
        ((ADULT,), {"kind": "COUNTRY", "to": "HND"}, rules.CountryOfNationality),
        ((ADULT, replace(CHILD, nationalities=("GTM",))), {"kind": "COUNTRY", "to": "GTM"}, rules.CountryOfNationality),
        # Somebody displaced at home moves inside their own country.
        ((replace(ADULT, nationalities=("MEX",)),), {"to": "MEX"}, None),
        ((ADULT, replace(CHILD, needs_leave=True)), {}, rules.TransferLeaveMissing),
        ((replace(ADULT, consented=False),), {}, rules.TransferConsentMissing),
        ((ADULT, replace(ADULT, consented=False)), {}, rules.TransferConsentMissing),
        ((CHILD,), {}, rules.TransferConsentMissing), ((replace(CHILD, consented=True),), {}, None),
        ((replace(CHILD, basis="CHILD_BEST_INTERESTS", basis_reason="Lo decidió la autoridad"),), {}, None),
    ],
)  # fmt: skip
def test_what_an_offer_needs(movers, more, refusal):
    if refusal is None:
        offer(*movers, **more)
    else:
        with pytest.raises(refusal):
            offer(*movers, **more)


@pytest.mark.parametrize("basis", [*rules.BASES, "URGENT", "OTHER"])
@pytest.mark.parametrize("child", [True, False])
@pytest.mark.parametrize("reason", ["Por esto", " "])
def test_only_the_four_bases_each_with_its_reason(basis, child, reason):
    mover = rules.Mover("Ana", child, ("HND",), False, basis, reason)
    if basis not in rules.BASES:
        refusal = rules.TransferBasisUnknown
    elif basis == "CHILD_BEST_INTERESTS" and not child:
        refusal = rules.TransferBasisOfChild
    else:
        refusal = None if reason.strip() else rules.TransferBasisReasonMissing
    if refusal is None:
        offer(mover)
    else:
        with pytest.raises(refusal):
            offer(mover)


def test_the_best_interests_of_a_child_are_for_the_child_officer_to_say():
    child = rules.Mover(
        "Luis", True, ("HND",), False, "CHILD_BEST_INTERESTS", "Lo decidió la autoridad", officer=False
    )
    with pytest.raises(rules.TransferBasisOfOfficer):
        offer(child)
    offer(replace(child, officer=True))


def test_when_a_second_person_looks():
    based = rules.Mover("Ana", False, ("HND",), False, "VITAL_INTEREST", "x")
    assert rules.needs_second_person("COUNTRY", [ADULT])
    assert rules.needs_second_person("CENTRE", [ADULT, based])
    assert not rules.needs_second_person("CENTRE", [ADULT, CHILD])


@pytest.mark.parametrize("state", rules.STATES)
def test_only_who_was_accepted_arrives_and_once(state):
    if state == "ACCEPTED":
        rules.may_arrive(state, False)
    else:
        with pytest.raises(rules.NotExpected):
            rules.may_arrive(state, False)
    with pytest.raises(rules.NotExpected):
        rules.may_arrive(state, True)
