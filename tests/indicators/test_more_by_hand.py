"""The indicators of the whole journey, each on a dozen made events, with the figure worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from caseapp.core import db as core_db
from caseapp.indicators import catalogue, rollup
from caseapp.indicators.exact import Exact, exact
from tests.indicators.histories import Journal

SEPTEMBER = "2025-09"


def figure(code: str, period: str = SEPTEMBER) -> Exact:
    rollup.roll_up()
    with core_db.connect("facts") as connection:
        return exact(connection, catalogue.get(code), "MEX", period)


@pytest.fixture
def journal(committed_db):
    return Journal()


def share(percent: str, above: int, below: int) -> Exact:
    return Exact(Decimal(percent), above, below)


def test_p1_05_days_from_intention_to_registration(journal):
    for n, days in enumerate((0, 3, 7, 10, 20, 30)):
        journal.event("claim.registered", f"p{n}", "2025-09-03", code="N", number=days, subject=f"c{n}")
    journal.event("claim.registered", "p9", "2025-09-03", code="N", subject="c9")  # its wait is not known
    journal.write()
    # Three of six lie in 0-7: the median is the end of that band.
    assert figure("P1-05") == Exact(Decimal("8.0"), None, 6)


def test_p1_07_days_from_registration_to_notification(journal):
    for n, days in enumerate((10, 50, 60, 70, 200)):
        journal.event("decision.notified", f"p{n}", "2025-09-03", outcome="RECOGNISED", number=days)
    journal.write()
    # Half of five is 2.5: 1.5 of the three in 46-90, which begins at 46 and is 45 days wide.
    assert figure("P1-07") == Exact(Decimal("68.5"), None, 5)


def test_a_median_in_an_open_band_is_none(journal):
    for n in range(3):
        journal.event("decision.notified", f"p{n}", "2025-09-03", outcome="REJECTED", number=900)
    journal.write()
    assert figure("P1-07") == Exact(None, None, 3)
    assert figure("P1-07", "2025-08") == Exact(None, None, 0)


def test_p1_06_and_p2_11_documents(journal):
    issued = [("CURP_TEMPORARY", "NO_LIMIT")] * 4 + [("PROVISIONAL_STAY", "IN_TIME")] * 3
    issued += [("CLAIM_CERTIFICATE", "LATE")] * 2 + [("REFUGEE_CARD", "IN_TIME")]
    for n, (code, timing) in enumerate(issued):
        journal.event("document.issued", f"p{n}", "2025-09-03", code=code, reason_group=timing)
    journal.write()
    assert figure("P1-06") == share("66.7", 4, 6)
    assert figure("P2-11").value == 4


def test_p1_08_decisions_in_time(journal):
    for n, timing in enumerate(("IN_TIME", "IN_TIME", "LATE", "NO_LIMIT", None)):
        journal.event(
            "decision.made", f"p{n}", "2025-09-03", outcome="REJECTED", reason_group=timing, subject=f"c{n}"
        )
    journal.event("claim.closed", "p9", "2025-09-03", reason_group="WITHDRAWN", subject="c9")
    journal.write()
    assert figure("P1-08") == share("66.7", 2, 3)


def test_p1_09_pending_claims(journal):
    for n in range(8):
        journal.event("case.opened", f"p{n}", "2025-07-03")
        journal.event("claim.lodged", f"p{n}", "2025-07-03", code="N", subject=f"c{n}")
    journal.event(
        "claim.lodged", "p8", "2025-07-03", code="N", subject="c8"
    )  # nobody follows this one's case
    journal.event("case.opened", "p9", "2025-07-03")  # and this one has no claim
    journal.event("decision.made", "p0", "2025-09-30", outcome="REJECTED", subject="c0")
    journal.event("claim.closed", "p1", "2025-08-30", reason_group="LOST", subject="c1")
    journal.event("claim.reopened", "p1", "2025-09-02", subject="c1")  # waits again
    journal.event("claim.closed", "p2", "2025-10-01", reason_group="LOST", subject="c2")  # after the quarter
    journal.event("person.erased", "p3", "2025-09-10")
    journal.write()
    assert figure("P1-09", "2025-Q3").value == 6


def test_p1_14_legal_advice_before_the_interview(journal):
    journal.event("legal_aid.session", "p0", "2025-08-20", code="LEGAL")
    journal.event("legal_aid.session", "p1", "2025-09-20", code="LEGAL")  # too late
    for n in range(4):
        journal.event("interview.held", f"p{n}", "2025-09-03", code="N")
    journal.write()
    assert figure("P1-14") == share("25.0", 1, 4)


def test_p1_15_to_18_exits_from_custody(journal):
    exits = [
        ("TRIPARTITE", "SINGLE_PARENT_FAMILIES", "ORDER_KEPT", 2), ("TRIPARTITE", "FAMILIES", "ORDER_KEPT", 5),
        ("TRIPARTITE", "FAMILIES", "NOT_IN_ORDER", 6), ("TRIPARTITE", "SINGLE_WOMEN", "ORDER_KEPT", 9),
        ("TRIPARTITE", "SINGLE_MEN", "ORDER_DEPARTED", 20), ("TRIPARTITE", None, "NOT_IN_ORDER", 20),
        ("COURT", None, "NOT_IN_ORDER", 70), ("REMOVED", None, None, 3),
    ]  # fmt: skip
    for n, (code, reason, outcome, days) in enumerate(exits):
        journal.event(
            "custody.released", f"p{n}", "2025-09-03", code=code, reason=reason, outcome=outcome, number=days
        )
    journal.write()
    assert figure("P1-15").value == 6
    assert figure("P1-16") == share("50.0", 3, 6)
    assert figure("P1-18") == share("75.0", 3, 4)
    # Two in 0-3, two in 4-7: half of eight is the end of that band.
    assert figure("P1-17") == Exact(Decimal("8.0"), None, 8)


def test_p2_01_and_p3_04_assisted(journal):
    for n in range(5):
        journal.event("service.delivered", f"p{n}", "2025-09-03", sector="FOOD", reason_group="NGO")
    for n in range(4, 7):  # p4 was assisted by another first
        journal.event("service.delivered", f"p{n}", "2025-09-09", sector="HEALTH", reason_group="STATE")
    journal.event("cash.delivered", "p8", "2025-09-09", code="CARD", number=60)
    wrong = journal.event("service.delivered", "p9", "2025-09-09", sector="FOOD", reason_group="UN")
    journal.event("event.withdrawn", "p9", "2025-09-10", withdraws_id=wrong)
    journal.write()
    assert figure("P2-01").value == 8
    assert figure("P3-04") == share("25.0", 2, 8)


def test_p2_08_and_p2_09_cash(journal):
    for n, (household, code) in enumerate(
        (("a", "CARD"), ("a", "TRANSFER"), ("b", "CASH_IN_HAND"), ("c", "MOBILE"))
    ):
        journal.event(
            "cash.delivered", f"p{n}", "2025-09-03", code=code, number=80, household=household,
            household_type="FAMILY",
        )  # fmt: skip
    journal.event("cash.delivered", "p0", "2025-09-20", code="CASH_IN_HAND", number=80, household="a")
    journal.event("cash.delivered", "p1", "2025-10-02", code="CARD", number=80, household="a")
    journal.event("cash.delivered", "p4", "2025-10-02", code="CARD", number=80, household="d")
    # Help of another kind makes nobody paid: not before a payment in the same month, nor in their household.
    journal.event("service.delivered", "p0", "2025-09-01", sector="FOOD", household="a")
    journal.event("service.delivered", "p4", "2025-09-01", sector="FOOD", household="d")
    journal.event("service.delivered", "p5", "2025-09-01", sector="FOOD", household="c")
    journal.write()
    assert figure("P2-08").value == 3
    assert figure("P2-08", "2025-10").value == 2 and figure("P2-08", "2025").value == 4
    assert figure("P2-09") == share("50.0", 2, 4)
    assert figure("P2-09", "2025") == share("66.7", 4, 6)
    assert figure("P2-01").value == 6


def referral(journal: Journal, name: str, sector: str, *steps: tuple[str, dict[str, str]]) -> None:
    journal.event(
        "referral.sent", name, "2025-09-02", sector=sector, priority="NORMAL", subject=f"r{name}{sector}"
    )
    for kind, codes in steps:
        journal.event(
            f"referral.{kind}", name, "2025-09-05", sector=sector, subject=f"r{name}{sector}", **codes
        )


def test_p2_14_and_p3_03_referrals_by_service(journal):
    accepted, completed = ("accepted", {"outcome": "ON_TIME"}), ("completed", {"outcome": "DELIVERED_FULL"})
    for n in range(3):
        referral(journal, f"p{n}", "MHPSS", accepted, completed)
        referral(journal, f"p{n}", "SOCIAL_REGISTRY", accepted, completed)
    referral(journal, "p4", "MHPSS", ("lapsed", {"outcome": "LAPSED"}))
    referral(journal, "p4", "HEALTH", accepted, completed)
    refused = ("declined", {"outcome": "ON_TIME", "reason": "NOT_ELIGIBLE", "reason_group": "MANDATE"})
    referral(journal, "p5", "SOCIAL_REGISTRY", refused)
    journal.write()
    assert figure("P2-14") == share("75.0", 3, 4)
    assert figure("P3-03") == share("75.0", 3, 4)


def test_p2_16_informed_in_their_language(journal):
    for n, outcome in enumerate(("PREFERRED", "PREFERRED", "OTHER")):
        journal.event("information.given", f"p{n}", "2025-09-03", code="spa", outcome=outcome)
    journal.write()
    assert figure("P2-16") == share("66.7", 2, 3)


def test_p4_01_and_p4_02_work_permits(journal):
    for n, days in enumerate((0, 7, 8, 40, None)):
        journal.event("work_permit.issued", f"p{n}", "2025-09-03", code="REFUGEE", number=days)
    journal.write()
    assert figure("P4-01").value == 5
    assert figure("P4-02") == share("40.0", 2, 5)


def test_p4_03_and_p4_04_work_and_training(journal):
    for n in range(3):
        journal.event("employment.started", f"p{n}", "2025-09-03", code="FORMAL")
    journal.event("employment.started", "p0", "2025-09-20", code="FORMAL")
    journal.event("training.enrolled", "p0", "2025-09-01", code="LANGUAGE")
    journal.event("training.completed", "p0", "2025-09-20", code="LANGUAGE")
    journal.event("training.completed", "p1", "2025-09-20", code="LANGUAGE")
    journal.event("training.dropped", "p2", "2025-09-20", code="LANGUAGE", reason="WORK")
    journal.write()
    assert figure("P4-03").value == 3
    assert figure("P4-04") == share("66.7", 2, 3)


def test_p4_06_and_p4_09_departures(journal):
    for n, code in enumerate(("PTA", "PTA", "RESETTLEMENT", "LABOUR_MOBILITY")):
        journal.event("departure.confirmed", f"p{n}", "2025-09-03", code=code)
    journal.write()
    assert figure("P4-06").value == 2 and figure("P4-09").value == 4
    assert dict(catalogue.get("P4-06").domain.part("pathway").ks) == {"PTA": 10}


def test_p4_10_and_p5_04_families_and_transfers(journal):
    journal.event("tracing.reunified", "p0", "2025-09-03", code="TRACING")
    journal.event("tracing.closed", "p1", "2025-09-03", reason="NOT_FOUND")
    for n, outcome in enumerate(("ACCEPTED", "ACCEPTED", "ACCEPTED", "DECLINED")):
        journal.event("transfer.responded", f"p{n}", "2025-09-03", outcome=outcome, code="GTM")
    journal.write()
    assert figure("P4-10") == share("50.0", 1, 2)
    assert figure("P5-04") == share("75.0", 3, 4)


def test_every_indicator_is_worked_out_by_hand():
    """A new indicator without a test of its own is refused."""
    here = Path(__file__).parent
    written = (here / "test_figures_by_hand.py").read_text("utf-8") + Path(__file__).read_text("utf-8")
    written += (here / "test_by_hand_in_time.py").read_text("utf-8")
    written += (here / "test_persons_registered.py").read_text("utf-8")
    written += (here / "test_heads.py").read_text("utf-8")
    assert [each.code for each in catalogue.all() if f'"{each.code}"' not in written] == []


def test_p2_02_needs_answered_within_thirty_days(journal):
    for n in range(6):
        journal.event("need.recorded", f"p{n}", "2025-08-10", code="CR-CP", need_category="CR")
    journal.event(
        "need.recorded", "p6", "2025-09-10", code="CR-CP", need_category="CR"
    )  # its time ends in October
    answer = {"sector": "HEALTH", "outcome": "DELIVERED_FULL"}
    journal.event("service.delivered", "p0", "2025-08-10", need_category="CR", **answer)
    journal.event("service.delivered", "p1", "2025-09-09", need_category="CR", **answer)  # the last day
    journal.event("service.delivered", "p2", "2025-09-10", need_category="CR", **answer)  # a day late
    journal.event("service.delivered", "p3", "2025-08-20", need_category="DS", **answer)  # for another need
    journal.event("service.delivered", "p4", "2025-08-20", **answer)  # for none
    journal.event(
        "service.delivered", "p5", "2025-08-20", need_category="CR", sector="HEALTH", outcome="PERSON_STOPPED"
    )
    journal.write()
    assert figure("P2-02") == share("33.3", 2, 6)
    assert figure("P2-02", "2025-08").denominator == 0


def test_p2_07_women_with_a_second_kind_of_service(journal):
    def served(person, day, sector, sex="F", outcome="DELIVERED_FULL"):
        journal.event("service.delivered", person, day, sector=sector, outcome=outcome, sex=sex)

    for n, second in enumerate(("2025-09-03", "2025-09-30", "2025-10-01")):  # the last one counts in October
        served(f"p{n}", "2025-08-03", "LEGAL")
        served(f"p{n}", second, "MHPSS")
    served("p0", "2025-09-20", "SOCIAL_REGISTRY")  # a third kind, and she counts once
    served("p3", "2025-09-03", "LEGAL")
    served("p3", "2025-09-04", "LEGAL")  # the same kind twice
    served("p4", "2025-09-03", "LEGAL")
    served("p4", "2025-09-04", "MHPSS", outcome="PERSON_STOPPED")
    served("p5", "2025-09-03", "LEGAL", sex="M")
    served("p5", "2025-09-04", "MHPSS", sex="M")
    # Seen at another site in the same month, she is still one.
    journal.event("service.delivered", "p0", "2025-09-25", sector="FOOD", sex="F", site="MX-GDL")
    journal.write()
    assert figure("P2-07").value == 2
    assert figure("P2-07", "2025-10").value == 1 and figure("P2-07", "2025").value == 3


def test_p2_10_assistance_within_the_planned_time(journal):
    for n in range(4):
        journal.event(
            "assistance.approved",
            f"p{n}",
            "2025-08-20",
            sector="CASH",
            code="CASH",
            number=20,
            subject=f"a{n}",
        )
    journal.event(
        "assistance.approved", "p9", "2025-09-20", sector="CASH", code="CASH", number=20, subject="a9"
    )
    journal.event("assistance.delivered", "p0", "2025-08-25", sector="CASH", code="CASH", subject="a0")
    journal.event(
        "assistance.delivered", "p1", "2025-09-09", sector="CASH", code="CASH", subject="a1"
    )  # the last day
    journal.event(
        "assistance.delivered", "p2", "2025-09-10", sector="CASH", code="CASH", subject="a2"
    )  # late
    journal.event(
        "assistance.delivered", "p3", "2025-08-25", sector="CASH", code="CASH", subject="a2"
    )  # another's
    journal.write()
    assert figure("P2-10") == share("50.0", 2, 4)


def test_p2_12_school_age_children_enrolled(journal):
    pupil = {"age_band": "5-11"}
    for n in range(4):
        journal.event("person.registered", f"p{n}", "2025-06-20", **pupil)
    journal.event("person.registered", "p8", "2025-06-20", age_band="0-4")
    journal.event("person.registered", "p9", "2025-06-20")  # an adult
    journal.event("education.enrolled", "p0", "2025-06-30", code="SCHOOL", **pupil)
    journal.event("education.enrolled", "p1", "2025-09-18", code="SCHOOL", **pupil)  # the ninetieth day
    journal.event("education.enrolled", "p2", "2025-09-19", code="SCHOOL", **pupil)
    journal.event("education.enrolled", "p9", "2025-06-30", code="SCHOOL")
    journal.write()
    assert figure("P2-12") == share("50.0", 2, 4)


def test_p2_13_studies_recognised(journal):
    for n in range(3):
        journal.event("education.asked", f"p{n}", "2025-03-10", code="VALIDATION")
    journal.event("education.asked", "p8", "2025-03-10", code="ENROLMENT")
    journal.event("education.recognised", "p0", "2025-09-06", code="VALIDATION")  # the last day
    journal.event("education.recognised", "p1", "2025-09-07", code="VALIDATION")
    journal.event("education.recognised", "p8", "2025-05-07", code="VALIDATION")
    journal.write()
    assert figure("P2-13") == share("33.3", 1, 3)
