"""Doing what a story says: each act through the service that a person uses, by a worker of the team that does it,
with the business clock held at its moment.

What cannot be known when the story is told is decided here as a worker would: whether a place is free, whether
there is still something to withdraw. An act whose ground is gone (nobody was accepted, so nobody arrives) is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.casefile import service as casefile
from caseapp.casefile.models import CaseTask
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.people.models import Case, Person
from caseapp.referral.models import Referral
from caseapp.solutions.models import Employment, SolutionPlan, Training, WorkPermit
from workers.demo import places
from workers.demo.acting import acting
from workers.demo.acts import Act
from workers.demo.plan import Story


class Scene:
    """What is at hand while a story is performed: rows by member number and by reference."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.timezone = places.timezone(story.slot.desk)
        self.cases: dict[int, Case] = {}
        self.persons: dict[int, Person] = {}
        self.copies: dict[str, Case] = {}
        self.referrals: dict[str, Referral] = {}
        self.plans: dict[tuple[str, int], SolutionPlan] = {}
        self.work: dict[str, WorkPermit | Training | Employment] = {}
        self.tasks: dict[tuple[str, int], CaseTask] = {}
        self.handovers: dict[str, UUID] = {}
        self.helped: dict[str, UUID] = {}
        self.waiting: dict[str, UUID] = {}
        self.refused: Counter[str] = Counter()
        self.numbers = _Numbers(story)
        self.team = team_called(story.team)

    def on(self, act: Act) -> date:
        """The day on which an act takes effect, in the desk's time zone."""
        return act.on or clock.local(act.at, self.timezone).date()

    def of(self, act: Act) -> list[tuple[int, Case]]:
        return [(i, self.cases[i]) for i in act.who]

    @contextmanager
    def as_(self, role: str, team: str = "", *, second: bool = False) -> Iterator[access.Principal]:
        """Act as the made-up worker of a team (the desk's if none is named)."""
        with acting(places.worker(role, team or self.story.team, second=second)) as who:
            yield who

    @contextmanager
    def at_desk(self) -> Iterator[access.Principal]:
        with self.as_("CASEWORKER") as who:
            yield who

    @contextmanager
    def receiving(self, found: Referral) -> Iterator[access.Principal]:
        """Act as whoever answers for the team that a referral went to."""
        team = found.to_team
        role = "SHELTER_COORDINATOR" if team.type == "SHELTER" else "SERVICE_FOCAL_POINT"
        with self.as_(role, team.code) as who:
            yield who

    def close(self, case: Case, reason: str, on: date) -> None:
        """Close a case, if the rules let it be closed."""
        casefile.close(case, reason=reason, on=on)


class _Numbers:
    """The public numbers that the plan gave this family, in order; referrals' follow the first case's."""

    def __init__(self, story: Story) -> None:
        self.cases = iter(story.slot.numbers)
        self.households = iter(story.slot.household_numbers)
        self.others = _others(story.slot.numbers[0])

    def __call__(self, prefix: str) -> str:
        if prefix == "H":
            return next(self.households)
        if prefix == "R":
            return next(self.others)
        return next(self.cases)


def _others(number: str) -> Iterator[str]:
    from caseapp.people.rules import number_of
    from workers.demo.calibration import stream

    random = stream("referrals of", number)
    while True:
        yield number_of("R", random.getrandbits(48))


_team_ids: dict[tuple[str, str], UUID] = {}


def team_called(code: str) -> Team:
    """The team of this code; its id is looked up once a process and database."""
    known = (str(session.connection().engine.url), code)
    if known not in _team_ids:
        _team_ids[known] = session.scalars(sa.select(Team.id).where(Team.code == code)).one()
    return session.get_one(Team, _team_ids[known])


def perform(story: Story) -> Counter[str]:
    """Do every act of a story in the running transaction. Answers how many of each verb were refused."""
    from workers.demo import verbs

    scene = Scene(story)
    with scene.at_desk():
        for act in story.acts:
            verb = getattr(verbs, act.verb)
            with clock.held_at(act.at):
                try:
                    verb(scene, act)
                except Refused as refused:
                    scene.refused[f"{act.verb}: {type(refused).__name__}"] += 1
    return scene.refused
