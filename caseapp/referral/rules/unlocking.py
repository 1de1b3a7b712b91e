"""What would make possible what is declined (VOCABULARY A1, column *unlocks*): each reason asks for its own, typed.

Nothing is asked of a protected reason: whatever would be said there would tell it from an ordinary one. What a country
forbids as a reason (nationality, religion, HIV, pregnancy, gender identity, papers, payment) is no reason of the list.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from caseapp.core import reference

LIST = "unlock"
#: Reasons that only make sense where a place for nights is asked, and where a child is among them.
OF_PLACES = frozenset({"NO_PLACE_THIS_SIZE", "NO_SUITABLE_UNIT", "NO_CHILD_LICENCE", "MAX_STAY_USED"})
OF_CHILDREN = frozenset({"NO_CHILD_LICENCE"})
PROTECTED = frozenset({"CANNOT_OFFER", "PREVIOUS_INCIDENT"})
#: A declined part asks why not the others; which rule of the directory is asked of a whole answer only.
NOT_OF_A_PART = frozenset({"NOT_ELIGIBLE"})
FARTHEST = timedelta(days=366)


@dataclass(frozen=True)
class Asked:
    """What a reason asks for: `group` of the list `unlock` (or TRAIT for a placement requirement), and which of
    code, on, hour and words; `must` are those without which the answer says too little."""

    group: str | None = None
    fields: frozenset[str] = field(default=frozenset())
    must: frozenset[str] = field(default=frozenset())


def _asks(*fields: str, group: str | None = None, must: tuple[str, ...] = ()) -> Asked:
    return Asked(group, frozenset(fields) | ({"code"} if group else set()), frozenset(must))


ASKED: Mapping[str, Asked] = {
    "NO_PLACE_TONIGHT": _asks("on"),
    "NO_PLACE_THIS_SIZE": _asks(group="SPLIT"),
    "NO_SUITABLE_UNIT": _asks("on", group="TRAIT", must=("code",)),
    "SERVICE_SUSPENDED": _asks("on"),
    "NO_STAFF": _asks("on", "hour"),
    "NO_TRANSPORT": _asks(group="BRINGER"),
    "TOO_FAR": _asks("words"),
    "TERRITORIAL_LIMIT": _asks(group="LEAVE"),
    "NOT_ELIGIBLE": _asks("words", group="RULE", must=("code",)),
    "SEX_OR_AGE_LIMIT": _asks(),
    "NO_CHILD_LICENCE": _asks(group="ORDER"),
    "MAX_STAY_USED": _asks(group="EXCEPTION"),
    "CARE_BEYOND_US": _asks(group="SUPPORT"),
    "NO_LANGUAGE": _asks("on", group="INTERPRETER"),
    "INFO_MISSING": _asks(group="ITEM", must=("code",)),
    "CONSENT_MISSING": _asks(group="RENEWAL"),
    "DOCUMENT_MISSING": _asks(group="DOCUMENT", must=("code",)),
    "DUPLICATE_REFERRAL": _asks(),
    "CANNOT_OFFER": _asks(),
    "PREVIOUS_INCIDENT": _asks(),
    "PERSON_DECLINED": _asks(group="OPTION"),
    "PERSON_NOT_REACHED": _asks(group="CONTACT"),
    "OTHER": _asks("words", must=("words",)),
}


@dataclass(frozen=True)
class Said:
    """What the receiver said would make it possible."""

    code: str | None = None
    on: date | None = None
    hour: int | None = None
    words: str = ""


def codes_of(reason: str) -> tuple[str, ...]:
    """The codes that may be said of a reason; of the list `unlock`, or requirements of a place."""
    group = ASKED[reason].group
    if group is None:
        return ()
    if group == "TRAIT":
        return tuple(c.code for c in reference.codes("placement_requirement"))
    return tuple(c.code for c in reference.codes(LIST) if c.group == group)


#: A rule of the directory that a NOT_ELIGIBLE names, and the ground of the entry (`places.rules.eligibility`) that publishes
#: it. The other two may always be said: another service is published, or the rule is not.
PUBLISHED_AS = {
    "RULE_AGE": "AGE", "RULE_HOUSEHOLD": "HOUSEHOLD", "RULE_POPULATION": "POPULATION", "RULE_AREA": "AREA",
}  # fmt: skip


def may_name(rule: str, published: Collection[str]) -> bool:
    """Whether a NOT_ELIGIBLE may name this rule: the very entry that was asked publishes it (`published` are grounds)."""
    return PUBLISHED_AS.get(rule) in {None, *published}


def reasons(*, gives_places: bool, with_child: bool, outside: bool, part: bool = False) -> tuple[str, ...]:
    """The decline reasons that may be chosen, in their order: those of places where a place is asked, those of
    children where a child is among them, and what only the site's own staff may know never `outside` the system."""
    return tuple(
        c.code
        for c in reference.codes("decline_reason")
        if (gives_places or c.code not in OF_PLACES)
        and (with_child or c.code not in OF_CHILDREN)
        and not (outside and "S" in c.flags)
        and not (part and c.code in NOT_OF_A_PART)
    )


def wrong_in(reason: str, said: Said, today: date) -> str | None:
    """Which field of what was said is wrong or missing (`code`, `on`, `hour`, `words`), or None. A day lies ahead, at
    most a year; an hour belongs to a day; nothing is said that the reason does not ask."""
    asked = ASKED[reason]
    given = {
        name
        for name, value in (("code", said.code), ("on", said.on), ("hour", said.hour), ("words", said.words.strip()))
        if value not in (None, "")
    }  # fmt: skip
    for name in ("code", "on", "hour", "words"):
        if name in given - asked.fields or name in asked.must - given:
            return name
    if said.code and said.code not in codes_of(reason):
        return "code"
    if said.on is not None and not today <= said.on <= today + FARTHEST:
        return "on"
    if said.hour is not None and (said.on is None or not 0 <= said.hour <= 23):
        return "hour"
    return None
