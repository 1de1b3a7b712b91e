"""A file moves to another team, centre or country as an offer that is accepted.

States: PREPARED (a second person of the offering side looks at it) or at once OFFERED, then ACCEPTED, DECLINED,
WITHDRAWN, LAPSED. Each adult who moves has agreed (CASE_TRANSFER; to another country CROSS_BORDER, the country named),
or there is one of the four legal bases, which a second person looks at. Never to a country of which one of them is a
national. What is sealed stays behind unless the receiving side has a named holder. A referral moves no file: SHARE
leaves responsibility where it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

STATES = ("PREPARED", "OFFERED", "ACCEPTED", "DECLINED", "WITHDRAWN", "LAPSED")
OPEN = ("PREPARED", "OFFERED")
KINDS = ("TEAM", "CENTRE", "COUNTRY")
#: verb: from which states, to which.
TRANSITIONS: Mapping[str, tuple[frozenset[str], str]] = {
    "offer": (frozenset({"PREPARED"}), "OFFERED"),
    "accept": (frozenset({"OFFERED"}), "ACCEPTED"),
    "decline": (frozenset({"OFFERED"}), "DECLINED"),
    "withdraw": (frozenset({"PREPARED", "OFFERED"}), "WITHDRAWN"),
    "lapse": (frozenset({"PREPARED", "OFFERED"}), "LAPSED"),
}
#: Why a receiver does not take a file: of the list `decline_reason`, those that make sense for a file.
DECLINING = (
    "NO_STAFF", "SERVICE_SUSPENDED", "NO_PLACE_TONIGHT", "NO_TRANSPORT", "TOO_FAR", "TERRITORIAL_LIMIT", "NOT_ELIGIBLE",
    "SEX_OR_AGE_LIMIT", "NO_CHILD_LICENCE", "CARE_BEYOND_US", "NO_LANGUAGE", "INFO_MISSING", "CONSENT_MISSING",
    "DUPLICATE_REFERRAL", "CANNOT_OFFER",
)  # fmt: skip
WITHDRAWING = (
    "PERSON_CHANGED_MIND", "CONSENT_WITHDRAWN", "NEED_ENDED", "BETTER_OPTION_FOUND", "MOVED_AWAY", "SENT_IN_ERROR",
)  # fmt: skip
BASES = ("VITAL_INTEREST", "CHILD_BEST_INTERESTS", "LEGAL_DUTY", "LACKS_CAPACITY")
#: Teams that never take a file: custody and migration control, consulates, those who count, those who oversee.
NEVER_RECEIVES = frozenset(
    {
        "MIGRATION_CUSTODY", "CONSULAR", "COMMISSION_STATISTICS", "REGIONAL_SECRETARIAT", "OVERSIGHT",
        "ELIGIBILITY_COMMISSION", "CASH_PROVIDER", "DIRECTORY",
    }
)  # fmt: skip
ANSWER_DAYS = 5
ARRIVAL_DAYS = 30


class NotReceiving(Refused):
    sentence = _l("Este equipo no recibe expedientes.")
    field = "to"


class OwnTeam(Refused):
    sentence = _l("Este equipo ya lleva el expediente.")
    field = "to"


class NobodyMoves(Refused):
    sentence = _l("Elija al menos a una persona.")
    field = "who"


class OtherFile(Refused):
    """Somebody who is not of the household, or whose file is closed or another team's."""

    sentence = _l("Solo se traspasan expedientes abiertos de su equipo y de la misma familia.")
    field = "who"


class ChildLeftAlone(Refused):
    sentence = _l("Ninguna niña ni niño se queda sin la persona adulta que le cuida.")
    field = "who"


class CountryOfNationality(Refused):
    sentence = _l("Nunca se ofrece el expediente a un país del que alguna de estas personas es nacional.")
    field = "to"


class TransferConsentMissing(Refused):
    sentence = _l("Falta el consentimiento de: %(who)s. Pregunte a cada persona adulta, a solas.")
    field = "who"


class TransferConsentEnded(Refused):
    """Somebody took the consent back after the file was offered, or it ran out: nothing moves on it."""

    sentence = _l(
        "Ya no está vigente un consentimiento en que se apoya este traspaso. Quien lo ofrece pregunta de nuevo a la persona."
    )


class TransferLeaveMissing(Refused):
    sentence = _l(
        "Está en otro estado y falta el permiso de la autoridad para: %(who)s. Anótelo antes de ofrecer el traspaso."
    )
    field = "who"


class TransferBasisUnknown(Refused):
    sentence = _l("Sin consentimiento solo hay cuatro bases legales.")
    field = "basis"


class TransferBasisReasonMissing(Refused):
    sentence = _l("Escriba en qué consiste la base legal.")
    field = "basis_reason"


class TransferBasisOfChild(Refused):
    sentence = _l("El interés superior es una base solo para niñas y niños.")
    field = "basis"


