"""The events of enquiries."""

from __future__ import annotations

from caseapp.casefile.enquiry import models  # noqa: F401  (the table is known with the events)
from caseapp.core.journal import kind

LOGGED = kind("enquiry.logged")
