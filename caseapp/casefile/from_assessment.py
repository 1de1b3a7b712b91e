"""What an approved best-interests assessment recommends becomes work on the child's file."""

from __future__ import annotations

from datetime import date

from caseapp.people.models import Case
from caseapp.protection.best_interests import service as best_interests


def becomes_task(case: Case, words: str, due_on: date, sealed: bool) -> None:
    """A task of the team that holds the file: anybody of it may take it up. What answers a sealed need is sealed, words
    and clock."""
    from caseapp.casefile.service.tasks import set_task

    set_task(case, kind="FOLLOW_UP", words=words, due_on=due_on, sealed=sealed)


if becomes_task not in best_interests.recommended:
    best_interests.recommended.append(becomes_task)