class TransferBasisOfOfficer(Refused):
    sentence = _l("El interés superior lo aplica la oficialía de niñez. Pídaselo o elija otra base.")
    field = "basis"


class ArrivalDate(Refused):
    sentence = _l("La llegada es entre hoy y los próximos %(days)s días.")
    field = "arrives_on"


class HandoverOpen(Refused):
    sentence = _l("Hay un traspaso en curso. Espere la respuesta o retírelo.")


class HandoverAnswered(Refused):
    sentence = _l("Este traspaso ya no espera respuesta.")


class ReasonMissing(Refused):
    sentence = _l("Elija el motivo.")
    field = "reason"


class HolderNotThere(Refused):
    sentence = _l("Elija a una persona del equipo que recibe.")
    field = "holder"


class NotExpected(Refused):
    sentence = _l("Esta persona no está por llegar.")


class NotYetLate(Refused):
    sentence = _l("Todavía no llega la hora en que se anota que una persona no llegó.")


@dataclass(frozen=True)
class Mover:
    """One person of an offer. `consented`: their own yes to this purpose (and country) holds; for a child the carer's.
    `needs_leave`: they must stay in another state than the receiver's; `officer`: whoever offers has the
    child-protection role."""

    name: str
    child: bool
    nationalities: Collection[str]
    consented: bool
    basis: str | None = None
    basis_reason: str = ""
    needs_leave: bool = False
    officer: bool = True


def kind_of(same_site: bool, same_country: bool) -> str:
    """TEAM at the same site, CENTRE in the same country, or COUNTRY."""
    return "COUNTRY" if not same_country else "TEAM" if same_site else "CENTRE"


def purpose_of(kind: str) -> str:
    """The consent that an offer rests on."""
    return "CROSS_BORDER" if kind == "COUNTRY" else "CASE_TRANSFER"


#: What a file's move may rest on.
PURPOSES = frozenset(purpose_of(kind) for kind in KINDS)


def may_receive(team_type: str, own: bool) -> None:
    """Raises OwnTeam or NotReceiving."""
    if own:
        raise OwnTeam
    if team_type in NEVER_RECEIVES:
        raise NotReceiving


def may_offer(
    kind: str, to_country: str, movers: Sequence[Mover], *, arrives_on: date, today: date, stays_alone: bool
) -> None:
    """Whether these people's files may be offered. A child moves on the adults' consent; where no adult moves with
    them, on their own (given by carer or authority) or a basis. Raises NobodyMoves, ChildLeftAlone, ArrivalDate,
    CountryOfNationality, TransferLeaveMissing, TransferConsentMissing and what is wrong with a basis."""
    if not movers:
        raise NobodyMoves
    if stays_alone:
        raise ChildLeftAlone
    if not today <= arrives_on <= today + timedelta(days=ARRIVAL_DAYS):
        raise ArrivalDate(days=ARRIVAL_DAYS)
    if kind == "COUNTRY" and any(to_country in m.nationalities for m in movers):
        raise CountryOfNationality
    staying = [m.name for m in movers if m.needs_leave]
    if staying:
        raise TransferLeaveMissing(who=", ".join(staying))
    asked = [m for m in movers if not m.child] or list(movers)
    for mover in asked:
        _check_basis(mover)
    lacking = [m.name for m in asked if not m.consented and m.basis is None]
    if lacking:
        raise TransferConsentMissing(who=", ".join(lacking))


def _check_basis(mover: Mover) -> None:
    if mover.consented or mover.basis is None:
        return
    if mover.basis not in BASES:
        raise TransferBasisUnknown
    if mover.basis == "CHILD_BEST_INTERESTS" and not mover.child:
        raise TransferBasisOfChild
    if mover.basis == "CHILD_BEST_INTERESTS" and not mover.officer:
        raise TransferBasisOfOfficer
    if not mover.basis_reason.strip():
        raise TransferBasisReasonMissing


def ended_by(answer: str) -> tuple[str, str | None]:
    """What becomes of an offer whose consent ended by this answer: taken back with the person's no, lapsed where the last
    day passed. The verb and, if it is withdrawn, the reason."""
    return ("lapse", None) if answer == "EXPIRED" else ("withdraw", "CONSENT_WITHDRAWN")


def needs_second_person(kind: str, movers: Sequence[Mover]) -> bool:
    """A supervisor who did not prepare it looks at an offer that leaves the country or rests on a legal basis."""
    return kind == "COUNTRY" or any(m.basis is not None and not m.consented for m in movers)


def after(verb: str, state: str) -> str:
    """The state after a verb. Raises HandoverAnswered where it is not possible."""
    before, following = TRANSITIONS[verb]
    if state not in before:
        raise HandoverAnswered
    return following


def may_arrive(state: str, arrived: bool) -> None:
    """Only whoever was accepted and has not come yet arrives; also late. Raises NotExpected."""
    if state != "ACCEPTED" or arrived:
        raise NotExpected
