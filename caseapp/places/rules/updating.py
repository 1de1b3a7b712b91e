"""What a file that comes again changes in an entry, and what it may not: what somebody here wrote or confirmed later."""

from __future__ import annotations

from collections.abc import Sequence

from caseapp.places.rules.entry import Offer

CREATED, SAME, UPDATED, KEPT = "CREATED", "SAME", "UPDATED", "KEPT"
#: Parts of an entry as its history names them, with the fields of each. Where it stands, and how much is left, a file
#: does not move.
PARTS: dict[str, tuple[str, ...]] = {
    "NAME": ("kind", "name", "description"), "WHOM": ("age_from", "age_to", "eligibility_note"),
    "METHOD": ("referral_method", "answer_hours"), "COST": ("cost", "cost_note"),
    "HOURS": ("always_open", "hours", "offered_from", "offered_to"), "CLOSURES": ("closures",),
    "LANGUAGES": ("languages",), "CONTACT": ("contacts",),
}  # fmt: skip
TERMS = {
    "SEX": "WHOM", "POPULATION": "WHOM", "HOUSEHOLD": "WHOM", "AREA": "AREA", "DOCUMENT": "DOCUMENTS",
    "ACCESSIBILITY": "ACCESSIBILITY",
}  # fmt: skip
BY_FILE = frozenset({"CREATED", "IMPORTED"})


def differs(standing: Offer, new: Offer) -> tuple[str, ...]:
    """The parts in which an entry of a file differs from the one that stands."""
    found = {
        part
        for part, fields in PARTS.items()
        if any((getattr(standing, f) or None) != (getattr(new, f) or None) for f in fields)
    }
    found |= {TERMS[kind] for kind, _code in set(standing.terms) ^ set(new.terms)}
    return tuple(sorted(found))


def touched_here(acts: Sequence[str]) -> bool:
    """Whether somebody wrote or confirmed the entry here since a file last did; `acts` in their order."""
    last = max((i for i, act in enumerate(acts) if act in BY_FILE), default=-1)
    return any(act not in BY_FILE for act in acts[last + 1 :])


def what_becomes(standing: Offer | None, new: Offer, acts: Sequence[str], *, active: bool = True) -> str:
    """What a row of a file does with its entry: makes it, leaves it, changes it; or keeps what stands, because it was
    confirmed, changed or taken off here after the last file."""
    if standing is None:
        return CREATED
    if not differs(standing, new):
        return SAME
    return UPDATED if active and new.source is not None and not touched_here(acts) else KEPT
