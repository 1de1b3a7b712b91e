"""Decisions on deliveries: what a row must say, and when a second one of the same is questioned."""

from __future__ import annotations

from datetime import date

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: Services of the log. The sealed ones (list `service_kind`, flag S) are told by their referral and never here.
SECTORS = (
    "SHELTER", "HEALTH", "MHPSS", "CHILD_PROTECTION", "FAMILY_TRACING", "LEGAL", "ASYLUM_AUTHORITY", "IDP_REGISTRATION",
    "EDUCATION", "LIVELIHOODS", "SOCIAL_REGISTRY", "CASH", "FOOD", "RELIEF_ITEMS", "DISABILITY", "DOCUMENTATION",
    "SOLUTIONS", "OTHER",
)  # fmt: skip
ITEMS = (
    "CASH", "VOUCHER", "FOOD", "HYGIENE", "CLOTHING", "DIGNITY_KIT", "BABY", "MEDICINE", "RENT", "TRANSPORT_LOCAL",
    "DOCUMENT_FEE", "PHONE_CREDIT",
)  # fmt: skip
RESULTS = ("DELIVERED_FULL", "DELIVERED_PART", "ASSESSED_NOT_ELIGIBLE", "REFERRED_ON", "PERSON_STOPPED")
#: Results by which something reached the person.
DELIVERED = ("DELIVERED_FULL", "DELIVERED_PART")
MECHANISMS = ("CARD", "TRANSFER", "CASH_IN_HAND", "MOBILE")
PROVIDERS = ("STATE", "UN", "NGO", "OTHER")
AGAIN = ("LOST", "STOLEN", "DAMAGED", "BABY", "NEW_MEMBER", "OTHER_NEED")
WITHDRAWN = ("WRONG_ENTRY", "WRONG_PERSON", "NOT_HANDED_OVER")
#: Items that have an amount in whole dollars.
WITH_AMOUNT = ("CASH", "VOUCHER")
MOST = 99_999


class DeliveryDateWrong(Refused):
    sentence = _l("La fecha debe ser de hoy o anterior.")
    field = "on"


class NobodyChosen(Refused):
    sentence = _l("Marque a quién se le entregó.")
    field = "who"


class MechanismMissing(Refused):
    sentence = _l("Elija por qué medio recibió el efectivo.")
    field = "mechanism"


class AmountMissing(Refused):
    sentence = _l("Escriba la cantidad en dólares enteros.")
    field = "amount"


class AmountWithoutCash(Refused):
    sentence = _l("Solo el efectivo y los vales llevan medio y cantidad.")
    field = "amount"


class GivenRecently(Refused):
    sentence = _l("Ya se le entregó lo mismo hace poco. Si corresponde entregarlo otra vez, elija por qué.")
    field = "again_reason"


class NeedNotOpen(Refused):
    sentence = _l("Elija una necesidad abierta de una de estas personas.")
    field = "need"


class DeliveryWithdrawn(Refused):
    sentence = _l("Esta entrega ya se anuló.")
    field = "reason"


class WithdrawalUnexplained(Refused):
    sentence = _l("Elija por qué se anula.")
    field = "reason"


def check_cash(item: str | None, result: str, mechanism: str | None, amount: int | None) -> None:
    """Cash that arrived says by what means and how much; only cash and vouchers do. Raises MechanismMissing,
    AmountMissing, AmountWithoutCash."""
    if item not in WITH_AMOUNT:
        if mechanism is not None or amount is not None:
            raise AmountWithoutCash
        return
    if amount is not None and not 0 < amount <= MOST:
        raise AmountMissing
    if item == "CASH" and result in DELIVERED:
        if mechanism is None:
            raise MechanismMissing
        if amount is None:
            raise AmountMissing


def must_ask_again(last_on: date | None, on: date, interval: int | None) -> bool:
    """Whether a delivery on a day is questioned, because one of the same lies fewer than `interval` days away (before
    it, or after it where it is written down late)."""
    return last_on is not None and interval is not None and abs((on - last_on).days) < interval
