"""The table: what was measured, beside the aims and the closest peer."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tests.bench.measuring import FirstLoad, Measured, Times

#: PEERS.md of the design: Sahana MRCMS, same numbers of cases, two processes on two cores; median, p95, statements.
PEER = {
    "case list": ("468 / 866", "105"),
    "name search": ("224 / 379", ""),
    "case file": ("298 / 400", "174"),
    "registration of three (POST)": ("592 / 975", ""),
}
PEER_FIRST_LOAD = "354 KB in 16 requests"
MOST_STATEMENTS, SEARCH_P95 = 15, 60.0
FIRST_KB, FIRST_REQUESTS, AGAIN_KB = 60, 8, 15


@dataclass(frozen=True)
class Run:
    """All that one run found out."""

    cases: int
    still_open: int
    filled_in: float
    size: str
    checked: str
    empty: Times
    pages: Sequence[Measured]
    first: FirstLoad
    policies: Sequence[tuple[str, Times, Times]]
    recall: float
    load: float
    missing: Sequence[str]


def table(run: Run, today: date) -> str:
    """Markdown, good to read in a terminal as well."""
    measured = (
        f"Measured on {today.isoformat()} by `make bench` with {run.cases:,} cases in one country, {run.still_open:,} of "
        f"them open, in ten teams; {machine()}; gunicorn with two processes, PostgreSQL with its ordinary settings; one "
        f"client, one request after the other; load average {run.load:.1f} meanwhile. Milliseconds."
    )
    lines = [
        "# What the main pages cost",
        "",
        measured,
        "",
        f"Filled in {run.filled_in:.0f} s, {run.size}. {run.checked}",
        "",
        f"An empty Flask page on the same gunicorn: {_pair(run.empty)} (median / p95).",
        "",
        *_pages(run),
        "",
        *_first(run.first),
        "",
        *_policies(run),
    ]
    if run.missing:
        lines += ["", f"Not measured, because the page is not there yet: {', '.join(run.missing)}."]
    return "\n".join(lines) + "\n"


def machine() -> str:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return f"{os.cpu_count()} cores, {pages * size / 2**30:.0f} GB, Python {platform.python_version()}"


def _pair(times: Times) -> str:
    return f"{times.middle:.1f} / {times.p95:.1f}"


def _said(good: bool) -> str:
    return "PASS" if good else "over"


def _pages(run: Run) -> list[str]:
    rows = [
        ("page", "p5", "median / p95", "SQL", "aim 15", "KB", "SQL alone, policies", "SQL alone, bypass", "× (empty + SQL)",
         "aim 3× + 10 ms", "peer", "peer's SQL", "faster"),
    ]  # fmt: skip
    for m in run.pages:
        time, statements = PEER.get(m.name, ("", ""))
        faster = f"{float(time.split(' /')[0]) / m.page.middle:.0f}×" if time else ""
        middle, most = m.statements
        bound = m.bound(run.empty)
        goal = f"{bound:.0f} {_said(m.page.middle <= bound)}"
        if m.name == "name search":
            goal += f", p95 60 {_said(m.page.p95 <= SEARCH_P95)}"
        rows.append(
            (m.name, f"{m.page.p5:.1f}", _pair(m.page), f"{middle}" if middle == most else f"{middle}, most {most}",
             _said(most <= MOST_STATEMENTS), f"{m.size / 1024:.1f}", _pair(m.with_policies), _pair(m.bypassing),
             f"{m.ratio(run.empty):.1f}", goal, time, statements, faster)
        )  # fmt: skip
    found = run.recall
    return [*_grid(rows), "", f"The person meant stands among the first ten in {found:.1%} of the searches."]


def _first(first: FirstLoad) -> list[str]:
    good = first.bytes <= FIRST_KB * 1024 and first.requests <= FIRST_REQUESTS
    loaded = (
        f"First load of the list: {first.bytes / 1024:.1f} KB compressed, headers included, in {first.requests} requests "
        f"(aim {FIRST_KB} KB in {FIRST_REQUESTS}: {_said(good)}; peer {PEER_FIRST_LOAD}). "
        f"The same page again: {first.again / 1024:.1f} KB (aim {AGAIN_KB}: {_said(first.again <= AGAIN_KB * 1024)})."
    )
    return [loaded]


def _policies(run: Run) -> list[str]:
    rows = [("what PostgreSQL alone takes", "with policies", "bypass, the query says whose")]
    rows += [(name, _pair(one), _pair(other)) for name, one, other in run.policies]
    return _grid(rows)


def _grid(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return [lines[0], "| " + " | ".join("-" * w for w in widths) + " |", *lines[1:]]
