"""When a file may be closed, for which reason, and when it may be opened again (VOCABULARY A3).

A file is not closed over an open urgent need, stay, referral, custody, near legal deadline, child without carer
or unresolved alert. The rejection of a claim is not a reason, and losing contact is never a solution.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from caseapp.casefile.rules.alerts import STANDING
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

REASONS = (
    "SOLUTION_LOCAL", "SOLUTION_NATURALISED", "SOLUTION_RESETTLED", "SOLUTION_PTA", "SOLUTION_PATHWAY",
    "SOLUTION_REUNIFIED", "SOLUTION_RETURN_VOLUNTARY", "SOLUTION_IDP", "SOLUTION_REINTEGRATED", "NEEDS_MET",
    "REFERRED_ON", "NO_NEED_FOUND", "PERSON_ASKED", "CONTACT_LOST", "LEFT_TOLD", "LEFT_LEARNT", "REMOVED", "DIED",
    "DUPLICATE", "ERROR",
)  # fmt: skip
REOPENING = ("RETURNED", "NEW_NEED", "APPEAL", "FOUND", "ERROR_CLOSED")
REQUEST_STATES = ("ASKED", "APPROVED", "REFUSED", "WITHDRAWN")
#: Reasons that a second person looks at (flag R of the list).
REVIEWED = frozenset({"REMOVED", "DIED", "ERROR"})
#: After these there is no child in this file to be cared for: the child died, or lives on in another file.
WITHOUT_CHILD = frozenset({"DIED", "DUPLICATE", "ERROR"})
#: An alert that a reason itself resolves (decision 0370): a duplicate is resolved by closing it as one; what became of
#: somebody who was absent is known, and a second person has looked at it.
RESOLVES: Mapping[str, frozenset[str]] = {
    "DUPLICATE": frozenset({"POSSIBLE_DUPLICATE"}),
    "DIED": frozenset({"ABSENT_AT_RISK"}),
    "REMOVED": frozenset({"ABSENT_AT_RISK"}),
    "LEFT_LEARNT": frozenset({"ABSENT_AT_RISK"}),
}
#: Limits within which the person may act, and nobody else: once they have passed nothing is awaited any more.
THEIR_OWN_LIMITS = frozenset({"CLAIM_APPLY", "CLAIM_APPEAL", "MANDATE_APPEAL", "PERMANENT_RESIDENCE"})
#: After these nobody is met again at 72 hours and 30 days: they died or were removed, live on in another file, or asked
#: that nobody accompany them any more (decision 0405).
NOT_MET_AGAIN = frozenset({"DIED", "REMOVED", "DUPLICATE", "ERROR", "PERSON_ASKED"})
ATTEMPTS, CHANNELS, DAYS = 3, 2, 30
CLOCK_DAYS = 30

_LATER = ("HELD_3M", "HELD_6M", "HELD_12M")
_HAPPENED = ("HAPPENED", *_LATER)
_OTHER_PATHWAYS = (
    "HUMANITARIAN_VISA",
    "LABOUR_MOBILITY",
    "EDUCATION_PATHWAY",
    "SPONSORSHIP",
    "OTHER_PATHWAY",
)
#: The pathway and the newest step of its plan that each solution rests on.
SOLUTIONS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "SOLUTION_LOCAL": (("LOCAL_INTEGRATION", "RELOCATION"), _LATER),
    "SOLUTION_NATURALISED": (("NATURALISATION",), _HAPPENED),
    "SOLUTION_RESETTLED": (("RESETTLEMENT",), _HAPPENED),
    "SOLUTION_PTA": (("PTA",), _HAPPENED),
    "SOLUTION_PATHWAY": (_OTHER_PATHWAYS, _HAPPENED),
    "SOLUTION_REUNIFIED": (("FAMILY_REUNIFICATION",), _HAPPENED),
    "SOLUTION_RETURN_VOLUNTARY": (("VOLUNTARY_RETURN",), _LATER),
    "SOLUTION_IDP": (("LOCAL_INTEGRATION", "RELOCATION"), _HAPPENED),
    "SOLUTION_REINTEGRATED": (("LOCAL_INTEGRATION", "RELOCATION"), _HAPPENED),
}
POPULATIONS: Mapping[str, frozenset[str]] = {
    "SOLUTION_IDP": frozenset({"IDP"}),
    "SOLUTION_REINTEGRATED": frozenset({"RETURNEE_WITH_NEEDS", "RETURNEE_REFUGEE"}),
}
#: Reasons that say that nothing is left to do.
ALL_MET = frozenset({"NEEDS_MET", "NO_NEED_FOUND", "SOLUTION_IDP", "SOLUTION_REINTEGRATED"})


class NotClosable(Refused):
    """Base of what keeps a file open."""


class AlreadyClosed(NotClosable):
    sentence = _l("Este expediente ya está cerrado.")


class ReasonUnknown(NotClosable):
    sentence = _l("Elija el motivo de cierre.")
    field = "reason"


class UrgentNeedOpen(NotClosable):
    sentence = _l(
        "Hay una necesidad de prioridad alta o de emergencia sin atender. Atiéndala o ciérrela con su motivo."
    )


class StayOpen(NotClosable):
    sentence = _l("Tiene una reserva o una estancia abierta en un albergue. Regístrela como terminada.")


class ReferralOpen(NotClosable):
    sentence = _l("Hay una referencia sin terminar. Retírela o anote su resultado.")


class InCustody(NotClosable):
    sentence = _l(
        "La persona está en custodia. El expediente sigue abierto hasta que salga y se le dé seguimiento."
    )


class FollowUpOpen(NotClosable):
    """Somebody who left custody is met again at 72 hours and 30 days (VOCABULARY A8)."""

    sentence = _l(
        "Falta un seguimiento después de su salida de custodia, a las 72 horas o a los 30 días. Anótelo antes en su custodia."
    )


class LegalClockNear(NotClosable):
    sentence = _l("Un plazo legal vence en los próximos 30 días.")


class LegalClockLate(LegalClockNear):
    """An authority has not acted in its time, or the clock stands still: it may act any day."""

    sentence = _l(
        "Un plazo legal ya venció o está en pausa, y la autoridad aún puede resolver. Anote qué resolvió o cómo terminó la solicitud."
    )


class ChildWithoutCarer(NotClosable):
    sentence = _l("Es una niña, un niño o adolescente sin persona responsable comprobada.")


class AlertOpen(NotClosable):
    sentence = _l("Hay una alerta sin resolver.")


class AbsentAtRisk(AlertOpen):
    """Somebody at risk left for the street or nobody knows where, and has not been spoken with since."""

    sentence = _l(
        "La persona está en riesgo y no se sabe dónde está. Use el contacto seguro: cuando se anota que respondió, se "
        "puede cerrar. Si no responde en 30 días, ciérrelo como contacto perdido."
    )


class NotYetLost(NotClosable):
    sentence = _l(
        "«Contacto perdido» pide al menos tres intentos por dos vías distintas a lo largo de 30 días."
    )
    field = "reason"


class SolutionNotReached(NotClosable):
    sentence = _l("El plan de solución aún no llega al paso que este motivo necesita.")
    field = "reason"


class NeedsRemain(NotClosable):
    sentence = _l("Con este motivo no puede quedar ninguna necesidad abierta.")
    field = "reason"


class NotHandedOver(NotClosable):
    sentence = _l("Ninguna entidad ha aceptado todavía la responsabilidad.")
    field = "reason"


class NeedWasFound(NotClosable):
    sentence = _l("La última entrevista concluida no dice que no haya necesidad de protección.")
    field = "reason"


class NotMerged(NotClosable):
    sentence = _l("Una primero este registro con el otro de la misma persona.")
    field = "reason"


class SecondPersonNeeded(NotClosable):
    """Ask for it; somebody else decides."""

    sentence = _l("Este cierre lo revisa una segunda persona. Pida la aprobación.")


class OwnRequest(Refused):
    sentence = _l("Nadie aprueba su propia solicitud. La decide otra persona de supervisión.")


class RequestDecided(Refused):
    sentence = _l("Esta solicitud ya se decidió.")


class RequestOpen(Refused):
    sentence = _l("Ya se pidió la aprobación de este cierre.")


class NotClosed(Refused):
    sentence = _l("Este expediente está abierto.")


class StillMerged(Refused):
    sentence = _l("Este registro está unido a otro. Sepárelos antes de abrirlo.")


@dataclass(frozen=True)
class Attempt:
    """One try to reach the person."""

    channel: str
    on: date
    reached: bool = False


@dataclass(frozen=True)
class ClosingFacts:
    """All that the rule looks at, as plain values. `newest_steps` pairs each plan's pathway with the newest
    step it reached; `legal_clocks` are the days on which legal deadlines that are awaited end, `legal_paused` says that one
    stands still; `main_outcome` is that of the
    newest completed screening and `ever_protection` says that any screening noted a wish or need for asylum."""

    today: date
    closed: bool = False
    open_needs: Sequence[str] = ()  # priorities
    stay: bool = False
    referral: bool = False
    custody: bool = False
    follow_up: bool = False
    legal_clocks: Sequence[date] = ()
    legal_paused: bool = False
    child: bool = False
    carer: bool = True
    alerts: Collection[str] = ()
    attempts: Sequence[Attempt] = ()
    newest_steps: Collection[tuple[str, str]] = ()
    populations: Collection[str] = ()
    handed_over: bool = False
    main_outcome: str | None = None
    ever_protection: bool = False
    merged: bool = False
    screened_by_closer: bool = False
    approved: bool = False


def still_open(reason: str, facts: ClosingFacts) -> list[type[NotClosable]]:
    """Everything that keeps the file open whatever is said of it, in the order of the vocabulary. Standing
    facts (an interpreter is needed, an allergy) are not things to resolve; some alerts are resolved by the reason."""
    urgent = any(p in ("EMERGENCY", "HIGH") for p in facts.open_needs)
    late = facts.legal_paused or any(day < facts.today for day in facts.legal_clocks)
    near = any(facts.today <= day <= facts.today + timedelta(days=CLOCK_DAYS) for day in facts.legal_clocks)
    alerts = set(facts.alerts) - STANDING - RESOLVES.get(reason, frozenset())
    if reason in WITHOUT_CHILD:
        alerts = {a for a in alerts if not a.startswith("CHILD_")}
    uncared = facts.child and not facts.carer and reason not in WITHOUT_CHILD
    found: list[tuple[bool, type[NotClosable]]] = [
        (urgent, UrgentNeedOpen), (facts.stay, StayOpen), (facts.referral, ReferralOpen),
        (facts.custody, InCustody), (facts.follow_up and reason not in NOT_MET_AGAIN, FollowUpOpen), (late, LegalClockLate), (near, LegalClockNear), (uncared, ChildWithoutCarer),
        ("ABSENT_AT_RISK" in alerts, AbsentAtRisk), (bool(alerts - {"ABSENT_AT_RISK"}), AlertOpen),
    ]  # fmt: skip
    return [refusal for holds, refusal in found if holds]


def awaited(rule: str, ends_on: date, today: date) -> bool:
    """Whether a legal clock that is open still awaits something: an authority's also after its time, the person's own until
    its last day."""
    return ends_on >= today or rule not in THEIR_OWN_LIMITS


def missing_for(reason: str, facts: ClosingFacts) -> type[NotClosable] | None:
    """What this reason itself needs and does not have."""
    if reason in ALL_MET and facts.open_needs:
        return NeedsRemain
    if reason in SOLUTIONS and not solution_reached(reason, facts):
        return SolutionNotReached
    if reason == "CONTACT_LOST" and not contact_lost(facts.attempts, facts.today):
        return NotYetLost
    if reason == "REFERRED_ON" and not facts.handed_over:
        return NotHandedOver
    if reason == "NO_NEED_FOUND" and (facts.main_outcome != "NO_FURTHER_NEED" or facts.ever_protection):
        return NeedWasFound
    if reason == "DUPLICATE" and not facts.merged:
        return NotMerged
    return None


def solution_reached(reason: str, facts: ClosingFacts) -> bool:
    """Whether a plan of a matching pathway stands at a matching step (a plan that failed does not), and the
    person is of the population that the reason speaks of."""
    pathways, steps = SOLUTIONS[reason]
    wanted = POPULATIONS.get(reason)
    if wanted is not None and wanted.isdisjoint(facts.populations):
        return False
    return any(pathway in pathways and step in steps for pathway, step in facts.newest_steps)


def contact_lost(attempts: Sequence[Attempt], today: date) -> bool:
    """At least three attempts on two channels over thirty days, none of which reached the person: what lies
    before the last time they were reached does not count."""
    last = max((a.on for a in attempts if a.reached), default=date.min)
    failed = [a for a in attempts if not a.reached and a.on >= last]
    return (
        len(failed) >= ATTEMPTS
        and len({a.channel for a in failed}) >= CHANNELS
        and today - min(a.on for a in failed) >= timedelta(days=DAYS)
    )


def needs_second_person(reason: str, facts: ClosingFacts) -> bool:
    """Reasons with R, a child's file that its own screener would close alone, and that somebody at risk who is absent is
    said to have left."""
    if reason == "LEFT_LEARNT" and "ABSENT_AT_RISK" in facts.alerts:
        return True
    return reason in REVIEWED or (facts.child and facts.screened_by_closer)


def may_close(reason: str, facts: ClosingFacts) -> None:
    """Refuse to close a file for a reason: AlreadyClosed, ReasonUnknown, the first thing still open, what the
    reason needs, or SecondPersonNeeded."""
    if facts.closed:
        raise AlreadyClosed
    if reason not in REASONS:
        raise ReasonUnknown
    for refusal in still_open(reason, facts):
        raise refusal
    lacking = missing_for(reason, facts)
    if lacking is not None:
        raise lacking
    if needs_second_person(reason, facts) and not facts.approved:
        raise SecondPersonNeeded


def may_decide_request(state: str, own: bool) -> None:
    """Nobody decides on their own request, and a request is decided once."""
    if state != "ASKED":
        raise RequestDecided
    if own:
        raise OwnRequest


def may_reopen(closed: bool, reason: str, merged: bool) -> None:
    """A closed file is opened again with a reason; one that was united with another is separated first."""
    if not closed:
        raise NotClosed
    if reason not in REOPENING:
        raise ReasonUnknown(sentence=_l("Elija por qué se abre de nuevo."))
    if merged:
        raise StillMerged
