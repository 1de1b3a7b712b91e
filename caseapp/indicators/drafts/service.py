"""The verbs of a draft: begin, save, discard. Publishing is `publication.service.defining`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import audit, clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, says
from caseapp.core.locking import locked
from caseapp.indicators import versions
from caseapp.indicators.access import countries_as
from caseapp.indicators.drafts import entry as entries
from caseapp.indicators.drafts import rules
from caseapp.indicators.models import Definition, State

STEWARD = "DATA_STEWARD"

says("uq_definition_draft", lambda: rules.DraftOpen())


def begin(code: str, country: str, *, by: Principal) -> Definition:
    """Begin a draft from the newest version of an indicator. The caller commits.

    Raises NotSteward, DraftOpen, NotYours (no such indicator).
    """
    rules.may_write(country, countries_as(by, STEWARD))
    try:
        newest = versions.of(session.connection(), country).get(code)
    except LookupError:
        raise NotYours from None
    mine = sa.select(Definition.id).where(
        Definition.country == country, Definition.code == code, Definition.state != State.PUBLISHED.value
    )
    if session.scalar(mine) is not None:
        raise rules.DraftOpen
    assert by.user_id is not None
    row = Definition(
        country=country, code=code, state=State.DRAFT.value, entry=entries.entry_of(newest), base=newest.version,
        author_id=by.user_id, writers=[by.user_id], written_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record("begun", "definition", row.id, code)
    return row


def save(definition_id: UUID, entry: Mapping[str, Any], *, version: int | None, by: Principal) -> Definition:
    """Save what was typed; `entry` has passed the catalogue's check. The caller commits.

    Raises NotYours, NotSteward, NotDraft, ChangedMeanwhile, versions.EntryRefused.
    """
    row = mine(definition_id, by)
    if version is not None and version != row.version:
        raise ChangedMeanwhile
    entries.checked(row.code, entry, number=1)
    assert by.user_id is not None
    row.entry, row.author_id, row.written_at = dict(entry), by.user_id, clock.now()
    row.writers, row.decided_by_id = sorted({*row.writers, by.user_id}), None
    session.flush()
    audit.record("written", "definition", row.id, row.code)
    return row


def discard(definition_id: UUID, *, by: Principal) -> str:
    """Throw a draft away; answers its indicator. The caller commits. Raises NotYours, NotSteward, NotDraft."""
    row = mine(definition_id, by)
    audit.record("discarded", "definition", row.id, row.code)
    session.delete(row)
    session.flush()
    return row.code


def mine(definition_id: UUID, by: Principal) -> Definition:
    """A draft that somebody may write in, locked. Raises NotYours, NotSteward, NotDraft."""
    row = locked(Definition, Definition.id == definition_id, Definition.state != State.PUBLISHED.value)
    rules.may_write(row.country, countries_as(by, STEWARD))
    if row.state != State.DRAFT.value:
        raise rules.NotDraft
    return row
