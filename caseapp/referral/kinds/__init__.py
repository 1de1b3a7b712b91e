"""Kinds of services that people are referred to, where they behave differently. A kind that only has a name is a row of the
list `service_kind`; a kind that behaves in its own way has an entry in a small file here.

To add one: a row in `service_kind`, and, if it asks or tells more than others, a `Kind` in a file of this folder.
"""

from __future__ import annotations

from collections.abc import Iterable

from caseapp.referral.kinds import child, health, legal, livelihood, relief, shelter, social
from caseapp.referral.kinds.kind import Kind

KINDS: dict[str, Kind] = {
    kind.code: kind
    for module in (shelter, health, legal, child, social, livelihood, relief)
    for kind in module.KINDS
}
#: Service kinds that give a place for nights.
GIVES_PLACES = frozenset(code for code, kind in KINDS.items() if kind.gives_places)


def of(code: str) -> Kind:
    """The kind with this code; one that behaves like most where it has no entry."""
    return KINDS.get(code) or Kind(code)


def carried(code: str, requirements: Iterable[str]) -> list[str]:
    """Of these placement requirements, in their order, those that a receiver of this kind reads."""
    return [r for r in requirements if r in of(code).carries]


def carried_lines(code: str, life_critical: str | None) -> str:
    """The same of life-critical text, whose lines begin with the requirement and a bar."""
    lines = (life_critical or "").splitlines()
    return "\n".join(line for line in lines if line.partition("|")[0] in of(code).carries)


__all__ = ["GIVES_PLACES", "KINDS", "Kind", "carried", "carried_lines", "of"]
