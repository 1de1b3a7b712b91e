"""The verbs of publication: make, decide, list, export."""

from __future__ import annotations

from caseapp.publication.service.asking import ask, ask_revision
from caseapp.publication.service.deciding import approve, refuse
from caseapp.publication.service.exporting import archive, export, sealed_files
from caseapp.publication.service.listing import listing, tables_of
from caseapp.publication.service.making import make, make_revision, make_waiting

__all__ = [
    "approve",
    "archive",
    "ask",
    "ask_revision",
    "export",
    "listing",
    "make",
    "make_revision",
    "make_waiting",
    "refuse",
    "sealed_files",
    "tables_of",
]
