"""The stories that few families live are in every demo, and each is done by the services as it is told."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from caseapp import create_app
from caseapp.core import access
from caseapp.core.db import session
from tests.conftest import _environment, cloned
from workers.demo import filling, rare, upkeep
from workers.demo.perform import perform
from workers.demo.plan import Story, plan

TODAY = date(2025, 11, 23)


def rare_stories(cases: int) -> list[Story]:
    made = plan(7, cases, TODAY)
    return [made.story(i) for i, slot in enumerate(made.slots) if slot.rare]


def unanswered_story() -> Story:
    """The first of a demo that has one whose referral nobody answers, and whose files stay open."""
    made = plan(1, 84, TODAY)
    stories = [(story, {act.verb for act in story.acts}) for story in map(made.story, range(len(made.slots)))]
    return next(story for story, verbs in stories if "lapse" in verbs and "close_case" not in verbs)


@pytest.mark.parametrize("cases", [84, 90, 500])
def test_every_demo_has_each_of_them(cases: int) -> None:
    found = Counter(story.slot.rare for story in rare_stories(cases))
    assert set(found) == {rare.MOVED, rare.LEFT, rare.LEAVES, rare.RETURNED, rare.STAYED, rare.ALONE}
    # Brothers and sisters: of one the assessment is made and approved, of the other it is late.
    alone = [s for s in rare_stories(cases) if s.slot.rare == rare.ALONE and len(s.family.members) > 1]
    verbs = Counter(act.verb for act in alone[0].acts)
    assert (verbs["open_assessment"], verbs["conclude_assessment"], verbs["approve_assessment"]) == (2, 1, 1)


@pytest.mark.parametrize("cases", [84, 300])
def test_nobody_of_a_family_has_the_given_name_of_another(cases: int) -> None:
    made = plan(7, cases, TODAY)
    for i in range(len(made.slots)):
        members: Any = made.story(i).family.new.members
        names = [name for m in members for name in m.given_names.split()]
        assert len(set(names)) == len(names)


@pytest.fixture(scope="module")
def told(cluster_url: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All of them, one whose referral nobody answers, and no other family."""
    with cloned(cluster_url, f"demo_rare_{os.getpid()}") as database, _environment(database):
        with create_app().app_context():
            upkeep.first_steps(tmp_path_factory.mktemp("rare"), 7, 84, TODAY, 0)
            filling.casework_session()
            refused: Counter[str] = Counter()
            with access.acting_as(filling.MAKER):
                for story in [*rare_stories(84), unanswered_story()]:
                    refused += perform(story)
                    session.commit()
            session.remove()
        with sa.create_engine(database.owner).connect() as owner:
            yield refused, owner


def counted(owner: sa.Connection, what: str, table: str) -> dict[Any, int]:
    rows = owner.execute(sa.text(f"SELECT {what}, count(*) FROM {table} GROUP BY 1"))
    return {row[0]: row[1] for row in rows}


def test_nothing_of_them_is_refused(told: Any) -> None:
    assert not told[0]


def test_they_come_to_what_is_told(told: Any) -> None:
    _refused, owner = told
    assert counted(owner, "state", "handover") == {"ACCEPTED": 1}
    assert owner.scalar(sa.text("SELECT count(*) FROM handover_member WHERE arrived_on IS NULL")) == 0
    steps = counted(owner, "step", "return_step")
    assert steps["MONITORED"] >= 1 and steps["CHANGED_MIND"] >= 1
    kinds = counted(owner, "kind", "case_event")
    assert kinds["pta.transferred"] >= 1 and kinds["pta.departed"] == 1 and kinds["bia.completed"] >= 1
    assert counted(owner, "closure_reason", '"case" WHERE closed_on IS NOT NULL') == {"SOLUTION_PTA": 1}
    states = counted(owner, "state", "best_interests")
    assert states["APPROVED"] >= 1 and states["OPEN"] >= 1
    late = "SELECT count(*) FROM deadline WHERE rule = 'BEST_INTERESTS' AND ended_at IS NULL AND due_at < '2025-11-23'"
    assert owner.scalar(sa.text(late)) >= 1


def test_a_referral_that_nobody_answered_lapses(told: Any) -> None:
    """By the sweep's own step, in which a fault would otherwise be logged and left lying."""
    _refused, owner = told
    assert counted(owner, "outcome", "case_event WHERE kind = 'referral.lapsed'").keys() == {"LATE"}
    assert owner.scalar(sa.text("SELECT count(*) FROM referral WHERE state = 'LAPSED'")) == 1
