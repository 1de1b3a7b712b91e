"""Relations and the type of a household. A claimed relation unlocks nothing; evidence does (VOCABULARY A8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

#: Relations that make an adult the carer of a child when the evidence is enough.
PARENTS = frozenset({"PARENT", "GUARDIAN_LEGAL"})
RELATIVES = frozenset({"SIBLING", "GRANDPARENT", "AUNT_UNCLE"})
ENOUGH = frozenset({"DOCUMENT", "BOTH_AGREE_ALONE", "VERIFIED_BY_AUTHORITY"})
CARERS = PARENTS | RELATIVES | {"STEP_PARENT", "CUSTOMARY_CARER"}

_INVERSE = {
    "PARENT": "CHILD", "SPOUSE": "SPOUSE", "PARTNER": "PARTNER", "SIBLING": "SIBLING",
    "GRANDPARENT": "GRANDCHILD", "AUNT_UNCLE": "NIECE_NEPHEW", "COUSIN": "COUSIN", "STEP_PARENT": "STEP_CHILD",
    "IN_LAW": "IN_LAW", "GUARDIAN_LEGAL": "WARD", "CUSTOMARY_CARER": "CARED_FOR", "GODPARENT": "GODCHILD",
    "TRAVEL_COMPANION": "TRAVEL_COMPANION", "NONE": "NONE",
}  # fmt: skip
_INVERSE |= {v: k for k, v in _INVERSE.items()}

Id = TypeVar("Id")


def inverse(relation: str) -> str:
    """The same relation seen from the other person: PARENT → CHILD."""
    return _INVERSE[relation]


def is_related(relation: str, evidence: str) -> bool:
    """Whether a relation lets this adult count as a child's family for placement: parents and legal
    guardians with evidence, other adult relatives with evidence (the child officer's yes is asked where
    it is used). A spouse never makes a child related; a claim alone unlocks nothing."""
    return relation in PARENTS | RELATIVES and evidence in ENOUGH


def with_parent_or_carer(links: Iterable[tuple[Id, Id, str]]) -> tuple[set[Id], set[Id]]:
    """Of links (one, other, "one is <relation> of other") that are not disproved: who has a parent among
    them, and who has a parent or another carer."""
    parent: set[Id] = set()
    carer: set[Id] = set()
    for one, other, relation in links:
        for adult_is, child in ((relation, other), (_INVERSE[relation], one)):
            if adult_is == "PARENT":
                parent.add(child)
            if adult_is in CARERS:
                carer.add(child)
    return parent, carer


@dataclass(frozen=True)
class Member:
    """A member of a household as `household_type` needs it: child or not, and whether another member is
    recorded as their parent, guardian or carer (claimed or better; disproved does not count)."""

    child: bool
    has_parent_here: bool = False
    has_carer_here: bool = False


def household_type(members: Sequence[Member]) -> str:
    """SINGLE_PARENT_FAMILY, FAMILY, ADULT_ALONE, ADULTS_GROUP, CHILD_UNACCOMPANIED or CHILD_SEPARATED
    (VOCABULARY A4), frozen at each event."""
    adults = [m for m in members if not m.child]
    children = [m for m in members if m.child]
    if not children:
        return "ADULT_ALONE" if len(adults) <= 1 else "ADULTS_GROUP"
    if not adults:
        return "CHILD_UNACCOMPANIED"
    if not any(m.has_parent_here for m in children):
        return "CHILD_SEPARATED"
    return "SINGLE_PARENT_FAMILY" if len(adults) == 1 else "FAMILY"
