"""Oversight: what was typed in enquiries does not stay."""

from __future__ import annotations

from caseapp.casefile.enquiry import service as enquiry
from workers.app import app


@app.task(name="workers.oversight.wipe_enquiries", principal="oversight")
def wipe_enquiries() -> int:
    """Wipe the text of old enquiries; who asked, when and with which paper stays."""
    return enquiry.wipe_old()
