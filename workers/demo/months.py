"""The signatures of the demo's sites under their months: most sign by the fifth, some with a remark, some not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.casefile.month import service
from caseapp.casefile.month.queries import KINDS_OF_SITE
from caseapp.core import access, clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.places.models import Site
from caseapp.publication.rules import month_after
from workers.demo import calibration, places
from workers.demo.accounts import posts
from workers.demo.acting import acting

SIGNERS = ("SUPERVISOR", "SHELTER_COORDINATOR")
REMARKS = ("PAPER_PENDING", "STAFF_SHORT", "NO_CONNECTION", "MANY_ARRIVALS")
SIGN, REMARK = 0.9, 0.15


def sign(country: str, month: str, today: date) -> int:
    """Have the sites of a country sign a month, each on one of the first days of the next; returns how many did. The
    same month gives the same signatures, whatever else was drawn."""
    signed = 0
    following = month_after(month)
    for team, signer in _signers(country):
        chance = calibration.stream("months", team.code, month)
        on = datetime(int(following[:4]), int(following[5:7]), chance.randint(1, 7), 18, tzinfo=UTC)
        remark = chance.choice(REMARKS) if chance.random() < REMARK else None
        if chance.random() > SIGN or on.date() >= today:
            continue
        with acting(signer), clock.held_at(on + timedelta(minutes=chance.randint(0, 200))):
            service.sign(team, month, note=remark)
        signed += 1
    return signed


def _signers(country: str) -> list[tuple[Team, Principal]]:
    """The teams at sites of a country, by code, and who signs for each."""
    mine = [post for post in posts() if post.country == country and post.role in SIGNERS and post.site]
    by_team = {team: post.role for post in reversed(mine) for team in post.teams}
    with acting(access.system("demo")):
        teams = session.scalars(
            sa.select(Team)
            .join(Site, Site.id == Team.site_id)
            .where(Team.code.in_(by_team), Site.kind.in_(KINDS_OF_SITE))
            .order_by(Team.code)
        ).all()
    return [(team, places.worker(by_team[team.code], team.code)) for team in teams]
