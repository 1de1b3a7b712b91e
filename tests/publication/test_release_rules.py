"""What may be released, when and by whom; how fine a year is; which markers a row sums."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from caseapp.indicators import catalogue
from caseapp.publication import rules
from caseapp.publication.cube.grain import Grain
from caseapp.publication.figuring import counted_label, spans_of
from caseapp.publication.plan import domain_plans, public_claims, settle
from caseapp.publication.sites import Site, named

TODAY = date(2025, 11, 23)
FREE = {
    "today": TODAY,
    "country": "MEX",
    "steward_of": ("MEX",),
    "last_approved": "2025-09",
    "has_open": False,
}


@pytest.mark.parametrize(
    ("period", "change", "error"),
    [
        ("2025-10", {}, None),
        ("2025-10", {"steward_of": ("GTM",)}, rules.NotSteward),
        ("2025-10", {"has_open": True}, rules.AnotherOpen),
        ("2025-09", {}, rules.ReleasedAlready),
        ("2025-11", {}, rules.OutOfOrder),
        ("2025-11", {"last_approved": "2025-10"}, rules.MonthNotOver),
        ("2024-01", {"last_approved": None}, None),
        ("2025-13", {}, rules.PeriodUnknown),
        ("2025-Q3", {}, rules.PeriodUnknown),
    ],
)
def test_when_a_release_may_be_made(period, change, error):
    if error is None:
        rules.may_make(period, **(FREE | change))
        return
    with pytest.raises(error):
        rules.may_make(period, **(FREE | change))


def test_who_may_decide():
    maker, other = uuid4(), uuid4()
    rules.may_decide("AWAITING_APPROVAL", country="MEX", approver_of=("MEX",), made_by=maker, by=other)
    for status, of, by, error in (
        ("AWAITING_APPROVAL", ("GTM",), other, rules.NotApprover),
        ("AWAITING_APPROVAL", ("MEX",), maker, rules.OwnRelease),
        ("AWAITING_APPROVAL", ("MEX",), None, rules.OwnRelease),
        ("APPROVED", ("MEX",), other, rules.NotWaiting),
        ("DRAFT", ("MEX",), other, rules.NotWaiting),
    ):
        with pytest.raises(error):
            rules.may_decide(status, country="MEX", approver_of=of, made_by=maker, by=by)
    with pytest.raises(rules.ReasonMissing):
        rules.must_say_why("  ")


def test_months_and_quarters():
    assert rules.month_after("2025-12") == "2026-01" and rules.month_after("2025-09") == "2025-10"
    assert rules.quarter_ended_by("2025-09") == "2025-Q3" and rules.quarter_ended_by("2025-10") is None


@pytest.mark.parametrize(
    ("reporting", "expected", "confirmed", "empty", "status"),
    [
        (3, 3, True, False, "COMPLETE"),
        (2, 3, True, False, "PARTIAL"),
        # A month of before: all were heard of, but not all had signed.
        (3, 3, False, False, "PARTIAL"),
        # Nobody signed: whether anything was recorded is told only as far as it is published.
        (0, 3, False, False, "PARTIAL"),
        (0, 3, False, True, "NO_COVERAGE"),
        (0, 0, True, False, "NO_COVERAGE"),
        # Sites that sign a month without anybody report nothing happened.
        (3, 3, True, True, "COMPLETE"),
    ],
)
def test_coverage(reporting, expected, confirmed, empty, status):
    assert rules.coverage_status(reporting, expected, is_confirmed=confirmed, is_empty=empty) == status


def open_all_year(**kinds):
    return [Site(f"MX-{code}", kind, "2020-01", "9999-12") for code, kind in kinds.items()]


def test_the_other_sites_are_never_one_safe_house_alone():
    named_sites = open_all_year(BOR="BORDER_POINT", CEN="RECEPTION_CENTRE", ONE="SHELTER", TWO="SHELTER")
    house, other = open_all_year(SA1="SAFE_HOUSE", SA2="SAFE_HOUSE")
    everybody = ["MX-BOR", "MX-CEN", "MX-ONE", "MX-TWO"]
    assert named(named_sites, "2025-01") == everybody == named([*named_sites, house, other], "2025-01")
    # One alone: a shelter stands with it, or a centre, or nobody is named.
    assert named([*named_sites, house], "2025-01") == everybody[:-1]
    assert named([*named_sites[:2], house], "2025-01") == ["MX-BOR"]
    assert named([named_sites[0], house], "2025-01") == []
    # What has not opened yet, or has closed, stands beside nobody.
    late = replace(other, opened="2025-06")
    assert named([*named_sites, house, late], "2025-01") == everybody[:-1]
    assert named([*named_sites, replace(house, closed="2024-12")], "2025-01") == everybody
    assert not settle("MEX", "2025", [], named([named_sites[0], house], "2025-01"), "MX").has_sites


def test_a_year_is_as_fine_as_what_is_public_allows():
    sites = ("MX-TIJ", "MX-TAP")
    assert public_claims("MEX", 2024) == 78966
    full = settle("MEX", "2025", [], sites, "MX")
    assert (
        full.grain is Grain.FULL and len(full.origins) == 8 and full.sites == ("MX-TAP", "MX-TIJ", "MX-OTH")
    )
    coarse = settle("MEX", "2025", [40, 50], sites, "MX")
    assert coarse.grain is Grain.COARSE and coarse.origins == ("HND", "OTHER")
    small = settle("MEX", "2025", [], sites, "MX", size=12)
    assert small.grain is Grain.QUARTERLY and small.origins == () and not small.is_monthly
    assert [small.unit_of(m) for m in ("2025-08", "2025-09")] == [None, "2025-Q3"]


@pytest.mark.parametrize("size", [12, 50, 5000])
def test_every_domain_has_a_cube_and_a_tree_of_splits_at_every_grain(size):
    plan = settle("MEX", "2025", [], ("MX-TAP",), "MX", size=size)
    found = {one.domain.name: one for one in domain_plans(plan, catalogue.all(date(2025, 9, 30)))}
    assert {"arrivals", "claims", "referrals", "nights", "open_cases", "assisted"} <= set(found)
    names = {split.name for split in found["arrivals"].splits}
    assert names == {"arrivals.site", "arrivals.family", "arrivals.screened", "arrivals.ever"}
    site = next(split for split in found["arrivals"].splits if split.name == "arrivals.site")
    assert [name for name, _ in site.by] == (["sex", "age_band"] if size == 5000 else ["sex"])
    screened = next(split for split in found["arrivals"].splits if split.name == "arrivals.screened")
    assert "counted" in dict(screened.by)


def test_the_periods_of_a_release():
    plan = settle("MEX", "2025", [500], ("MX-TAP",), "MX")
    spans = {span.period: span.pieces for span in spans_of(plan, "2025-10", "2024-01")}
    assert list(spans) == ["2025-10", "2025-Q4", "2025", "MIRPS-2025"]
    assert spans["2025-10"] == spans["2025-Q4"] == ("2025-10a", "2025-10b")
    assert len(spans["2025"]) == 11 and len(spans["MIRPS-2025"]) == 13
    assert spans["MIRPS-2025"][0] == "2024-10b" and spans["MIRPS-2025"][-1] == "2025-10a"
    assert len(spans_of(plan, "2025-10", "2025-01")) == 3


def test_the_markers_that_a_row_sums():
    assert counted_label("PERSONS", "MONTH", "COUNTRY", True) == "YEAR+QUARTER+MONTH"
    assert counted_label("PERSONS", "MONTH", "SITE", True) == "YEAR+QUARTER+MONTH+SITE"
    assert counted_label("PERSONS", "MONTH", "SITE", False) == "T"
    assert counted_label("PERSONS", "YEAR", "SITE", False) is None
    assert counted_label("PERSONS", "MIRPS", "COUNTRY", True) is None
    assert counted_label("NIGHTS", "MIRPS", "COUNTRY", True) == "T"


def test_a_release_that_does_not_wait_for_a_site_says_why():
    assert rules.must_explain(0, None, {"CALENDAR"}) is None
    assert rules.must_explain(0, "CALENDAR", {"CALENDAR"}) is None
    assert rules.must_explain(2, "CALENDAR", {"CALENDAR"}) == "CALENDAR"
    for code in (None, "", "WEATHER"):
        with pytest.raises(rules.NotConfirmed):
            rules.must_explain(1, code, {"CALENDAR"})


@pytest.mark.parametrize(
    ("period", "changed", "error"),
    [
        ("2025-09", {"steward_of": ("GTM",)}, rules.NotSteward),
        ("2025-Q3", {}, rules.PeriodUnknown),
        ("2025-09", {"editions": ()}, rules.NotReleased),
        ("2025-09", {"has_open": True}, rules.AnotherOpen),
    ],
)
def test_what_is_not_revised(period, changed, error):
    usual = {"country": "MEX", "steward_of": ("MEX",), "editions": (0, 1), "has_open": False}
    assert rules.may_revise("2025-09", **usual) == 2
    with pytest.raises(error):
        rules.may_revise(period, **(usual | changed))


def test_a_revision_says_why_in_a_code_and_a_sentence():
    known = {"LATE_SITE"}
    assert rules.must_give_reason("LATE_SITE", " Una sede\nanotó tarde. ", known) == "Una sede anotó tarde."
    for code, reason in (("LATE_SITE", "tarde"), ("OTHER", "Una sede anotó tarde."), ("", "")):
        with pytest.raises(rules.RevisionReasonMissing):
            rules.must_give_reason(code, reason, known)
