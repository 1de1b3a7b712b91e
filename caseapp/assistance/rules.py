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
#: The service that an item belongs to, for quick entry.
SECTOR_OF = {
    "CASH": "CASH", "VOUCHER": "CASH", "FOOD": "FOOD", "HYGIENE": "RELIEF_ITEMS", "CLOTHING": "RELIEF_ITEMS",
    "DIGNITY_KIT": "RELIEF_ITEMS", "BABY": "RELIEF_ITEMS", "MEDICINE": "HEALTH", "RENT": "SHELTER",
    "TRANSPORT_LOCAL": "OTHER", "DOCUMENT_FEE": "DOCUMENTATION", "PHONE_CREDIT": "OTHER",
}  # fmt: skip
RESULTS = ("DELIVERED_FULL", "DELIVERED_PART", "ASSESSED_NOT_ELIGIBLE", "REFERRED_ON", "PERSON_STOPPED")
#: Results by which something reached the person.
DELIVERED = ("DELIVERED_FULL", "DELIVERED_PART")
MECHANISMS = ("CARD", "TRANSFER", "CASH_IN_HAND", "MOBILE")
PROVIDERS = ("STATE", "UN", "NGO", "OTHER")
AGAIN = ("LOST", "STOLEN", "DAMAGED", "BABY", "NEW_MEMBER", "OTHER_NEED")
WITHDRAWN = ("WRONG_ENTRY", "WRONG_PERSON", "NOT_HANDED_OVER")
EDUCATION = ("ENROLMENT_ASKED", "VALIDATION_ASKED", "ENROLLED", "RECOGNISED")
#: What a volunteer counts by number, without asking anybody's name.
COUNTED = ("MEAL", "FOOD", "HYGIENE", "CLOTHING", "DIGNITY_KIT", "BABY")
MOST_COUNTED = 5000
#: Items that have an amount in whole dollars.
WITH_AMOUNT = ("CASH", "VOUCHER")
MOST = 99_999
MOST_PIECES = 999


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


class QuantityWrong(Refused):
    sentence = _l("Escriba cuántas piezas recibió cada persona, de 1 a 999.")
    field = "quantity"


class ProviderMissing(Refused):
    sentence = _l("Elija quién lo dio.")
    field = "provider_class"


class LanguageOfTalk(Refused):
    sentence = _l("El idioma es el de una conversación: deje vacío lo que se entregó.")
    field = "language"


class EducationElsewhere(Refused):
    sentence = _l("Este paso es de una atención de educación. Elija ese servicio, sin artículo.")
    field = "education"


class GivenRecently(Refused):
    sentence = _l("Ya se le entregó lo mismo hace poco. Si corresponde entregarlo otra vez, elija por qué.")
    field = "again_reason"


class NeedNotOpen(Refused):
    sentence = _l("Elija una necesidad abierta de una de estas personas.")
    field = "need"


class ReferralNotTheirs(Refused):
    sentence = _l("Elija una referencia de una de estas personas.")
    field = "referral"


class MatterMissing(Refused):
    """On the private page a delivery belongs to a sealed need or a sealed referral."""

    sentence = _l("Elija la necesidad o la referencia reservada a la que pertenece.")
    field = "need"


class DeliveryWithdrawn(Refused):
    sentence = _l("Esta entrega ya se anuló.")
    field = "reason"


class WithdrawalUnexplained(Refused):
    sentence = _l("Elija por qué se anula.")
    field = "reason"


class CountWrong(Refused):
    sentence = _l("Escriba cuántos se entregaron, de 1 a 5000.")
    field = "number"


class ItemNotCounted(Refused):
    sentence = _l("Elija qué se entregó.")
    field = "item"


class CountWithdrawn(Refused):
    sentence = _l("Este conteo ya se anuló.")


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


def check_talk(
    sector: str, item: str | None, quantity: int, language: str | None, education: str | None
) -> None:
    """How many pieces; a language and a step of education are of a session, the latter of education. Raises
    QuantityWrong, LanguageOfTalk, EducationElsewhere."""
    if not 1 <= quantity <= MOST_PIECES:
        raise QuantityWrong
    if language is not None and item is not None:
        raise LanguageOfTalk
    if education is not None and (sector != "EDUCATION" or item is not None):
        raise EducationElsewhere


def check_count(item: str, number: int | None) -> None:
    """What a volunteer counts. Raises ItemNotCounted, CountWrong."""
    if item not in COUNTED:
        raise ItemNotCounted
    if number is None or not 1 <= number <= MOST_COUNTED:
        raise CountWrong


def must_ask_again(last_on: date | None, on: date, interval: int | None) -> bool:
    """Whether a delivery on a day is questioned, because one of the same lies fewer than `interval` days away (before
    it, or after it where it is written down late)."""
    return last_on is not None and interval is not None and abs((on - last_on).days) < interval
