"""Opening, for whom, how fresh, how names are compared: pure decisions."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseapp.core import reference
from caseapp.places.models import ACTS, CLOSURES, CONTACTS, COSTS, UNITS, ReferralMethod
from caseapp.places.rules import freshness as fresh
from caseapp.places.rules.eligibility import GROUNDS, Asked, ForWhom, why_not
from caseapp.places.rules.naming import free_codes, sort_key
from caseapp.places.rules.opening import Closure, Hours, Timetable, opening

HERE = ZoneInfo("America/Mexico_City")
WEEK = tuple(Hours(d, time(8), time(16)) for d in range(1, 6))
SPLIT = (Hours(1, time(8), time(12)), Hours(1, time(14), time(17)))
NIGHT = (Hours(5, time(22), time(6)),)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2025; the 24th is a Monday."""
    return datetime(2025, 11, day, hour, minute, tzinfo=HERE)


OPENINGS = [
    ("in hours", Timetable(hours=WEEK), at(24, 9), ("OPEN", at(24, 16))),
    ("at the minute it opens", Timetable(hours=WEEK), at(24, 8), ("OPEN", at(24, 16))),
    ("at the minute it closes", Timetable(hours=WEEK), at(24, 16), ("CLOSED", at(25, 8))),
    ("before it opens", Timetable(hours=WEEK), at(24, 6), ("CLOSED", at(24, 8))),
    ("over the weekend", Timetable(hours=WEEK), at(22, 12), ("CLOSED", at(24, 8))),
    ("at noon between turns", Timetable(hours=SPLIT), at(24, 13), ("CLOSED", at(24, 14))),
    ("past midnight", Timetable(hours=NIGHT), at(22, 3), ("OPEN", at(22, 6))),
    ("after the night", Timetable(hours=NIGHT), at(22, 7), ("CLOSED", at(28, 22))),
    ("day and night", Timetable(always_open=True), at(22, 3), ("OPEN", None)),
    ("nothing known", Timetable(), at(24, 9), ("UNKNOWN", None)),
    ("closed for days", Timetable(hours=WEEK, closures=(Closure(date(2025, 11, 24), date(2025, 11, 26), "WORKS"),)),
     at(24, 9), ("CLOSED", at(27, 8))),
    ("a long closure", Timetable(always_open=True, closures=(Closure(date(2025, 11, 1), date(2026, 1, 6), "SEASON"),)),
     at(24, 9), ("CLOSED", datetime(2026, 1, 7, tzinfo=HERE))),
    ("closed, hours not known", Timetable(closures=(Closure(date(2025, 11, 24), date(2025, 11, 24), "STAFF"),)),
     at(24, 9), ("CLOSED", None)),
    ("not begun", Timetable(hours=WEEK, offered_from=date(2025, 12, 1)), at(24, 9), ("NOT_YET", datetime(2025, 12, 1, tzinfo=HERE))),
    ("over", Timetable(hours=WEEK, offered_to=date(2025, 11, 23)), at(24, 9), ("ENDED", None)),
    ("its last day", Timetable(hours=WEEK, offered_to=date(2025, 11, 24)), at(24, 9), ("OPEN", at(24, 16))),
    ("after hours of its last day", Timetable(hours=WEEK, offered_to=date(2025, 11, 24)), at(24, 17), ("CLOSED", None)),
]  # fmt: skip


@pytest.mark.parametrize(("table", "moment", "said"), [o[1:] for o in OPENINGS], ids=[o[0] for o in OPENINGS])
def test_whether_a_service_is_open_and_when_it_opens_next(table, moment, said):
    found = opening(table, moment)
    assert (found.state, found.until or found.opens_at) == said


def test_a_closure_says_why_and_an_end_says_when():
    closed = Timetable(hours=WEEK, closures=(Closure(date(2025, 11, 24), date(2025, 11, 24), "WORKS"),))
    assert opening(closed, at(24, 9)).reason == "WORKS" and opening(closed, at(25, 17)).reason is None
    assert opening(Timetable(offered_to=date(2014, 12, 31)), at(24, 9)).ended_on == date(2014, 12, 31)


@given(
    st.lists(
        st.builds(Hours, st.integers(1, 7), st.times(), st.times()).filter(lambda h: h.opens != h.closes),
        max_size=6,
    ),
    st.integers(0, 365 * 24 * 60),
)
def test_what_opens_next_is_later_and_then_open(hours, minute):
    table, moment = (
        Timetable(hours=tuple(hours)),
        datetime(2025, 1, 1, tzinfo=HERE) + timedelta(minutes=minute),
    )
    found = opening(table, moment)
    if found.opens_at is not None:
        assert found.opens_at > moment
        assert opening(table, found.opens_at).state == "OPEN"
        assert opening(table, found.opens_at - timedelta(microseconds=1)).state == "CLOSED"
    if found.until is not None:
        assert found.until > moment


