"""Domains that read the same kinds of event: one is a split of the other, or says why it is drawn on its own
(docs/decisions/0330-one-person-one-draw.md)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseapp.indicators.cubes import Domain
    from caseapp.indicators.located import Located

#: The kinds that become facts of a source, where these are not all that it reads: the others only class them.
COUNTED = {
    "registrations": ("person.registered",),
    "claim_endings": ("decision.made", "claim.closed"),
    "referral_endings": (
        "referral.declined", "referral.withdrawn", "referral.lapsed", "referral.completed", "referral.not_completed",
    ),
    "nights": ("stay.started",),
    "open_cases": ("case.opened", "case.reopened"),
    "interviews": ("interview.held",),
    "needs_answered": ("need.recorded",),
    "entitlements": ("assistance.approved",),
    "schooling": ("person.registered",),
    "validations": ("education.asked",),
    "identified": ("screening.outcome",),
    "wg_asked": ("person.registered",),
    "returned_children": ("child.returned_received",),
    "best_interests": ("need.recorded", "person.registered"),
    "idp_access": ("person.registered", "population.changed"),
    "properties_due": ("property.registered",),
}  # fmt: skip
#: Sources that count an event on a later day, when its time is over.
LAGGED = ("best_interests", "entitlements", "idp_access", "identified", "needs_answered", "properties_due", "returned_children",
          "schooling", "validations", "wg_asked")  # fmt: skip
#: Why two domains that read the same kind of event may be drawn apart (docs/decisions/0330-one-person-one-draw.md).
APART = ("READ", "LATER", "STOCK")


def check(file: Located, found: Mapping[str, Domain]) -> None:
    """Two domains that read the same kind of event count the same people: one is a split of the other, or says why it
    is drawn apart, and what it says is so."""
    for domain in found.values():
        for name in domain.apart:
            if name not in found or not set(found[name].kinds) & set(domain.kinds):
                file.refuse(
                    f"{domain.name} shares no kind with {name}", "domains", domain.name, "apart", name
                )
    for one, two in combinations(found.values(), 2):
        if set(one.kinds) & set(two.kinds):
            _pair(file, one, two)


def _pair(file: Located, one: Domain, two: Domain) -> None:
    at: tuple[str, ...] = ("domains", two.name)
    shared = ", ".join(sorted(set(one.kinds) & set(two.kinds)))
    if (two.name in one.apart) == (one.name in two.apart):
        file.refuse(
            f"{two.name} reads {shared}, as {one.name} does: a split of it, or `apart` in one of them", *at
        )
    domain, other = (one, two) if two.name in one.apart else (two, one)
    why, both = domain.apart[other.name], domain.counts & other.counts
    at = ("domains", domain.name, "apart", other.name)
    if why == "READ" and both:
        file.refuse(f"both count {', '.join(sorted(both))}: one must be a split of the other", *at)
    if why == "LATER" and (domain.source not in LAGGED or domain.unit != "EVENTS"):
        file.refuse(f"{domain.name} does not count events on a later day", *at)
    if why == "STOCK" and "STOCK" not in (domain.unit, other.unit):
        file.refuse(f"neither {domain.name} nor {other.name} is a stock", *at)
