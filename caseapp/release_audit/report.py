"""What an audit found and how much it looked at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

CHECKS = {
    "A1": "every cube value is 0 or at least its k",
    "A2": "every figure follows from the cells; files and earlier releases are unchanged",
    "A3": "for both ends of every base cell that is 0 or k there is a truth that gives all that was published",
    "A4": "no small cell can be narrowed by everything published together (whole numbers, exactly)",
    "A5": "whoever guesses is right on at most 35 % of true 1 to 4, and surely so on at most 1 %",
    "A6": "a next release leaves earlier cells as they are, or changes them by k or more",
    "A7": "the same program breaks the usual ways to protect a table",
    "A8": "every split sums to its parent",
    "A9": "with the markers' logic every small cell keeps both its ends",
    "FORMAT": "the folder can be read as docs/release-format.md says",
}
SHOWN_PER_CHECK = 20
#: What counts as tried for checks that go along with the reading.
TRIED = {
    "A1": ("cells",), "A2": ("figures", "hashes"), "A6": ("cells compared with an earlier release",),
    "A8": ("split sums",), "FORMAT": ("files",),
}  # fmt: skip


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong: which check, which file, which spreadsheet row (None: the file as a whole)."""

    check: str
    file: str
    row: int | None
    sentence: str

    def __str__(self) -> str:
        where = self.file if self.row is None else f"{self.file}, row {self.row}"
        return f"{self.check}  {where}: {self.sentence}"


@dataclass
class Effort:
    """How much one check tried and how long it took; `note` says what else there is to know, or why it was not
    tried (`ran` false)."""

    tried: int = 0
    seconds: float = 0.0
    ran: bool = True
    note: str = ""


@dataclass
class AuditReport:
    """The findings of one audit and the counts of what was checked; `ok` when nothing was found."""

    folders: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)
    efforts: dict[str, Effort] = field(default_factory=dict)
    teeth: list[dict[str, Any]] = field(default_factory=list)
    utility: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def effort(self, check: str) -> Iterator[Effort]:
        """The effort of a check, to be filled in; the time inside is added to it."""
        own = self.efforts.setdefault(check, Effort())
        began = perf_counter()
        try:
            yield own
        finally:
            own.seconds += perf_counter() - began

    def skip(self, check: str, why: str) -> None:
        """Note that a check was not tried."""
        self.efforts[check] = Effort(ran=False, note=why)

    def effort_of(self, check: str) -> Effort:
        """What is known of the effort of a check."""
        own = self.efforts.get(check, Effort(ran=check in TRIED))
        if check in TRIED:
            own.tried = sum(self.checked[what] for what in TRIED[check])
        return own

    @property
    def ok(self) -> bool:
        return not self.findings

    def found(self, check: str, file: Path | str, sentence: str, row: int | None = None) -> None:
        """Note one finding."""
        self.findings.append(Finding(check, _printable(str(file)), row, _printable(sentence)))

    def count(self, what: str, number: int = 1) -> None:
        """Note that `number` things of this kind were checked."""
        self.checked[what] += number

    def of(self, check: str) -> list[Finding]:
        """The findings of one check, in the order they were made."""
        return [finding for finding in self.findings if finding.check == check]

    def to_json(self) -> str:
        """One JSON object: `ok`, `folders`, `checked`, `checks` (tried, failed, seconds), `teeth`, `utility` and
        `findings` (all of them)."""
        return json.dumps(
            {
                "ok": self.ok,
                "folders": self.folders,
                "checked": dict(sorted(self.checked.items())),
                "checks": {check: self._as_json(check) for check in CHECKS},
                "teeth": self.teeth,
                "utility": self.utility,
                "findings": [asdict(finding) for finding in self.findings],
            },
        )

    def _as_json(self, check: str) -> dict[str, Any]:
        own = self.effort_of(check)
        return {
            "ran": own.ran, "tried": own.tried, "failed": len(self.of(check)), "seconds": round(own.seconds, 2),
            "note": own.note,
        }  # fmt: skip

    def to_text(self) -> str:
        """Lines for a person: what was checked, then each check with its first findings."""
        lines = [
            "Checked: "
            + (", ".join(f"{n:,} {what}" for what, n in sorted(self.checked.items())) or "nothing")
        ]
        for check, claim in CHECKS.items():
            findings = self.of(check)
            lines.append(f"{check}: {claim}: {self._verdict(check, len(findings))}")
            lines += [f"  {finding}" for finding in findings[:SHOWN_PER_CHECK]]
            if len(findings) > SHOWN_PER_CHECK:
                lines.append(f"  … and {len(findings) - SHOWN_PER_CHECK:,} more")
        for one in self.teeth:
            lines.append(f"Teeth: {one['method']}: {one['found']:,} of {one['tried']:,} {one['means']}")
        for one in self.utility:
            lines.append(
                f"Utility: {one['span']}: {one['tried']:,} totals, mean deviation {one['mean']}, greatest "
                f"{one['greatest']}, beyond the promise {one['beyond']}"
            )
        return "\n".join(lines)

    def _verdict(self, check: str, findings: int) -> str:
        own = self.effort_of(check)
        if not own.ran and not findings:
            return f"not tried ({own.note})" if own.note else "not tried"
        verdict = "holds" if not findings else f"{findings:,} findings"
        more = f"; {own.note}" if own.note else ""
        return f"{verdict} ({own.tried:,} tried, {own.seconds:.1f} s{more})"


def _printable(text: str) -> str:
    """The text on one line, fit for any terminal: a broken file may hold anything."""
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return plain if len(plain) <= 500 else plain[:500] + "…"
