"""What counts when its time is over, and clearance: each on a few made events, with the figure worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from caseapp.indicators import cubes
from caseapp.indicators.exact import Exact
from tests.indicators.histories import Journal
from tests.indicators.test_more_by_hand import figure, share


@pytest.fixture
def journal(committed_db):
    return Journal()


def test_p1_04_referred_from_the_border(journal):
    border = {"site": "MX-SUC"}
    for n in range(4):
        journal.event("screening.outcome", f"p{n}", "2025-09-03", outcome="IP_NEED", code="MAIN", **border)
    journal.event("screening.outcome", "p8", "2025-09-03", outcome="NO_FURTHER_NEED", code="MAIN", **border)
    journal.event("screening.outcome", "p9", "2025-09-03", outcome="IP_NEED", code="MAIN")  # at a shelter
    journal.event(
        "screening.outcome", "p7", "2025-09-28", outcome="IP_NEED", code="MAIN", **border
    )  # in October
    for n, (day, to) in enumerate(
        (("2025-09-03", "ASYLUM_AUTHORITY"), ("2025-09-10", "ASYLUM_AUTHORITY"), ("2025-09-11", "ASYLUM_AUTHORITY"),
         ("2025-09-04", "SHELTER"))
    ):  # fmt: skip
        journal.event("referral.sent", f"p{n}", day, sector="LEGAL", code=to, subject=f"r{n}")
    journal.write()
    assert figure("P1-04") == share("50.0", 2, 4)


def test_p1_10_clearance(journal):
    for n in range(5):
        journal.event("claim.lodged", f"p{n}", "2025-09-03", code="N", subject=f"c{n}")
    journal.event(
        "claim.lodged", "p0", "2025-09-05", code="N", subject="c9", site="MX-GDL"
    )  # at a second place
    journal.event("claim.lodged", "p6", "2025-09-03", code="R", subject="c6")  # not a new one
    journal.event("claim.reopened", "p7", "2025-09-20", subject="c7")
    for n in range(2):
        journal.event("decision.made", f"p{n}", "2025-09-20", outcome="REJECTED", subject=f"c{n}")
    journal.event("claim.closed", "p2", "2025-09-20", reason_group="LOST", subject="c2")
    journal.event("claim.closed", "p3", "2025-10-20", reason_group="LOST", subject="c3")
    journal.write()
    # Three ended; five persons lodged, one of them at two places, and one claim was reopened.
    assert figure("P1-10") == share("42.9", 3, 7)
    assert figure("P1-10", "2025-Q3") == share("42.9", 3, 7)
    assert figure("P1-10", "2025-08") == Exact(None, 0, 0)


def test_p1_21_returned_children(journal):
    child = {"age_band": "12-17"}
    for n in range(3):
        journal.event("child.returned_received", f"p{n}", "2025-08-10", **child)
    for n, (day, outcome) in enumerate(
        (("2025-09-09", "CHILD_PROCESS"), ("2025-09-10", "CHILD_PROCESS"), ("2025-08-11", "NO_FURTHER_NEED"))
    ):
        journal.event("screening.outcome", f"p{n}", day, outcome=outcome, code="MAIN", **child)
    journal.write()
    assert figure("P1-21") == share("33.3", 1, 3)
    assert cubes.domains()["returned_children"].k == 10


def test_p1_20_best_interests_on_time(journal):
    child = {"age_band": "12-17"}
    for n in range(4):
        journal.event("need.recorded", f"p{n}", "2025-08-10", code="SC-UC", need_category="SC", **child)
    # Alone in the file since August: the need, confirmed later, counts the child no second time.
    alone = {"age_band": "5-11", "household_type": "CHILD_SEPARATED"}
    journal.event("person.registered", "p4", "2025-08-20", **alone)
    journal.event("need.recorded", "p4", "2025-09-03", code="SC-SC", need_category="SC", **alone)
    journal.event("need.recorded", "p8", "2025-08-10", code="SC-UC", need_category="SC")  # an adult
    journal.event(
        "need.recorded", "p9", "2025-09-10", code="SC-UC", need_category="SC", **child
    )  # in October
    for n, day, timing in (
        (0, "2025-09-09", "ON_TIME"), (1, "2025-09-10", "ON_TIME"), (2, "2025-08-30", "LATE"), (4, "2025-09-01", "NO_LIMIT"),
    ):  # fmt: skip
        journal.event("bia.completed", f"p{n}", day, code=timing, number=12, **child)
    journal.write()
    # p0 on the 30th day, p4 in a country without a limit; p1 was approved a day too late, p2 assessed late, p3 never.
    assert figure("P1-20") == share("40.0", 2, 5)
    assert cubes.domains()["best_interests"].k == 10


def test_p2_15_washington_group(journal):
    for n in range(3):
        journal.event("person.registered", f"p{n}", "2025-08-10")
    journal.event("person.registered", "p0", "2025-08-12", site="MX-GDL")  # once only
    journal.event("person.registered", "p8", "2025-08-10", age_band="0-4")
    journal.event("assessment.completed", "p0", "2025-09-09", code="WG_SS")
    journal.event("assessment.completed", "p1", "2025-09-10", code="WG_SS")  # a day late
    journal.event("assessment.completed", "p2", "2025-08-20", code="OTHER")
    journal.write()
    assert figure("P2-15") == share("33.3", 1, 3)


def test_p4_07_days_until_the_transfer(journal):
    for n, days in enumerate((10, 20, 40, 90, None)):
        journal.event("pta.transferred", f"p{n}", "2025-09-03", code="PTA", number=days, subject=f"s{n}")
    journal.write()
    # Two of four lie in 0-30: the median is the end of that band; one whose days are not known is in none.
    assert figure("P4-07") == Exact(Decimal("31.0"), None, 4)
    assert cubes.domains()["pta_transfers"].k == 10


def test_p4_11_displaced_persons(journal):
    journal.event("person.registered", "p0", "2025-06-20", population="IDP")
    journal.event("population.changed", "p0", "2025-06-25", population="IDP")  # the same person again
    journal.event("population.changed", "p1", "2025-06-20", population="IDP")
    journal.event("population.changed", "p2", "2025-06-20", population="REFUGEE")
    journal.event("person.registered", "p3", "2025-06-20", population="IDP")
    for name, day, sector in (
        ("p0", "2025-09-18", "SOCIAL_REGISTRY"), ("p1", "2025-09-19", "SOCIAL_REGISTRY"), ("p3", "2025-07-01", "HEALTH"),
    ):  # fmt: skip
        journal.event("referral.accepted", name, day, sector=sector, outcome="ON_TIME", subject=f"r{name}")
    journal.write()
    assert figure("P4-11") == share("33.3", 1, 3)


def test_p4_12_and_p4_13_abandoned_goods(journal):
    for n in range(3):
        journal.event("property.registered", "p0", "2025-06-20", code="HOUSE", subject=f"b{n}")
    journal.event("property.registered", "p1", "2025-09-05", code="LAND", subject="b9")
    journal.event("property.measure", "p0", "2025-07-01", code="HOUSE", outcome="ASKED", subject="b0")
    journal.event("property.measure", "p0", "2025-09-18", code="HOUSE", outcome="ACTIVE", subject="b0")
    journal.event(
        "property.measure", "p0", "2025-09-19", code="HOUSE", outcome="ACTIVE", subject="b1"
    )  # a day late
    journal.write()
    assert figure("P4-12").value == 1 and figure("P4-12", "2025-06").value == 3
    assert figure("P4-13") == share("33.3", 1, 3)
