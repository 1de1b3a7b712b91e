"""A report as PDF/UA (ISO 14289): tagged, titled, in its language, with words for every picture."""

from __future__ import annotations

import json
from pathlib import Path

import typst

from caseapp.commitments.annual.parts import Report

TEMPLATE = Path(__file__).resolve().parents[3] / "templates" / "print" / "annual.typ"


def pdf(report: Report) -> bytes:
    """The report's bytes. typst refuses to write what does not keep to PDF/UA-1."""
    return bytes(
        typst.compile(
            TEMPLATE.read_bytes(), format="pdf", pdf_standards=["ua-1"], ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(report.plain())},
        )
    )  # fmt: skip
