"""Public numbers of cases and households: a prefix letter, seven characters, a check character.

Modulo the prime 31 with different weights, the check character finds every single wrong character and
every exchange of neighbours. The numbers say nothing and cannot be guessed from one another.
"""

from __future__ import annotations

# Crockford's alphabet (without I, L, O, U: none is mistaken for another) also without Z, which makes 31.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXY"
BODY = 7
HOUSEHOLD = "H"
_PREFIX = {"MEX": "M", "GTM": "G", "BLZ": "B", "SLV": "S", "HND": "D", "CRI": "C", "PAN": "P"}


def prefix_of(country: str) -> str:
    """The first letter of a country's case numbers; X for a country without one of its own."""
    return _PREFIX.get(country, "X")


def check_character(start: str) -> str:
    """The last character of a number that begins with `start` (prefix and body)."""
    return ALPHABET[sum((i + 2) * ALPHABET.index(c) for i, c in enumerate(start)) % 31]


def number_of(prefix: str, random_bits: int) -> str:
    """A number: `M4K7Q2XAB`-like. `random_bits`, at least 36 of them, come from a secure source."""
    body = ""
    for _ in range(BODY):
        random_bits, digit = divmod(random_bits, 31)
        body += ALPHABET[digit]
    return f"{prefix}{body}{check_character(prefix + body)}"


def is_number(text: str) -> bool:
    """Whether a text has the form and the check character of a public number."""
    text = text.strip().upper()
    return (
        len(text) == BODY + 2
        and text[0].isalpha()
        and all(c in ALPHABET for c in text)
        and check_character(text[:-1]) == text[-1]
    )
