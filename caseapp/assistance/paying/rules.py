"""Decisions on assistance: what may be asked for whom, who may decide, how a payment moves (VOCABULARY A6, A8).

Whoever asks never decides; a refusal that is appealed is decided by somebody else again; whoever recorded a payment does
not reconcile it. The payee is the adult who asked, never "the head" of anybody.
"""

from __future__ import annotations

from datetime import date, timedelta

from caseapp.assistance.rules import ITEMS, MECHANISMS, MOST
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

DECISIONS = ("APPROVED", "REFUSED", "APPEALED")
REFUSALS = (
    "NOT_ELIGIBLE", "NO_FUNDS", "ALREADY_ASSISTED", "INFO_MISSING", "CONSENT_ENDED", "PERSON_DECLINED", "REQUEST_ERROR"
)  # fmt: skip
STATES = ("PLANNED", "SENT", "COLLECTED", "RETURNED", "FAILED", "RECONCILED")
FAILURES = ("WRONG_ID", "NAME_MISMATCH", "NO_COLLECTION", "PROVIDER")
#: From a decision ("" is none yet) to those that may follow it.
DECISION_MOVES: dict[str, tuple[str, ...]] = {
    "": ("APPROVED", "REFUSED"), "REFUSED": ("APPEALED",), "APPEALED": ("APPROVED", "REFUSED"), "APPROVED": (),
}  # fmt: skip
#: From a payment's state to those that may follow it. What failed or came back is planned anew as another payment.
MOVES: dict[str, tuple[str, ...]] = {
    "PLANNED": ("SENT", "FAILED"), "SENT": ("COLLECTED", "RETURNED", "FAILED"), "COLLECTED": ("RECONCILED",),
    "RETURNED": ("RECONCILED",), "FAILED": ("RECONCILED",), "RECONCILED": (),
}  # fmt: skip
#: Items that are paid; the others are handed over.
MONEY = ("CASH", "VOUCHER")
LONGEST = timedelta(days=366)


class PayeeNotAdult(Refused):
    sentence = _l("Quien cobra es una persona adulta, que lo decide ella misma.")
    field = "who"


class CashConsentMissing(Refused):
    sentence = _l(
        "La persona no ha dado su consentimiento para recibir asistencia de este equipo. Pregúntele a solas."
    )
    field = "who"


class MoneyAmountMissing(Refused):
    sentence = _l("Escriba la cantidad en dólares enteros; solo el efectivo y los vales la llevan.")
    field = "amount"


class MoneyMechanism(Refused):
    sentence = _l("Elija el medio del efectivo; solo el efectivo lo lleva.")
    field = "mechanism"


class UntilWrong(Refused):
    sentence = _l("El plazo es de hoy a un año.")
    field = "until"


class AskedAlready(Refused):
    sentence = _l("Ya hay una solicitud por lo mismo que espera decisión.")
    field = "item"


class RequesterDecides(Refused):
    sentence = _l("Quien pidió la asistencia no la decide. La decide otra persona.")


class AnotherDecides(Refused):
    sentence = _l("Quien la denegó no decide la revisión. La decide otra persona.")


class DecisionMoves(Refused):
    sentence = _l("Esta decisión ya no puede tomarse.")


class RefusalUnexplained(Refused):
    sentence = _l("Elija por qué se deniega.")
    field = "refusal"


class PaymentMoves(Refused):
    sentence = _l("El pago ya no está en ese paso.")


class FailureUnexplained(Refused):
    sentence = _l("Elija por qué falló el pago.")
    field = "failure"


class MoreThanApproved(Refused):
    sentence = _l("Los pagos suman más de lo aprobado.")
    field = "amount"


class AnotherReconciles(Refused):
    sentence = _l("Quien anotó el pago no lo concilia. Lo concilia otra persona.")


class PlannedInPast(Refused):
    sentence = _l("Un pago se programa para hoy o después, a más tardar en un año.")
    field = "planned"


def may_ask(
    *,
    item: str,
    amount: int | None,
    mechanism: str | None,
    adult: bool,
    consented: bool,
    until: date,
    today: date,
) -> None:
    """What may be asked for one person. Raises PayeeNotAdult, CashConsentMissing, MoneyAmountMissing, MoneyMechanism,
    UntilWrong."""
    assert item in ITEMS
    if not adult:
        raise PayeeNotAdult
    if not consented:
        raise CashConsentMissing
    if (item in MONEY) != (amount is not None) or (amount is not None and not 0 < amount <= MOST):
        raise MoneyAmountMissing
    if (item == "CASH") != (mechanism in MECHANISMS) or (item != "CASH" and mechanism is not None):
        raise MoneyMechanism
    if not today <= until <= today + LONGEST:
        raise UntilWrong


def may_decide(
    decision: str | None, to: str, *, refusal: str | None, asked_it: bool, refused_it: bool, key_opens: bool
) -> None:
    """Whether somebody may decide now. Raises DecisionMoves, RequesterDecides, AnotherDecides, RefusalUnexplained,
    CashConsentMissing (nothing is approved once the person has taken the consent back)."""
    if to not in ("APPROVED", "REFUSED") or to not in DECISION_MOVES[decision or ""]:
        raise DecisionMoves
    if asked_it:
        raise RequesterDecides
    if refused_it:
        raise AnotherDecides
    if to == "REFUSED" and refusal not in REFUSALS:
        raise RefusalUnexplained
    if to == "APPROVED" and not key_opens:
        raise CashConsentMissing(field="decision")


def may_appeal(decision: str | None, *, appealed: bool) -> None:
    """A refusal may be looked at again once. Raises DecisionMoves."""
    if appealed or "APPEALED" not in DECISION_MOVES[decision or ""]:
        raise DecisionMoves


def may_plan(amount: int | None, *, approved: int | None, arriving: int, on: date, today: date) -> None:
    """A payment of what was approved (None: not approved) beside those that have arrived or may still arrive. Raises
    MoneyAmountMissing, MoreThanApproved, PlannedInPast."""
    if amount is None or not 0 < amount <= MOST:
        raise MoneyAmountMissing
    if approved is None or arriving + amount > approved:
        raise MoreThanApproved
    if not today <= on <= today + LONGEST:
        raise PlannedInPast


def may_move(state: str, to: str, *, failure: str | None, moved_it: bool) -> None:
    """Whether a payment moves to a state. Raises PaymentMoves, FailureUnexplained, AnotherReconciles."""
    if to not in MOVES[state]:
        raise PaymentMoves
    if to == "FAILED" and failure not in FAILURES:
        raise FailureUnexplained
    if to == "RECONCILED" and moved_it:
        raise AnotherReconciles
