"""What the verbs on a file's daily work begin with."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from caseapp.core import access
from caseapp.core.errors import ChangedMeanwhile, NotPermitted


class HasVersion(Protocol):
    version: int


def worker() -> UUID:
    """Who acts, by id. Raises NotPermitted for the system and the anonymous: these verbs are a person's."""
    user_id = access.current().user_id
    if user_id is None:
        raise NotPermitted
    return user_id


def unchanged(row: HasVersion, version: int | None) -> None:
    """Raises ChangedMeanwhile if somebody saved the row since `version` was read."""
    if version is not None and version != row.version:
        raise ChangedMeanwhile
