"""How names are compared and how sites of an imported list are called."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Collection, Iterator
from itertools import product

_DIGITS = string.digits + string.ascii_uppercase


def sort_key(name: str) -> str:
    """Lower case without accents and doubled spaces, by which places, organisations and services are sorted, compared
    and searched."""
    plain = unicodedata.normalize("NFKD", " ".join(name.split()))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def free_codes(iso2: str, taken: Collection[str]) -> Iterator[str]:
    """Site codes `<ISO2>-<AAA>` that are not taken, in order; each is given once."""
    for letters in product(_DIGITS, repeat=3):
        code = f"{iso2}-{''.join(letters)}"
        if code not in taken:
            yield code
