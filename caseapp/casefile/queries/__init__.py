"""A file seen whole: in a fixed number of statements, whatever it holds."""

from caseapp.casefile.queries.closing import closing_facts, open_request
from caseapp.casefile.queries.file import CodeRow, File, Glance, Member, file_of, glance_at, open_file
from caseapp.casefile.queries.timeline import TIMELINE_SIZE, Told, timeline

__all__ = [
    "TIMELINE_SIZE", "CodeRow", "File", "Glance", "Member", "Told", "closing_facts", "file_of", "glance_at",
    "open_file", "open_request", "timeline",
]  # fmt: skip
