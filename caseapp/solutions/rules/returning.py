"""Voluntary return (VOCABULARY A8, DO_NO_HARM): each step in its order, legal advice before any declaration, consent
given alone, time to think, and the person may change their mind until they leave. Who went alone or was removed did
not return by this way: neither is a step here, and neither is ever a solution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: Each step and the steps that may come next.
RETURN_NEXT: dict[str, frozenset[str]] = {
    "COUNSELLED": frozenset({"LEGAL_ADVICE", "CHANGED_MIND"}),
    "LEGAL_ADVICE": frozenset({"DECLARED_VOLUNTARY", "CHANGED_MIND"}),
    "DECLARED_VOLUNTARY": frozenset({"COOLING_OFF", "CHANGED_MIND"}),
    "COOLING_OFF": frozenset({"CONFIRMED_AT_DEPARTURE", "CHANGED_MIND"}),
    "CONFIRMED_AT_DEPARTURE": frozenset({"ARRIVED"}),
    "ARRIVED": frozenset({"MONITORED"}),
    "MONITORED": frozenset(),
    "CHANGED_MIND": frozenset(),
}
RETURN_STEPS = tuple(RETURN_NEXT)
#: Of the list, but no steps of a return: they are told by the closing reasons, and count as no solution.
NEVER_RETURN = ("SPONTANEOUS", "REMOVED")
#: Steps that rest on the person's own consent to RETURN_ASSISTANCE.
WITH_CONSENT = ("DECLARED_VOLUNTARY", "COOLING_OFF", "CONFIRMED_AT_DEPARTURE")
#: Needs that speak of danger on return (legal and physical protection).
DANGER = ("LP-RR", "LP-RD")
#: The plan's own step that a step of the return brings with it, and that none reaches by another way.
PLAN_STEP_OF = {"DECLARED_VOLUNTARY": "CHOSEN", "CONFIRMED_AT_DEPARTURE": "PREPARED", "ARRIVED": "HAPPENED"}
THINK_DAYS = 3


class ReturnStepNotNext(Refused):
    sentence = _l("Este paso del retorno no sigue al anterior.")
    field = "step"


class ReturnConsentMissing(Refused):
    sentence = _l(
        "Falta el consentimiento de la persona para el retorno: dado a solas, después de la asesoría legal, en los "
        "últimos 30 días."
    )
    field = "step"


class AdviceBeforeReturn(Refused):
    sentence = _l(
        "Hay una necesidad de protección ante la devolución o una solicitud de asilo en curso. Antes debe recibir "
        "asesoría legal, y anotarse después de esa fecha."
    )
    field = "step"


class StillThinking(Refused):
    sentence = _l("Aún no pasan los días para pensarlo.")
    field = "on"


@dataclass(frozen=True)
class ReturnFacts:
    """What the rule looks at. `reached` maps the return's steps to their days; `consent_on` is the day of the consent
    that holds, if it was given by the person alone after legal advice; `danger_since` are the days since which needs
    of `DANGER` or a situation as asylum-seeker are open."""

    reached: Mapping[str, date]
    consent_on: date | None = None
    danger_since: Sequence[date] = ()


def return_steps(reached: Mapping[str, date]) -> frozenset[str]:
    """Steps of the return that may follow."""
    if not reached:
        return frozenset({"COUNSELLED"})
    return RETURN_NEXT[max(reached, key=RETURN_STEPS.index)]


def may_return_step(step: str, facts: ReturnFacts, on: date) -> None:
    """Raises ReturnStepNotNext, AdviceBeforeReturn (danger or a claim is open, and the advice is older than it),
    ReturnConsentMissing, StillThinking."""
    if step not in return_steps(facts.reached):
        raise ReturnStepNotNext
    if step not in WITH_CONSENT:
        return
    advised = facts.reached["LEGAL_ADVICE"]
    if any(since > advised for since in facts.danger_since):
        raise AdviceBeforeReturn
    if facts.consent_on is None or facts.consent_on < advised:
        raise ReturnConsentMissing
    if step == "CONFIRMED_AT_DEPARTURE" and on < facts.reached["DECLARED_VOLUNTARY"] + timedelta(
        days=THINK_DAYS
    ):
        raise StillThinking
