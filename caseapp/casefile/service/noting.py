"""Notes on a file. One is never changed: what was wrong is said in another."""

from __future__ import annotations

from caseapp.casefile import events
from caseapp.casefile.models import CaseNote
from caseapp.casefile.rules import working
from caseapp.casefile.service.acting import worker
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.people import queries as people
from caseapp.people.events import happened
from caseapp.people.models import Case


def add_note(case: Case, *, words: str, level: str = "TEAM") -> CaseNote:
    """Write a note for whoever its level names. Writes note.added. Raises WordsMissing, LevelUnknown."""
    if level not in working.NOTE_LEVELS:
        raise working.LevelUnknown
    if not words.strip():
        raise working.WordsMissing
    today = people.today_of(case)
    note = CaseNote(
        case_id=case.id, team_id=case.team_id, level=level, author_id=worker(), written_on=today, written_at=clock.now(),
        marks_until=working.marks_until(level, today),
    )  # fmt: skip
    note.words = words.strip()
    session.add(note)
    happened(events.NOTE_ADDED, case, on=today, subject_id=note.id, code=level)
    session.flush()
    return note


def review_mark(case: Case, note: CaseNote, *, keep: bool) -> None:
    """Somebody who reads a note above the team's level looked at it again: it goes on marking the file, or no longer.
    Raises NoMark."""
    note.marks_until = working.mark_after(note.level, people.today_of(case), keep=keep)
    session.flush()
