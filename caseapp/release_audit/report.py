"""What an audit found and how much it looked at."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

CHECKS = {
    "A1": "every cube value is 0 or at least its k",
    "A2": "every figure follows from the cells; files and earlier releases are unchanged",
    "A8": "every split sums to its parent",
    "FORMAT": "the folder can be read as docs/release-format.md says",
}
SHOWN_PER_CHECK = 20


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
class AuditReport:
    """The findings of one audit and the counts of what was checked; `ok` when nothing was found."""

    folders: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)

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
        """One JSON object: `ok`, `folders`, `checked`, `findings` (all of them)."""
        return json.dumps(
            {
                "ok": self.ok,
                "folders": self.folders,
                "checked": dict(sorted(self.checked.items())),
                "findings": [asdict(finding) for finding in self.findings],
            },
        )

    def to_text(self) -> str:
        """Lines for a person: what was checked, then each check with its first findings."""
        lines = [
            "Checked: "
            + (", ".join(f"{n:,} {what}" for what, n in sorted(self.checked.items())) or "nothing")
        ]
        for check, claim in CHECKS.items():
            findings = self.of(check)
            verdict = "holds" if not findings else f"{len(findings):,} findings"
            lines.append(f"{check}: {claim}: {verdict}")
            lines += [f"  {finding}" for finding in findings[:SHOWN_PER_CHECK]]
            if len(findings) > SHOWN_PER_CHECK:
                lines.append(f"  … and {len(findings) - SHOWN_PER_CHECK:,} more")
        return "\n".join(lines)


def _printable(text: str) -> str:
    """The text on one line, fit for any terminal: a broken file may hold anything."""
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return plain if len(plain) <= 500 else plain[:500] + "…"
