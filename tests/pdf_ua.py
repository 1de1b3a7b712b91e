"""Whether a PDF keeps to PDF/UA-1, asked of a checker that was not made by those who make the writer of our PDFs."""

from __future__ import annotations

from pathlib import Path

import outloud


def keeps_to_pdf_ua(path: Path, data: bytes | None = None) -> None:
    """A checker that others wrote finds no checkpoint of the Matterhorn Protocol failed or in doubt."""
    if data is not None:
        path.write_bytes(data)
    found = outloud.check(str(path))
    states = {row["id"]: row["status"] for row in found.criteria["pdfua1"]}
    assert (
        found.errors == 0
        and len(states) == 31
        and set(states.values()) <= {"pass", "not-applicable", "manual"}
    ), states
