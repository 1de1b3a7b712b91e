"""Whether a PDF keeps to PDF/UA-1, asked of a checker that was not made by those who make the writer of our PDFs."""

from __future__ import annotations

from pathlib import Path

import outloud


def keeps_to_pdf_ua(path: Path, data: bytes | None = None) -> None:
    """A checker that others wrote finds no checkpoint of the Matterhorn Protocol failed or in doubt. Only what the standard
    asks: what the checker guesses of meaning beyond it is not asked."""
    if data is not None:
        path.write_bytes(data)
    found = outloud.check(str(path), layers={"conformance"})
    states = {row["id"]: row["status"] for row in found.criteria["pdfua1"]}
    wrong = [
        row for row in found.criteria["pdfua1"] if row["status"] not in ("pass", "not-applicable", "manual")
    ]
    assert not found.error and len(states) == 31 and not wrong, [str(one) for one in found.findings]
