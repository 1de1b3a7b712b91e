"""Period codes of cubes and figures, and which lie inside which (docs/release-format.md)."""

from __future__ import annotations

import re
from functools import lru_cache

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
HALF_OCTOBER = re.compile(r"\d{4}-10[ab]")
QUARTER = re.compile(r"(\d{4})-Q([1-4])")
YEAR = re.compile(r"(\d{4})")
MIRPS_YEAR = re.compile(r"MIRPS-(\d{4})")


def kind(code: str) -> str | None:
    """MONTH, HALF, QUARTER, YEAR or MIRPS; None for what is no period."""
    patterns = {"MONTH": MONTH, "HALF": HALF_OCTOBER, "QUARTER": QUARTER, "YEAR": YEAR, "MIRPS": MIRPS_YEAR}
    return next((name for name, pattern in patterns.items() if pattern.fullmatch(code)), None)


def _month_pieces(year: int, month: int) -> list[str]:
    code = f"{year:04}-{month:02}"
    return [f"{code}a", f"{code}b"] if month == 10 else [code]


@lru_cache(maxsize=4096)
def pieces(code: str) -> frozenset[str]:
    """The months (October as its two halves) that make up a period; empty for what is no period."""
    if HALF_OCTOBER.fullmatch(code):
        return frozenset([code])
    if match := MONTH.fullmatch(code):
        return frozenset(_month_pieces(int(match[1]), int(match[2])))
    if match := QUARTER.fullmatch(code):
        first = 3 * int(match[2]) - 2
        return frozenset(p for month in range(first, first + 3) for p in _month_pieces(int(match[1]), month))
    if match := YEAR.fullmatch(code):
        return frozenset(p for month in range(1, 13) for p in _month_pieces(int(match[1]), month))
    if match := MIRPS_YEAR.fullmatch(code):
        year = int(match[1])
        before = {f"{year - 1:04}-10b", f"{year - 1:04}-11", f"{year - 1:04}-12"}
        return frozenset(before | {f"{year:04}-{month:02}" for month in range(1, 10)} | {f"{year:04}-10a"})
    return frozenset()
