"""Requests of persons about their own data: who decides, what stands in the way of erasing, what is left out of the
copy that is handed over.

The four rights are those of access, rectification, cancellation and opposition of the region's data-protection laws;
how many days a country allows is dated reference data (`SUBJECT_…` in `clocks.yml`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: Lists `subject_request_kind`, `subject_request_state`, `correction_topic`, `subject_refusal`, `legal_hold`.
KINDS = ("ACCESS", "CORRECTION", "ERASURE")
STATES = ("ASKED", "READY", "COLLECTED", "GRANTED", "PART", "REFUSED", "WITHDRAWN")
TOPICS = ("NAME", "BIRTH", "NATIONALITY", "DOCUMENT", "CONTACT", "FAMILY", "NEED", "OTHER")
REFUSALS = ("NOT_THIS_PERSON", "NOT_WRONG", "LEGAL_DUTY", "RIGHTS_OF_OTHERS")
HOLDS = ("APPEAL", "COURT", "COMPLAINT", "INVESTIGATION")
OPEN = ("ASKED", "READY")
#: verb: (kinds, from which states, to which).
TRANSITIONS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "make": (("ACCESS",), ("ASKED",), ("READY",)),
    "collect": (("ACCESS",), ("READY",), ("COLLECTED",)),
    "decide": (("CORRECTION", "ERASURE"), ("ASKED",), ("GRANTED", "PART", "REFUSED")),
    "withdraw": (KINDS, ("ASKED", "READY"), ("WITHDRAWN",)),
}


class RequestOpen(Refused):
    sentence = _l("Ya hay una solicitud de este tipo en curso.")
    field = "kind"


class RequestEnded(Refused):
    sentence = _l("Esta solicitud ya terminó.")


class TopicMissing(Refused):
    sentence = _l("Elija qué dato pide corregir.")
    field = "topic"


class WordsMissing(Refused):
    sentence = _l("Escriba lo que pide la persona.")
    field = "what"


class ReasonMissing(Refused):
    sentence = _l("Elija por qué no se concede.")
    field = "reason"


class AnswerMissing(Refused):
    sentence = _l("Escriba qué cambió, en palabras que la persona entienda.")
    field = "answer"


class PartOnlyOfCorrection(Refused):
    sentence = _l("Un expediente se borra o no se borra.")
    field = "decision"


class OwnDecision(Refused):
    sentence = _l("Usted anotó esta solicitud. La decide otra persona.")


class StillHeld(Refused):
    sentence = _l("No se puede borrar todavía: %(why)s.")


class HeldInDatabase(Refused):
    sentence = _l("No se puede borrar: hay una retención legal, un plazo o una solicitud en curso.")


class HoldSet(Refused):
    sentence = _l("Esta retención ya está puesta.")
    field = "hold"


@dataclass(frozen=True)
class Standing:
    """What may stand in the way of erasing a file."""

    open_file: bool = False
    hold: bool = False
    open_request: bool = False
    legal_clock: bool = False
    open_claim: bool = False


def keeps(standing: Standing) -> tuple[str, ...]:
    """Why a file is not erased (list `kept_why`), the gravest first; empty when nothing holds it."""
    return tuple(
        code
        for code, holds in {
            "OPEN_FILE": standing.open_file,
            "LEGAL_HOLD": standing.hold,
            "OPEN_REQUEST": standing.open_request,
            "LEGAL_CLOCK": standing.legal_clock,
            "OPEN_CLAIM": standing.open_claim,
        }.items()
        if holds
    )


def may_ask(kind: str, topic: str | None, what: str, *, has_open: bool) -> None:
    """Raises RequestOpen, TopicMissing, WordsMissing. A reason for wanting to see one's data is never asked."""
    if has_open:
        raise RequestOpen
    if kind == "CORRECTION":
        if not topic:
            raise TopicMissing
        if not what.strip():
            raise WordsMissing


def after(verb: str, kind: str, state: str, to: str = "") -> str:
    """The state after a verb. Raises RequestEnded, PartOnlyOfCorrection."""
    kinds, before, then = TRANSITIONS[verb]
    if kind not in kinds or state not in before:
        raise RequestEnded
    to = to or then[0]
    if to not in then:
        raise ValueError(to)
    if kind == "ERASURE" and to == "PART":
        raise PartOnlyOfCorrection
    return to


def may_decide(kind: str, decision: str, reason: str | None, answer: str, *, own: bool) -> None:
    """Raises OwnDecision, ReasonMissing (why not), AnswerMissing (what changed)."""
    if own:
        raise OwnDecision
    if decision in ("PART", "REFUSED") and not reason:
        raise ReasonMissing
    if kind == "CORRECTION" and decision in ("GRANTED", "PART") and not answer.strip():
        raise AnswerMissing
