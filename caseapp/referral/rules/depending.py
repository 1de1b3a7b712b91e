"""What was made because of a referral goes with it when it is withdrawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

#: What has begun is not taken from anybody because another thing was withdrawn.
GOES_ALONG = frozenset({"DRAFT", "SENT", "INFO_ASKED", "PART_ACCEPTED", "ACCEPTED"})


def goes_along(state: str) -> bool:
    """Whether a dependant in this state is withdrawn with what it depends on."""
    return state in GOES_ALONG


def reason_for_dependants(reason: str) -> str:
    """Why a dependant is withdrawn. A consent taken back is the consent to one purpose: the dependant ends because
    what it was made for has ended."""
    return "NEED_ENDED" if reason == "CONSENT_WITHDRAWN" else reason


def tree(root: UUID, because_of: Mapping[UUID, UUID]) -> tuple[tuple[UUID, int], ...]:
    """Everything that hangs on `root`, each with its depth (1: directly), a parent before its children.
    `because_of`: dependant → that on which it depends."""
    children: dict[UUID, list[UUID]] = {}
    for child, parent in because_of.items():
        children.setdefault(parent, []).append(child)
    found: list[tuple[UUID, int]] = []
    _walk(root, 1, children, found)
    return tuple(found)


def _walk(
    root: UUID, depth: int, children: Mapping[UUID, Collection[UUID]], found: list[tuple[UUID, int]]
) -> None:
    for child in sorted(children.get(root, ())):
        if child not in {c for c, _ in found}:
            found.append((child, depth))
            _walk(child, depth + 1, children, found)
