"""What is written down of an enquiry, and when more than nothing may be answered (VOCABULARY A8, DO_NO_HARM).

Whoever stands at the gate never learns from the system whether the person is here: what they type is sealed,
compared with nothing and searched by nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: Lists `enquiry_by`, `enquiry_channel`, `enquiry_paper`, `enquiry_answer`.
ASKED_BY = ("FAMILY_SAID", "POLICE", "MIGRATION", "CONSULATE", "LAWYER", "PRESS", "UNKNOWN")
CHANNELS = ("GATE", "PHONE", "MESSAGE")
PAPERS = ("NONE", "BADGE", "ID_CARD", "LETTER", "COURT_ORDER", "POWER_OF_ATTORNEY", "OTHER")
ANSWERS = ("DID_NOT_CONFIRM", "CONFIRMED_WITH_CONSENT")
AUTHORITIES = frozenset({"POLICE", "MIGRATION", "CONSULATE"})
#: The consents that allow an answer, by who asks; police, migration control and press are in no row.
CONSENTS: Mapping[str, tuple[str, ...]] = {
    "FAMILY_SAID": ("TRACING", "REUNIFICATION"),
    "CONSULATE": ("CONSULAR",),
    "LAWYER": ("REFER_LEGAL",),
}
#: After so many days the typed text is wiped; who asked, when and with which paper stays.
TEXT_DAYS = 90


class NobodyNamed(Refused):
    sentence = _l("Escriba por quién preguntaron, como lo dijeron.")
    field = "about"


class NotOfYourTeam(Refused):
    """The same for a number that does not exist."""

    sentence = _l("Su equipo no lleva un expediente con ese número.")
    field = "number"


class AlreadyLinked(Refused):
    sentence = _l("Esta pregunta ya está unida a un expediente.")


class NeverAnswered(Refused):
    sentence = _l("A quien preguntó no se le confirma nada, tampoco con consentimiento.")
    field = "answer"


class WithoutConsent(Refused):
    sentence = _l("No hay un consentimiento vigente de la persona para responder a quien preguntó.")
    field = "answer"


def alert_for(asked_by: str) -> str:
    """The alert (list `alert`) that an enquiry raises on the file of the person asked about."""
    return "AUTHORITY_ASKED" if asked_by in AUTHORITIES else "THIRD_PARTY_ASKED"


def may_log(about: str) -> None:
    """Raises NobodyNamed."""
    if not about.strip():
        raise NobodyNamed


def may_link(linked: bool) -> None:
    """Raises AlreadyLinked."""
    if linked:
        raise AlreadyLinked


def may_answer(asked_by: str, standing: Collection[str]) -> str:
    """The consent under which the enquirer may be answered; `standing` are the purposes that hold today. Raises
    NeverAnswered, WithoutConsent."""
    if asked_by not in CONSENTS:
        raise NeverAnswered
    for purpose in CONSENTS[asked_by]:
        if purpose in standing:
            return purpose
    raise WithoutConsent
