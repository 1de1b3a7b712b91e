"""Counting step by step equals counting all at once, after any history.

Random journals (late events, corrected profiles, merges and their undoing, erasure, withdrawals and the
withdrawal of withdrawals, events without codes) are written in batches cut anywhere, each taken up in small
portions, across the end of a month; then everything is recounted. `HISTORIES` of them run each time;
more at night: `HISTORIES=200`.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from caseapp.core import clock
from caseapp.core import db as core_db
from caseapp.indicators import rollup
from tests.indicators.histories import Journal

HISTORIES = int(os.environ.get("HISTORIES", "25"))
PEOPLE = ["a", "b", "c", "d", "e"]
SITES = ["MX-TAP", "MX-GDL"]
TABLES = ("identity", "fact", "atom", "cell", "site_number")

days = st.dates(date(2025, 7, 20), date(2025, 11, 20))
person = st.sampled_from(PEOPLE)
profile = st.fixed_dictionaries(
    {
        "sex": st.sampled_from("FM"),
        "age_band": st.sampled_from(["5-11", "18-59"]),
        "origin": st.sampled_from(["HND", "CUB"]),
    }
)
subject = st.sampled_from(["x", "y"])
timing = st.sampled_from(["ON_TIME", "LATE"])


def plain(kind: str, **more: st.SearchStrategy) -> st.SearchStrategy:
    return st.tuples(
        st.just(kind), person, days, st.fixed_dictionaries({"site": st.sampled_from(SITES), **more}), profile
    )


def of(value: object) -> st.SearchStrategy:
    return st.just(value)


steps = st.one_of(
    plain("person.registered", household=st.sampled_from(["h", "i"])),
    plain("intake.opened"),
    plain("screening.completed", number=st.integers(1, 40)),
    plain("person.profiled"),
    plain("claim.lodged", code=st.sampled_from("NR"), subject=subject),
    plain("claim.closed", reason_group=st.sampled_from(["LOST", "WITHDRAWN"]), subject=subject),
    plain("claim.reopened", subject=subject),
    plain("decision.made", outcome=st.sampled_from(["RECOGNISED", "REJECTED"]), subject=subject),
    plain("interview.held"),
    plain("legal_aid.session"),
    plain("custody.released", code=of("TRIPARTITE"), number=st.integers(0, 80), outcome=of("ORDER_KEPT")),
    plain("service.delivered", reason_group=st.sampled_from(["STATE", "NGO"])),
    plain("cash.delivered", code=st.sampled_from(["CARD", "MOBILE"]), household=st.sampled_from(["h", "i"])),
    plain("service.delivered", sector=st.sampled_from(["LEGAL", "MHPSS"]), outcome=of("DELIVERED_FULL"), need_category=of("CR")),
    plain("need.recorded", code=of("CR-CP"), need_category=of("CR")),
    plain("assistance.approved", subject=subject, number=st.integers(0, 40)),
    plain("assistance.delivered", subject=subject),
    plain("screening.outcome", outcome=st.sampled_from(["IP_NEED", "CHILD_PROCESS"]), site=of("MX-SUC")),
    plain("referral.sent", subject=subject, code=of("ASYLUM_AUTHORITY")),
    plain("assessment.completed", code=of("WG_SS")),
    plain("child.returned_received"),
    plain("population.changed", population=of("IDP")),
    plain("referral.accepted", subject=subject, sector=of("SOCIAL_REGISTRY"), outcome=timing),
    plain("property.registered", subject=subject),
    plain("property.measure", subject=subject, outcome=st.sampled_from(["ASKED", "ACTIVE"])),
    plain("pta.transferred", number=st.integers(0, 300)),
    plain("education.asked", code=of("VALIDATION")),
    plain("education.recognised"),
    plain("education.enrolled"),
    plain("need.recorded", code=st.sampled_from(["SC-UC", "SC-CH"])),
    plain("referral.sent", subject=subject, sector=of("SHELTER")),
    plain("referral.accepted", subject=subject, outcome=timing),
    plain("referral.completed", subject=subject),
    plain("referral.declined", subject=subject, outcome=timing, reason_group=of("CAPACITY")),
    plain("stay.started", subject=subject, codes=st.booleans()),
    plain("stay.ended", subject=subject, codes=st.booleans()),
    plain("case.opened"),
    plain("case.closed"),
    plain("solution.planned", subject=subject),
    plain("departure.confirmed", code=st.sampled_from(["PTA", "RESETTLEMENT"])),
    plain("person.erased"),
    plain("person.merged", other=person),
    plain("person.merged", other=person),
    plain("person.unmerged", other=person),
    st.tuples(of("capacity.changed"), of(None), days, st.fixed_dictionaries(
        {"code": of("PLACES"), "number": st.integers(0, 9), "subject": subject}), of({})),
    st.tuples(of("staff.counted"), of(None), days, st.fixed_dictionaries({"number": st.integers(0, 4)}), of({})),
    st.tuples(of("persons.received"), of(None), days, st.fixed_dictionaries(
        {"number": st.sampled_from([7, 3, -1]), "subject": subject, "sex": st.sampled_from("FM"), "code": of("18-59/F"),
         "age_band": of("18-59"), "site": st.sampled_from(SITES)}), of({})),
    st.tuples(of("training.attended"), of(None), days, st.fixed_dictionaries(
        {"number": st.integers(1, 9), "subject": subject, "sex": st.sampled_from("FM")}), of({})),
    st.tuples(of("project.participation"), of(None), days, st.fixed_dictionaries(
        {"number": st.integers(1, 9), "subject": subject, "code": st.sampled_from(["JOINT_PROJECT", "PROGRAMME"]),
         "outcome": st.sampled_from(["HOST", "DISPLACED"])}), of({})),
    st.tuples(of("withdraw"), st.integers(0, 40), days, of({}), of({})),
)  # fmt: skip
history = st.lists(st.tuples(steps, st.booleans()), min_size=15, max_size=60)


def add(journal: Journal, written: list[dict], step: tuple) -> None:
    kind, who, day, more, codes = step
    if kind == "withdraw":
        # Any event may be withdrawn, a withdrawal too, but each only once.
        taken = {row["withdraws_id"] for row in written}
        open_ = [row for row in written if row["id"] not in taken]
        if not open_:
            return
        row = open_[who % len(open_)]
        journal.event("event.withdrawn", None, day, withdraws_id=row["id"], codes=False)
        journal.waiting[-1]["person_key"] = row["person_key"]
    elif kind in ("person.merged", "person.unmerged") and more["other"] == who:
        return
    elif more.get("codes", True) is False:
        journal.event(kind, who, day, **more)
    else:
        journal.event(kind, who, day, **{k: v for k, v in more.items() if k != "codes"}, **codes)
    written.append(journal.waiting[-1])


def empty() -> None:
    with core_db.connect("owner") as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))
        connection.execute(sa.text("DELETE FROM case_event"))
        for table in ("dirty", "horizon", *TABLES):
            connection.execute(sa.text(f"DELETE FROM facts.{table}"))
        connection.execute(sa.text("SET session_replication_role = origin"))


@pytest.fixture
def journals(committed_db):
    """Counts the histories that ran."""
    ran: list[int] = []
    yield ran
    assert len(ran) >= min(HISTORIES, 20)
    print(f"\n{len(ran)} histories, {sum(ran)} events: step by step equals all at once")


def test_step_by_step_equals_all_at_once(journals):
    @settings(
        max_examples=HISTORIES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        # A found history is printed as it is: making it smaller took minutes.
        phases=(Phase.generate,),
    )
    @given(history, st.integers(1, 9), st.integers(0, 60))
    def runs(steps_and_cuts, portion, month_turns):
        empty()
        journal, written = Journal(), []
        for number, (step, cut) in enumerate(steps_and_cuts):
            add(journal, written, step)
            if cut:
                journal.write()
                # Before the turn it is September, after it late November: open stays and cases go on by themselves.
                moment = (
                    datetime(2025, 9, 10, tzinfo=UTC)
                    if number < month_turns
                    else datetime(2025, 11, 23, tzinfo=UTC)
                )
                with clock.held_at(moment):
                    rollup.roll_up(batch=portion)
        journal.write()
        rollup.roll_up(batch=portion)
        found = rollup.recount()
        assert found.differences == ()
        journals.append(len(written))

    runs()


def test_the_undoing_of_all_leaves_nothing(committed_db):
    journal = Journal()
    ids = [
        journal.event("person.registered", who, date(2025, 8, 1) + timedelta(days=n))
        for n, who in enumerate(PEOPLE)
    ]
    journal.write()
    rollup.roll_up()
    for who, event in zip(PEOPLE, ids, strict=True):
        journal.event("event.withdrawn", who, "2025-09-01", withdraws_id=event)
    journal.write()
    rollup.roll_up()
    with core_db.connect("facts") as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM facts.cell")) == 0
    assert rollup.recount().differences == ()
