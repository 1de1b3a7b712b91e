"""How far the pictures of a release are, for its steward and approver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from caseapp.core.db import session
from caseapp.core.i18n import _, language, ngettext
from caseapp.indicators import versions
from caseapp.publication import queries
from caseapp.publication.models import Release, Status
from caseapp.publication.pictures.waiting import MOST_TRIES
from caseapp.publication.queries import Drawn


def line(row: Release, drawn: Mapping[UUID, Drawn]) -> str:
    """«Imágenes de 12 de 44 indicadores», in the list; nothing of a release that is not approved."""
    if row.status != Status.APPROVED.value:
        return ""
    found = drawn.get(row.id, Drawn())
    if found.failures:
        many = len(found.failures)
        return ngettext("%(num)s imagen no pudo dibujarse", "%(num)s imágenes no pudieron dibujarse", many)
    if found.is_done:
        return ""
    if not found.wanted:
        return _("Imágenes en espera")
    return _("Imágenes: %(done)s de %(all)s", done=found.drawn, all=found.wanted)


def of(row: Release) -> dict[str, Any] | None:
    """On its own page: progress, and each indicator that could not be drawn with why and what happens next."""
    if row.status != Status.APPROVED.value:
        return None
    found = queries.pictures_drawn([row.id]).get(row.id, Drawn())
    known = {one.code: one.name[language()] for one in versions.of(session.connection(), row.country).all()}
    return {
        "waits": not found.wanted, "is_done": found.is_done, "drawn": found.drawn, "wanted": found.wanted,
        "failures": [
            {"name": known.get(code, code), "code": code, "problem": problem, "next": _next(tries)}
            for code, problem, tries in found.failures
        ],
    }  # fmt: skip


def _next(tries: int) -> str:
    if tries < MOST_TRIES:
        return _("Se intenta otra vez mañana.")
    return _("Se intentó %(n)s veces. Avise a quien administra el sistema.", n=tries)
