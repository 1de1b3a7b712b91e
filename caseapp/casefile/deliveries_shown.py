"""The newest deliveries as the file's page shows them, in words."""

from __future__ import annotations

from caseapp.casefile.queries.file import File
from caseapp.core import reference
from caseapp.core.pages import day


def deliveries_shown(file: File) -> list[dict[str, str]]:
    """What, with which result, and when; the newest first."""
    return [
        {
            "label": reference.label("assistance_kind", row.a) if row.a else reference.label("service_kind", row.b or ""),
            "state": reference.label("service_result", row.c or ""),
            "on": day(row.day) or "",
        }
        for row in sorted(file.of("delivery"), key=lambda r: (str(r.day), r.id), reverse=True)
    ]  # fmt: skip
