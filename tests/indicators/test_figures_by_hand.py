"""Each indicator on a dozen made events, with the figure worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from caseapp.core import db as core_db
from caseapp.indicators import catalogue, rollup
from caseapp.indicators.exact import Exact, exact
from tests.indicators.histories import Journal


def figure(code: str, period: str, country: str = "MEX") -> Exact:
    rollup.roll_up()
    with core_db.connect("facts") as connection:
        return exact(connection, catalogue.get(code), country, period)


@pytest.fixture
def journal(committed_db):
    return Journal()


def test_p1_00_persons_registered(journal):
    for n in range(9):
        journal.event("person.registered", f"p{n}", "2025-08-10")
    journal.event("person.registered", "p0", "2025-08-20", site="MX-GDL")  # elsewhere, the same month
    journal.event("person.registered", "p1", "2025-09-02")  # again in the quarter
    journal.event("person.registered", "p2", "2025-11-02")  # and in the next
    journal.write()
    assert [int(figure("P1-00", p).value) for p in ("2025-08", "2025-09", "2025-Q3", "2025-Q4", "2025")] == [
        9, 1, 9, 1, 9,
    ]  # fmt: skip


def test_p1_01_new_claims(journal):
    for n in range(6):
        journal.event("claim.lodged", f"p{n}", "2025-10-26", code="N", subject=f"c{n}")
    for n in range(6, 10):
        journal.event("claim.lodged", f"p{n}", "2025-10-27", code="N", subject=f"c{n}")
    journal.event("claim.lodged", "p10", "2025-10-27", code="R", subject="c10")  # a repeat claim
    journal.event("claim.lodged", "p0", "2025-11-02", code="N", subject="c11")  # the same person again
    journal.write()
    assert figure("P1-01", "2025-10").value == 10
    assert figure("P1-01", "2025-11").value == 1
    assert figure("P1-01", "2025").value == 10


def test_p1_02_screened(journal):
    for n in range(8):
        journal.event("screening.completed", f"p{n}", "2025-09-03", number=5)
    journal.event("screening.completed", "p0", "2025-09-09", number=5)
    journal.event("screening.unfinished", "p9", "2025-09-09")
    wrong = journal.event("screening.completed", "p10", "2025-09-09", number=1)
    journal.event("event.withdrawn", "p10", "2025-09-10", withdraws_id=wrong)
    journal.write()
    assert figure("P1-02", "2025-09").value == 8


def test_p1_03_screened_within_24_hours(journal):
    for n in range(5):
        journal.event("intake.opened", f"p{n}", "2025-09-03")
        journal.event("person.registered", f"p{n}", "2025-09-03")
    journal.event("person.registered", "p5", "2025-09-03")  # no arrival recorded: not below the line
    journal.event("screening.completed", "p0", "2025-09-03", number=3)
    journal.event("screening.completed", "p1", "2025-09-04", number=23)
    journal.event("screening.completed", "p2", "2025-09-05", number=24)
    journal.event("screening.completed", "p3", "2025-09-03")  # without hours, but the same day
    journal.event("screening.completed", "p5", "2025-09-03", number=1)
    journal.write()
    assert figure("P1-03", "2025-09") == Exact(Decimal("60.0"), 3, 5)


def endings(journal: Journal) -> None:
    """Four on their merits (2 recognised, 1 complementary, 1 rejected), five otherwise closed."""
    for n, outcome in enumerate(("RECOGNISED", "RECOGNISED", "COMPLEMENTARY", "REJECTED")):
        journal.event("decision.made", f"p{n}", "2025-09-03", outcome=outcome, subject=f"c{n}")
    journal.event(
        "claim.closed", "p3", "2025-09-20", outcome="CLOSED", reason_group="LOST", subject="c3"
    )  # already decided
    for n, group in enumerate(("WITHDRAWN", "WITHDRAWN", "LOST", "NOT_ADMITTED", "DEATH"), start=4):
        journal.event(
            "claim.closed", f"p{n}", "2025-09-04", outcome="CLOSED", reason_group=group, subject=f"c{n}"
        )
    journal.event("claim.reopened", "p4", "2025-10-02", subject="c4")
    journal.event("decision.made", "p4", "2025-10-09", outcome="RECOGNISED", subject="c4")
    journal.write()


def test_p1_11_recognition(journal):
    endings(journal)
    assert figure("P1-11", "2025-09") == Exact(Decimal("50.0"), 2, 4)
    assert figure("P1-11", "2025-10") == Exact(Decimal("100.0"), 1, 1)


def test_p1_12_protection(journal):
    endings(journal)
    assert figure("P1-12", "2025-09") == Exact(Decimal("75.0"), 3, 4)


def test_p1_13_otherwise_closed(journal):
    endings(journal)
    assert figure("P1-13", "2025-09") == Exact(Decimal("55.6"), 5, 9)
    assert figure("P1-13", "2025") == Exact(Decimal("50.0"), 5, 10)


def test_p1_19_unaccompanied_and_separated(journal):
    child = {"age_band": "12-17", "household_type": "FAMILY"}

    def registered(name, **codes):
        journal.event("person.registered", name, "2025-09-03", **(child | codes))

    for n in range(4):
        registered(f"p{n}")
        journal.event("need.recorded", f"p{n}", "2025-09-03", code="SC-UC", **child)
    journal.event("need.recorded", "p3", "2025-09-04", code="SC-SC", **child)  # one of them both
    registered("p4", age_band="0-4")
    journal.event("need.recorded", "p4", "2025-10-03", code="SC-SC", **child)  # the thirtieth day
    registered("p5", household_type="CHILD_UNACCOMPANIED")
    registered("p6", household_type="CHILD_SEPARATED")
    # Not: too late, another need, an adult who came with a separated child, a child in a family.
    registered("p7")
    journal.event("need.recorded", "p7", "2025-10-04", code="SC-SC", **child)
    registered("p8")
    journal.event("need.recorded", "p8", "2025-09-04", code="SC-CH", **child)
    registered("p9", age_band="18-59", household_type="CHILD_SEPARATED")
    journal.write()
    assert figure("P1-19", "2025-09").value == 7
    assert figure("P1-00", "2025-09").value == 10


def test_p1_91_registered_for_the_first_time(journal):
    journal.event("person.registered", "p0", "2024-12-03")
    for n, day in enumerate(("2025-01-09", "2025-09-03", "2025-09-04")):
        journal.event("person.registered", f"p{n}", day)
    journal.event("person.registered", "p1", "2025-10-28")
    journal.write()
    assert figure("P1-91", "2024").value == 1 and figure("P1-91", "2025").value == 2
    assert figure("P1-00", "2025").value == 3
    assert figure("P1-91", "2025-10").value == 0 and figure("P1-91", "2025-09").value == 2


def test_p1_22_occupancy(journal):
    journal.event("capacity.changed", None, "2025-08-20", code="PLACES", number=4, subject="unit")
    journal.event("capacity.changed", None, "2025-09-16", code="PLACES", number=2, subject="unit")
    journal.event("capacity.confirmed", None, "2025-09-20", code="FREE_TONIGHT", number=1)
    journal.event("stay.started", "p0", "2025-08-30", subject="s0")
    journal.event(
        "stay.ended", "p0", "2025-09-11", subject="s0", reason="OWN_WISH", number=12
    )  # 10 in September
    journal.event("stay.started", "p1", "2025-09-21", subject="s1")  # still there: 10
    journal.event("stay.started", "p2", "2025-09-05", subject="s2")
    journal.event("stay.ended", "p2", "2025-09-05", subject="s2", reason="OWN_WISH", number=0)  # no night
    journal.event("stay.started", "p3", "2025-09-05", subject="s3")
    journal.event("stay.ended", "p3", "2025-09-25", subject="s3", reason="DATA_ERROR")
    journal.write()
    assert figure("P1-22", "2025-09") == Exact(Decimal("22.2"), 20, 15 * 4 + 15 * 2)
    assert figure("P1-22", "2025-10") == Exact(Decimal("50.0"), 31, 62)  # both halves


def referrals(journal: Journal) -> None:
    """Ten that ended in September: 3 completed (2 answered in time), 1 not completed (in time), 2 without
    capacity (1 late), 1 declined otherwise (in time), 2 lapsed, 1 withdrawn unanswered; one still open."""

    def send(n: int) -> dict[str, object]:
        journal.event("referral.sent", f"p{n}", "2025-08-30", sector="SHELTER", subject=f"r{n}")
        return {"sector": "SHELTER", "subject": f"r{n}"}

    for n, timing in enumerate(("ON_TIME", "ON_TIME", "LATE")):
        about = send(n)
        journal.event("referral.accepted", f"p{n}", "2025-08-31", outcome=timing, **about)
        journal.event("referral.completed", f"p{n}", "2025-09-09", outcome="DELIVERED_FULL", **about)
    about = send(3)
    journal.event("referral.accepted", "p3", "2025-08-31", outcome="ON_TIME", **about)
    journal.event("referral.not_completed", "p3", "2025-09-10", reason="NO_SHOW", **about)
    for n, group, timing in ((4, "CAPACITY", "ON_TIME"), (5, "CAPACITY", "LATE"), (6, "MANDATE", "ON_TIME")):
        journal.event(
            "referral.declined", f"p{n}", "2025-09-02", reason_group=group, outcome=timing, **send(n)
        )
    for n in (7, 8):
        journal.event("referral.lapsed", f"p{n}", "2025-09-03", **send(n))
    journal.event("referral.withdrawn", "p9", "2025-09-03", **send(9))
    journal.event("referral.accepted", "p10", "2025-09-03", outcome="ON_TIME", **send(10))
    journal.write()


def test_p2_03_answered_in_time(journal):
    referrals(journal)
    assert figure("P2-03", "2025-09") == Exact(Decimal("55.6"), 5, 9)


def test_p2_04_completed(journal):
    referrals(journal)
    assert figure("P2-04", "2025-09") == Exact(Decimal("50.0"), 3, 6)


def test_p2_05_no_capacity(journal):
    referrals(journal)
    assert figure("P2-05", "2025-09") == Exact(Decimal("22.2"), 2, 9)


def test_p3_07_cases_per_caseworker(journal):
    journal.event("staff.counted", None, "2025-07-01", code="CASEWORKER", number=3)
    journal.event("staff.counted", None, "2025-09-30", code="CASEWORKER", number=2)
    journal.event("staff.counted", None, "2025-08-01", code="CASEWORKER", number=1, site="MX-GDL")
    for n in range(10):
        journal.event("case.opened", f"p{n}", "2025-06-10")
    for n in range(4):
        journal.event("case.closed", f"p{n}", "2025-09-30")
    journal.event("case.reopened", "p0", "2025-10-01")
    journal.event("person.erased", "p9", "2025-09-12")
    journal.write()
    assert figure("P3-07", "2025-Q2") == Exact(None, 10, 0)
    assert figure("P3-07", "2025-Q3") == Exact(Decimal("1.7"), 5, 3)


def test_p4_08_plans(journal):
    for n in range(6):
        journal.event("case.opened", f"p{n}", "2025-06-10")
    for n in range(4):
        journal.event("decision.made", f"p{n}", "2025-07-10", outcome="RECOGNISED", subject=f"c{n}")
    journal.event("population.changed", "p4", "2025-09-01", population="COMPLEMENTARY")
    for n in (0, 1, 2, 5):
        journal.event("solution.planned", f"p{n}", "2025-08-01", code="LOCAL_INTEGRATION", subject=f"s{n}")
    journal.event("solution.step", "p1", "2025-09-15", outcome="STOPPED_BY_PERSON", subject="s1")
    journal.event("solution.step", "p2", "2025-09-15", outcome="CHOSEN", subject="s2")
    journal.write()
    assert figure("P4-08", "2025-Q3") == Exact(Decimal("40.0"), 2, 5)


def test_p4_09_departures(journal):
    for n in range(5):
        journal.event("departure.confirmed", f"p{n}", "2025-09-01", code="RESETTLEMENT")
    for n, code in enumerate(("PTA", "SPONSORSHIP", "LABOUR_MOBILITY"), start=5):
        journal.event("departure.confirmed", f"p{n}", "2025-09-02", code=code)
    journal.event("departure.confirmed", "p8", "2025-09-02", code="VOLUNTARY_RETURN")
    journal.event("departure.confirmed", "p0", "2025-09-09", code="RESETTLEMENT")  # written twice
    journal.write()
    assert figure("P4-09", "2025-09").value == 8
