"""Shelters say what they have, and teams read what was said to them. Everything here happens in the running
transaction, at the moments at which it would have happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.db import session
from caseapp.referral.models import Referral, ReferralNotice
from caseapp.shelter import service as shelter
from workers.demo import places
from workers.demo.accounts import SERVICES
from workers.demo.acting import acting
from workers.demo.acts import edge
from workers.demo.calibration import COUNTRIES, stream
from workers.demo.perform import team_called

RECENT = timedelta(days=5)
WAITING = ("SENT", "INFO_ASKED", "PART_ACCEPTED")
READERS = (
    ("CASEWORKER", "RECEPTION_DESK"), ("CASEWORKER", "BORDER_POINT"), ("SHELTER_COORDINATOR", "SHELTER"),
    *(("SERVICE_FOCAL_POINT", team) for team in SERVICES),
)  # fmt: skip


@dataclass(frozen=True)
class Confirmation:
    """A shelter says what it has."""

    at: datetime
    team: str


def confirmations(seed: int, today: date) -> list[Confirmation]:
    """All of them, from the world's first day to yesterday, shelter by shelter in order of time."""
    sites = [site for country in COUNTRIES for site in places.sites_with(country, "SHELTER")]
    return [c for site in sites for c in _of(site, seed, today) if c.at < edge(today)]


def _of(site: str, seed: int, today: date) -> Iterator[Confirmation]:
    """Every other week at first, daily in the last days; a shelter forgets one time in ten."""
    random = stream(seed, today, "confirms", site)
    day = places.opening(today) + timedelta(days=random.randrange(14))
    while day < today:
        if random.random() < 0.9 or today - day <= timedelta(days=2):
            at = clock.at(day, 7 + random.randrange(3), random.randrange(60), places.timezone(site))
            yield Confirmation(at, f"{site}-SHELTER")
        day += timedelta(days=14 if today - day > RECENT + timedelta(days=14) else 1)


def confirm(seed: int, today: date, *, recent: bool) -> None:
    """Let every shelter confirm what it has: on the last days, or on all the days before."""
    line = edge(today) - RECENT
    wanted = [c for c in confirmations(seed, today) if (c.at >= line) == recent]
    for team, some in groupby(wanted, key=lambda c: c.team):
        with acting(places.worker("SHELTER_COORDINATOR", team)):
            for one in some:
                with clock.held_at(one.at):
                    shelter.confirm_capacity(team_called(team))


def read_what_was_said(today: date) -> None:
    """Every team has read what was said of referrals that nothing is awaited of any more."""
    over = sa.select(Referral.id).where(
        Referral.id == ReferralNotice.referral_id, Referral.state.not_in(WAITING)
    )
    line = edge(today) - timedelta(days=2)
    for role, team in READERS:
        for country in COUNTRIES:
            for site in places.sites_with(country, team):
                with acting(places.worker(role, f"{site}-{team}")) as who:
                    session.execute(
                        sa.update(ReferralNotice)
                        .where(
                            ReferralNotice.team_id.in_(who.case_teams), ReferralNotice.seen_at.is_(None),
                            ReferralNotice.made_at < line, over.exists(),
                        )
                        .values(seen_at=line)
                        .execution_options(synchronize_session=False)
                    )  # fmt: skip
