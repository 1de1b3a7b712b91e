"""Who stands for a child whom no parent or guardian is with: the authority names somebody, and the hour is written."""

from __future__ import annotations

from datetime import datetime

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l


class GuardianOfAdult(Refused):
    sentence = _l("Es una persona adulta: decide por sí misma.")


class GuardianMissing(Refused):
    sentence = _l("Escriba quién ejerce la tutela y cómo se le localiza.")
    field = "name"


class GuardianAuthorityMissing(Refused):
    sentence = _l("Escriba qué autoridad la asignó.")
    field = "authority"


class NamedLater(Refused):
    sentence = _l("Este momento aún no llega. Escriba cuándo se asignó.")
    field = "at"


def check_guardian(name: str, authority: str, at: datetime, now: datetime, *, child: bool) -> None:
    """Raises GuardianOfAdult, GuardianMissing, GuardianAuthorityMissing, NamedLater."""
    if not child:
        raise GuardianOfAdult
    if not name.strip():
        raise GuardianMissing
    if not authority.strip():
        raise GuardianAuthorityMissing
    if at > now:
        raise NamedLater
