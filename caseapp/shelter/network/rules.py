"""What may be read of the network and what stands out in it (DISCLOSURE 7 and 8; decision 0141).

Beds by night are what everybody who looks for one is told anyway. What counts people (answers, nights of stay) is
rounded before it leaves the database; unmet need by need and area is read in the releases and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Counts of answers are told in steps of this; below it no number is told.
STEP = 5
#: A site's pattern is spoken of from so many refusals on.
ENOUGH = 10
#: A group of reasons stands out where it is this share of a site's refusals, and this much more than elsewhere.
SHARE, MORE = 0.5, 0.2
#: Reasons that are no fault of a house and show no pattern of choosing.
NOT_A_CHOICE = frozenset({"CAPACITY", "PERSON"})


def rounded(count: int) -> int:
    """A count in steps of five; fewer than five is 0, which reads «fewer than 5»."""
    return 0 if count < STEP else STEP * ((count + STEP // 2) // STEP)


@dataclass(frozen=True)
class Pattern:
    """A group of reasons that a site gives much more often than the others do."""

    site: str
    group: str
    percent: int
    elsewhere: int


def patterns(refusals: Mapping[str, Mapping[str, int]]) -> list[Pattern]:
    """What stands out, by site: rounded counts by group of reasons in, the strongest first. Lack of places and the
    person's own choice are no pattern."""
    found = []
    for site, groups in refusals.items():
        total = sum(groups.values())
        if total < ENOUGH:
            continue
        others = Counter[str]()
        for other, theirs in refusals.items():
            if other != site:
                others.update(theirs)
        rest = sum(others.values())
        for group, count in groups.items():
            share = count / total
            elsewhere = others[group] / rest if rest else 0.0
            if group not in NOT_A_CHOICE and share >= SHARE and share - elsewhere >= MORE:
                found.append(Pattern(site, group, round(100 * share), round(100 * elsewhere)))
    return sorted(found, key=lambda p: (-p.percent, p.site))


def gaps(nights: Sequence[tuple[int, int]]) -> int:
    """Beds that stand empty in rooms already given, over all nights: (blocked, capacity) of each."""
    return sum(blocked for blocked, _capacity in nights)


def full_nights(free: Sequence[int]) -> int:
    """On how many nights nothing is free."""
    return sum(1 for f in free if f <= 0)
