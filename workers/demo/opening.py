"""Keys of the demo: each country's steward has given one to an organisation and taken an older one back. The keys
themselves are shown to nobody; whoever tries the demo makes one of their own in two presses."""

from __future__ import annotations

from caseapp.publication.api import keys
from caseapp.publication.api.rules import Scope
from workers.demo import places
from workers.demo.acting import acting

#: What each key is for, what it reads, how long, and whether it was taken back.
KEYS = (
    ("Piloto del tablero", (Scope.FIGURES,), 30, True),
    ("Tablero mensual", (Scope.RELEASES, Scope.FIGURES), 365, False),
)


def give_keys(country: str) -> int:
    """Make a country's keys as its steward, unless there are some; returns how many were made. The caller commits."""
    steward = places.worker("DATA_STEWARD", f"{country}-COMMISSION_STATISTICS")
    with acting(steward):
        among = [row.id for row in keys.organisations(steward)]
        if keys.listing(steward) or not among:
            return 0
        for name, scopes, days, taken_back in KEYS:
            row, _key = keys.make(
                name, organisation_id=among[0], scopes=[str(one) for one in scopes], countries=[country], days=days,
                by=steward,
            )  # fmt: skip
            if taken_back:
                keys.revoke(row.id, by=steward)
    return len(KEYS)
