"""Decisions about people: age as known, age bands, sex in figures, household type, case numbers.

Age bands are UNHCR's 0-4, 5-11, 12-17, 18-59, 60+. A disputed age is a child until decided, and a
decision works forward only (DO_NO_HARM, "A child").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

ADULT = 18
#: Relations that make an adult the carer of a child when the evidence is enough (VOCABULARY A8).
PARENTS = frozenset({"PARENT", "GUARDIAN_LEGAL"})
RELATIVES = frozenset({"SIBLING", "GRANDPARENT", "AUNT_UNCLE"})
ENOUGH = frozenset({"DOCUMENT", "BOTH_AGREE_ALONE", "VERIFIED_BY_AUTHORITY"})

# Crockford's alphabet without I, L, O, U: no number reads as a word, none is mistaken for another.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Birth:
    """What is known of a birth date: its precision and the bounds of the date (None: unknown)."""

    precision: str
    earliest: date | None
    latest: date | None


def years_between(born: date, on: date) -> int:
    """Completed years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def age_range(birth: Birth, on: date) -> tuple[int, int] | None:
    """Youngest and oldest the person can be on a day, or None if nothing is known."""
    if birth.earliest is None or birth.latest is None:
        return None
    return max(0, years_between(birth.latest, on)), max(0, years_between(birth.earliest, on))


def is_child(birth: Birth, age_status: str, on: date) -> bool:
    """Whether the person is protected as a child: when in doubt, yes.

    Disputed and decided-child are children until the latest day they can turn 18; an unknown age without a
    decision is treated as an adult's only if it was decided or stated as unknown with no dispute."""
    if age_status == "DISPUTED_TREATED_AS_CHILD":
        return True
    if age_status == "DECIDED_ADULT":
        return False
    known = age_range(birth, on)
    if known is None:
        return age_status == "DECIDED_CHILD"
    return known[0] < ADULT


def age_band(birth: Birth, age_status: str, on: date) -> str:
    """The band for figures on a day: 0-4, 5-11, 12-17, 18-59, 60+ or UNKNOWN. Estimated ages count by the
    middle of what is possible, but never as an adult while the person is treated as a child."""
    known = age_range(birth, on)
    if known is None:
        return "12-17" if is_child(birth, age_status, on) else "UNKNOWN"
    middle = (known[0] + known[1]) // 2
    if is_child(birth, age_status, on):
        middle = min(middle, ADULT - 1)
    for limit, band in ((4, "0-4"), (11, "5-11"), (17, "12-17"), (59, "18-59")):
        if middle <= limit:
            return band
    return "60+"


def sex_in_figures(sex_in_document: str) -> str:
    """F, M, or O for X and every kind of not known."""
    return sex_in_document if sex_in_document in ("F", "M") else "O"


def is_related(relation: str, evidence: str) -> bool:
    """Whether a relation lets this adult count as a child's family for placement: parents and legal
    guardians with evidence, other adult relatives with evidence (the child officer's yes is asked where
    it is used). A spouse never makes a child related; a claim alone unlocks nothing."""
    return relation in PARENTS | RELATIVES and evidence in ENOUGH


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


def check_character(body: str) -> str:
    """The check digit of a case or household number: weighted sum modulo 31 over the alphabet, which finds
    every single wrong character and every swap of neighbours."""
    total = sum((i + 2) * ALPHABET.index(c) for i, c in enumerate(body))
    return ALPHABET[total % 31]


def number_of(prefix: str, random_bits: int) -> str:
    """A public number: prefix letter(s), seven characters, a check character: `M4K7Q2XAB`-like, not
    guessable from its neighbours. `random_bits` (35 of them are used) come from a secure source."""
    body = "".join(ALPHABET[(random_bits >> (5 * i)) & 31] for i in range(7))
    return f"{prefix}{body}{check_character(body)}"


def is_number(text: str) -> bool:
    """Whether a text has the form and check character of a public number (any prefix of one letter)."""
    text = text.strip().upper()
    return len(text) == 9 and all(c in ALPHABET for c in text[1:]) and check_character(text[1:8]) == text[8]
