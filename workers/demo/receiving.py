"""Buses: people counted at the desks and border points without a name, in the running transaction."""

from __future__ import annotations

from datetime import date, timedelta

from caseapp.core import clock, reference
from caseapp.reception.rules.tally import BANDS
from caseapp.reception.service import tally
from workers.demo import places
from workers.demo.acting import acting
from workers.demo.acts import edge
from workers.demo.calibration import COUNTRIES, stream
from workers.demo.perform import team_called

DESKS = ("RECEPTION_DESK", "BORDER_POINT")
DAYS = 10
#: How a bus is made up, by age band: about what registrations say.
SHARES = (("0-4", 12), ("5-11", 14), ("12-17", 10), ("18-59", 60), ("60+", 4))


def count_buses(seed: int, today: date) -> int:
    """A bus or two on some of the last days at every desk. Same seed and day, same buses."""
    made = 0
    for country in COUNTRIES:
        for kind in DESKS:
            for site in places.sites_with(country, kind):
                made += _at(f"{site}-{kind}", site, country, seed, today)
    return made


def _at(team: str, site: str, country: str, seed: int, today: date) -> int:
    random = stream(seed, today, "buses", team)
    bands, weights = [band for band, _ in SHARES], [share for _, share in SHARES]
    where = [division.pcode for division in reference.admin1(country)]
    made = 0
    with acting(places.worker("CASEWORKER", team)):
        for back in range(DAYS, 0, -1):
            if random.random() < 0.6:
                continue
            people = random.randrange(8, 46)
            counts: dict[str, int] = {}
            for band in random.choices(bands, weights, k=people):
                cell = f"{band}/{random.choices('FMO', (48, 51, 1))[0]}"
                counts[cell] = counts.get(cell, 0) + 1
            day, hour = today - timedelta(days=back), random.randrange(6, 22)
            moment = clock.at(day, hour, 30, places.timezone(site))
            new = tally.NewTally(counts, day, hour, place=random.choice(where) if where else None)
            if moment < edge(today):
                with clock.held_at(moment):
                    tally.count(new, team=team_called(team))
                made += 1
    return made


assert {band for band, _ in SHARES} == set(BANDS)
