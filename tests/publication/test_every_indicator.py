"""Thirteen months of one country with every kind of event: all indicators of the catalogue, quarter, year and MIRPS
year, attacked with all releases together."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta

from caseapp.indicators import catalogue
from caseapp.publication import service
from caseapp.release_audit.audit import Attack, audit
from tests.publication import made_up

MONTHS = ["2024-10", "2024-11", "2024-12", *(f"2025-{n:02d}" for n in range(1, 11))]


def more(journal, persons):
    """Stays, decisions, separated children, departures, plans, capacity and staff."""
    chance = random.Random(9)
    for site in made_up.SITES:
        journal.event(
            "capacity.confirmed", None, "2024-10-01", code="PLACES", number=40, subject=site, site=site
        )
        journal.event("staff.counted", None, "2024-10-01", code="CASEWORKER", number=6, site=site)
        for month in MONTHS:
            heads(journal, chance, site, date.fromisoformat(f"{month}-{chance.randint(1, 28):02d}"))
    for number in range(persons):
        day = date(2024, 10, 1) + timedelta(days=chance.randint(0, 390))
        name = f"MEX{number}"
        who = {
            "sex": chance.choice("FM"),
            "age_band": "18-59",
            "origin": "HND",
            "household": str(number // 3),
        }
        if chance.random() < 0.5:
            journal.event("stay.started", name, day, subject=f"s{number}", **who)
            journal.event(
                "stay.ended", name, day + timedelta(days=chance.randint(1, 20)), subject=f"s{number}", **who
            )
        if chance.random() < 0.6:
            ending = chance.choice(("RECOGNISED", "COMPLEMENTARY", "REJECTED"))
            timing = "IN_TIME" if number % 3 else "LATE"
            journal.event(
                "decision.made", name, day, outcome=ending, reason_group=timing, subject=f"c{number}", **who
            )
        elif chance.random() < 0.8:
            journal.event("claim.closed", name, day, reason_group="LOST", subject=f"c{number}", **who)
        if chance.random() < 0.4:
            journal.event("need.recorded", name, day, code="SC-SC", **(who | {"age_band": "12-17"}))
        if chance.random() < 0.3:
            journal.event(
                "departure.confirmed", name, day, code=chance.choice(("RESETTLEMENT", "PTA")), **who
            )
        if chance.random() < 0.9:
            casework(journal, chance, name, day, who)
        if chance.random() < 0.4:
            journal.event("solution.planned", name, day, subject=f"p{number}", **who)


def heads(journal, chance, site, day):
    """A bus counted without names, a training and a date of a joint project."""
    for sex in "FM":
        about = {"sex": sex, "site": site, "subject": f"{site} {day}"}
        adult = {"age_band": "18-59"}
        journal.event(
            "persons.received",
            None,
            day,
            number=chance.randint(1, 30),
            code=f"18-59/{sex}",
            **about,
            **adult,
        )
        journal.event(
            "training.attended", None, day, code="ASYLUM_LAW", number=chance.randint(1, 20), **about
        )
        for population in ("HOST", "DISPLACED"):
            journal.event(
                "project.participation",
                None,
                day,
                code="JOINT_PROJECT",
                outcome=population,
                number=chance.randint(1, 20),
                **about,
                **adult,
            )


def casework(journal, chance, name, day, who):
    """What the rest of the journey leaves in the journal: one kind of each, so that every rate has its ten."""

    def said(kind, **codes):
        journal.event(kind, name, day, **codes, **who)

    said("claim.registered", code="N", number=chance.randint(0, 200), subject=f"g{name}")
    said("decision.notified", outcome="RECOGNISED", number=chance.randint(0, 360))
    said("document.issued", code=chance.choice(("CURP_TEMPORARY", "PROVISIONAL_STAY")),
         reason_group=chance.choice(("IN_TIME", "LATE", "NO_LIMIT")))  # fmt: skip
    said("legal_aid.session", code="LEGAL") if chance.random() < 0.5 else None
    said("interview.held", code="N")
    said("custody.released", code=chance.choice(("TRIPARTITE", "TRIPARTITE", "COURT")), number=chance.randint(0, 60),
         reason=chance.choice(("FAMILIES", "SINGLE_MEN")), outcome=chance.choice(("ORDER_KEPT", "ORDER_DEPARTED")))  # fmt: skip
    said("service.delivered", sector="FOOD", reason_group=chance.choice(("STATE", "NGO")))
    said("cash.delivered", code=chance.choice(("CARD", "CASH_IN_HAND")), number=60)
    said("information.given", code="spa", outcome=chance.choice(("PREFERRED", "OTHER")))
    said("need.recorded", code="CR-CP", need_category="CR", priority="HIGH")
    if chance.random() < 0.6:
        said(
            "service.delivered",
            sector="HEALTH",
            outcome="DELIVERED_FULL",
            need_category="CR",
            reason_group="NGO",
        )
        said("service.delivered", sector="LEGAL", outcome="DELIVERED_FULL", reason_group="NGO")
    said("assistance.approved", sector="CASH", code="CASH", number=10, subject=f"a{name}")
    if chance.random() < 0.6:
        said("assistance.delivered", sector="CASH", code="CASH", subject=f"a{name}")
    said("education.asked", code="VALIDATION")
    if chance.random() < 0.6:
        said("education.recognised", code="VALIDATION")
    if chance.random() < 0.6:
        said("education.enrolled", code="SCHOOL")
    said("work_permit.issued", code="REFUGEE", number=chance.randint(0, 20))
    said("employment.started", code="FORMAL")
    said(chance.choice(("training.completed", "training.dropped")), code="LANGUAGE")
    said(chance.choice(("tracing.reunified", "tracing.closed")))
    said("transfer.responded", outcome=chance.choice(("ACCEPTED", "DECLINED")))
    said("claim.reopened", subject=f"c{name}")
    said("screening.outcome", outcome="IP_NEED", code="MAIN", site="MX-SUC")
    said(
        "referral.sent", sector="LEGAL", code="ASYLUM_AUTHORITY", subject=f"l{name}"
    ) if chance.random() < 0.6 else None
    said("assessment.completed", code="WG_SS") if chance.random() < 0.6 else None
    said("child.returned_received")
    said("screening.outcome", outcome="CHILD_PROCESS", code="MAIN") if chance.random() < 0.6 else None
    said("population.changed", population="IDP", code="DECLARED")
    said("property.registered", code="HOUSE", subject=f"b{name}")
    said(
        "property.measure", code="HOUSE", outcome="ACTIVE", subject=f"b{name}"
    ) if chance.random() < 0.6 else None
    said("pta.transferred", code="PTA", number=chance.randint(0, 200), subject=f"t{name}")
    for sector in ("MHPSS", "SOCIAL_REGISTRY"):
        referral = {"sector": sector, "subject": f"{sector}{name}"}
        said("referral.sent", priority="NORMAL", **referral)
        said("referral.accepted", outcome="ON_TIME", **referral)
        said("referral.completed", outcome="DELIVERED_FULL", **referral)


def test_all_indicators_all_periods(committed_db, tmp_path):
    people = made_up.staff()
    # 2024 is drawn coarsely (`size`), 2025 finely, by what 2024 published: October's MIRPS year sums both.
    journal = made_up.journal(1600, date(2024, 10, 1), date(2025, 10, 31))
    more(journal, 1200)
    journal.write()
    made_up.count_now()
    made = {month: made_up.release(people, month, size=60) for month in MONTHS}
    for month in MONTHS[-5:]:
        service.export(made[month], tmp_path / month)
    report = audit(sorted(tmp_path.iterdir()), Attack(60))
    assert report.ok, report.to_text()
    assert report.checked["figures"] > 500

    def rows_of(month, status="PUBLISHED"):
        with (tmp_path / month / "figures.csv").open() as file:
            return [row for row in csv.DictReader(file) if row["status"] == status]

    def published(month):
        return {(row["indicator"], row["period"]) for row in rows_of(month)}

    september, october = published("2025-09"), published("2025-10")
    assert {indicator for indicator, _ in september} == {each.code for each in catalogue.all()}
    assert {("P3-07", "2025-Q3"), ("P4-08", "2025-Q3"), ("P1-22", "2025")} <= september
    assert {("P1-13", "MIRPS-2025"), ("P2-04", "MIRPS-2025")} <= october
    assert ("P1-91", "MIRPS-2025") in october
    assert ("P1-00", "MIRPS-2025") not in october and ("P3-07", "2025-Q4") not in october
    bands = {status: _bands(rows_of("2025-10", status)) for status in ("PUBLISHED", "NOT_OFFERED")}
    assert {"CHILD", "ADULT"} <= bands["PUBLISHED"] and "0-4" in bands["NOT_OFFERED"] - bands["PUBLISHED"]


def _bands(rows):
    """The age bands of the rows of a MIRPS year."""
    return {row["age_band"] for row in rows if row["period"] == "MIRPS-2025"}