WOMEN = ForWhom(sexes=frozenset("F"))
CHILDREN = ForWhom(age_from=0, age_to=17)
HERE_ONLY = ForWhom(areas=frozenset({"MX07"}))
FITS = [
    (WOMEN, Asked(sex="F"), ()),
    (WOMEN, Asked(sex="M"), ("SEX",)),
    (WOMEN, Asked(sex="M", feels_safe_in="WOMEN"), ()),
    (WOMEN, Asked(sex="F", feels_safe_in="MEN"), ()),
    (WOMEN, Asked(sex="X"), ()),
    (WOMEN, Asked(), ()),
    (ForWhom(sexes=frozenset("M")), Asked(sex="F"), ("SEX",)),
    (CHILDREN, Asked(age=(17, 17)), ()),
    (CHILDREN, Asked(age=(18, 18)), ("AGE",)),
    (CHILDREN, Asked(age=(16, 19)), ()),
    (CHILDREN, Asked(), ()),
    (ForWhom(age_from=60), Asked(age=(59, 59)), ("AGE",)),
    (ForWhom(age_from=60), Asked(age=(58, 61)), ()),
    (ForWhom(populations=frozenset({"IDP"})), Asked(populations=frozenset({"ASYLUM_SEEKER"})), ("POPULATION",)),
    (ForWhom(populations=frozenset({"IDP"})), Asked(populations=frozenset({"ASYLUM_SEEKER", "IDP"})), ()),
    (ForWhom(populations=frozenset({"IDP"})), Asked(), ()),
    (ForWhom(households=frozenset({"FAMILY"})), Asked(household="ADULT_ALONE"), ("HOUSEHOLD",)),
    (ForWhom(households=frozenset({"FAMILY"})), Asked(household="FAMILY"), ()),
    (ForWhom(households=frozenset({"FAMILY"})), Asked(), ()),
    (HERE_ONLY, Asked(areas=frozenset({"MEX", "MX07", "MX07089"})), ()),
    (HERE_ONLY, Asked(areas=frozenset({"MEX", "MX27"})), ("AREA",)),
    (HERE_ONLY, Asked(areas=frozenset({"MEX"})), ()),
    (HERE_ONLY, Asked(areas=frozenset({"GTM", "GT01"})), ("AREA",)),
    (HERE_ONLY, Asked(), ()),
    (ForWhom(areas=frozenset({"MX07089"})), Asked(areas=frozenset({"MEX", "MX07"})), ()),
    (ForWhom(areas=frozenset({"MEX"})), Asked(areas=frozenset({"MEX", "MX27"})), ()),
    (ForWhom(areas=frozenset({"MEX"})), Asked(areas=frozenset({"GTM"})), ("AREA",)),
]  # fmt: skip


@pytest.mark.parametrize(("service", "person", "grounds"), FITS)
def test_only_what_is_known_and_published_shuts_somebody_out(service, person, grounds):
    assert why_not(service, person) == grounds


def test_every_ground_can_be_named():
    named = {g for _service, _person, grounds in FITS for g in grounds}
    assert named == set(GROUNDS)


@pytest.mark.parametrize("kind", [c.code for c in reference.codes("service_kind")])
def test_an_entry_ages_by_the_thresholds_of_its_kind(kind):
    rule, moment = reference.freshness_rule(kind), at(24, 9)

    def after(days: int, **less: int) -> str:
        return fresh.freshness(kind, moment - timedelta(days=days) + timedelta(**less), moment)

    assert fresh.freshness(kind, None, moment) == "NEVER"
    assert after(0) == "CONFIRMED" and after(rule.ageing_after, seconds=1) == "CONFIRMED"
    assert after(rule.ageing_after) == "AGEING" and after(rule.stale_after, seconds=1) == "AGEING"
    assert after(rule.stale_after) == "STALE" and after(4000) == "STALE"
    assert fresh.stale_before(kind, moment) == moment - timedelta(days=rule.stale_after)


def test_beds_age_sooner_than_other_services():
    assert reference.freshness_rule("SHELTER").stale_after < reference.freshness_rule("LEGAL").stale_after


def test_names_are_compared_without_accents_and_case():
    assert sort_key("  Médicos   del  MUNDO ") == "medicos del mundo"


def test_codes_of_sites_are_free_and_each_is_given_once():
    found = list(islice(free_codes("JO", {"JO-000", "JO-002"}), 40))
    assert found[:2] == ["JO-001", "JO-003"] and len(set(found)) == 40
    assert all(len(c) == 6 for c in found)


@pytest.mark.parametrize(
    ("list_name", "codes"),
    [
        ("referral_method", ReferralMethod), ("service_cost", COSTS), ("service_closure_reason", CLOSURES),
        ("service_unit", UNITS), ("service_contact_kind", CONTACTS), ("directory_act", ACTS), ("freshness", fresh.STATES),
    ],
)  # fmt: skip
def test_the_lists_and_the_tables_know_the_same_codes(list_name, codes):
    assert {c.code for c in reference.codes(list_name)} == {str(c) for c in codes}
