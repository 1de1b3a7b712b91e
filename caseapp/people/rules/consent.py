"""Consent: each adult's own, by purpose, expiring, withdrawable (VOCABULARY A7; DO_NO_HARM, "Alone").

Contact with the consulate and help to return are asked apart, alone, after legal advice, and end in 30 days.
Refusing changes nothing but the answer itself.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum

from caseapp.core import reference
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: Purposes that end after thirty days and need solitude and legal advice.
GRAVE = frozenset({"CONSULAR", "RETURN_ASSISTANCE", "COUNTRY_OF_ORIGIN"})
NAMED_COUNTRY = frozenset({"CONSULAR", "CROSS_BORDER", "COUNTRY_OF_ORIGIN"})
NEVER_HERE = frozenset({"MEDIA"})
OWN = frozenset({"SELF", "SUPPORTED_DECISION"})
FOR_A_CHILD = frozenset({"PARENT", "GUARDIAN", "CHILD_AUTHORITY", "CHILD_ASSENT"})
THROUGH_A_PERSON = frozenset({"PARENT", "GUARDIAN"})
ANSWERS = frozenset({"GIVEN", "REFUSED", "NOT_ASKED"})
#: From this age a child is asked whether they agree, and from the other the answer is written down.
ASSENT_ASKED, ASSENT_RECORDED = 6, 12
#: How long before its end a consent is asked for again: a year's, and one of thirty days.
WARN_DAYS, GRAVE_WARN_DAYS = 30, 7


class AdultDecidesAlone(Refused):
    """An adult's consent is never given by another person, least of all by an adult of the household."""

    sentence = _l("Cada persona adulta decide por sí misma. Pregunte a la propia persona, a solas.")
    field = "given_by"


class ChildNeedsCarer(Refused):
    """For a child, a parent, guardian or the child authority answers; the child's assent goes with it."""

    sentence = _l("Por una niña o un niño responde su madre, padre, tutor o la autoridad de niñez.")
    field = "given_by"


class CountryMissing(Refused):
    sentence = _l("Indique el país con el que se compartirá.")
    field = "recipient_country"


class FormMissing(Refused):
    sentence = _l("Indique cómo dio su consentimiento.")
    field = "form"


class AssentMissing(Refused):
    """From twelve on the child's own answer is written down beside that of whoever answers for them."""

    sentence = _l("Desde los 12 años se anota también qué dijo la niña o el niño: sí o no.")
    field = "assent"


class AloneMissing(Refused):
    sentence = _l("Este consentimiento se pide solo cuando la persona está a solas.")
    field = "alone"


class AdviceMissing(Refused):
    sentence = _l("Anote la fecha en que recibió asesoría legal. Sin ella no se pide este consentimiento.")
    field = "legal_advice_on"


class Until(Refused):
    """The end lies before the beginning, or later than this purpose may last."""

    sentence = _l(
        "La fecha final no es posible para este propósito. Puede durar a lo más 30 días si es consular o de retorno."
    )
    field = "expires_on"


class NotCollectedHere(Refused):
    sentence = _l("Este consentimiento no se recoge en Acogida.")
    field = "purpose"


class NotYetAsked(Refused):
    """Only a consent that was given can be withdrawn or can end."""

    sentence = _l("Este consentimiento no está vigente.")


class Overdue(Refused):
    """Its last day has not come."""

    sentence = _l("Este consentimiento aún no vence.")


class Warning_(StrEnum):
    """What does not forbid, but must be said to whoever records it."""

    NOT_ALONE = "NOT_ALONE"
    FAMILY_INTERPRETS = "FAMILY_INTERPRETS"
    ASSENT_NOT_ASKED = "ASSENT_NOT_ASKED"
    CARER_NOT_PROVEN = "CARER_NOT_PROVEN"


def consent_ends_on(
    purpose: str,
    asked_on: date,
    wished: date | None,
    country: str = "ALL",
    *,
    child_until: date | None = None,
) -> date:
    """The last day of a consent, by the clock of its purpose (`clocks.yml`, CONSENT_*), or sooner as wished; a
    purpose with a clock of its own may not last longer. What another person answers for a child ends with the last day
    of childhood (`child_until`): one adult never consents for another. Raises Until."""
    last = _ends_on(purpose, asked_on, wished, country)
    return last if child_until is None else min(last, child_until)


def _ends_on(purpose: str, asked_on: date, wished: date | None, country: str) -> date:
    code = f"CONSENT_{purpose}" if purpose in GRAVE else "CONSENT_DEFAULT"
    rule = reference.clock_rule(code, asked_on, country)
    assert rule.value is not None
    latest = (
        asked_on + timedelta(days=rule.value) if rule.unit == "days" else _months_on(asked_on, rule.value)
    )
    if wished is None:
        return latest
    if wished < asked_on or (purpose in GRAVE and wished > latest):
        raise Until
    return wished


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def consent_warned_from(purpose: str, expires_on: date) -> date:
    """The day from which the end of a consent is announced (alert CONSENT_ENDS)."""
    return expires_on - timedelta(days=GRAVE_WARN_DAYS if purpose in GRAVE else WARN_DAYS)


def asked_apart(purpose: str) -> bool:
    """Whether a purpose is never bundled with others: it is asked on a page of its own, and the answer stands at
    no until somebody says yes."""
    return reference.code("consent_purpose", purpose).extra["bundled"] != "yes"


def may_consent(
    *,
    purpose: str,
    state: str,
    given_by: str,
    adult: bool,
    through_another: bool,
    alone: bool | None,
    form: str | None,
    country_named: bool,
    legal_advice_on: date | None,
    asked_on: date,
    age: int | None = None,
    assent: str | None = None,
) -> None:
    """Refuse an answer that this person cannot give for this purpose in this way. `through_another` says that
    another person's file is named as the one who answered; `age` and `assent` are a child's, the latter GIVEN,
    REFUSED or not asked."""
    if state not in ANSWERS:
        raise NotYetAsked
    if purpose in NEVER_HERE:
        raise NotCollectedHere
    if adult and (given_by not in OWN or through_another):
        raise AdultDecidesAlone
    if not adult and given_by not in FOR_A_CHILD:
        raise ChildNeedsCarer
    if purpose in NAMED_COUNTRY and not country_named and state != "NOT_ASKED":
        raise CountryMissing
    if state != "GIVEN":
        return
    if not form:
        raise FormMissing
    if assent_missing(adult=adult, given_by=given_by, age=age, assent=assent):
        raise AssentMissing
    if purpose in GRAVE:
        if alone is not True:
            raise AloneMissing
        if legal_advice_on is None or legal_advice_on > asked_on:
            raise AdviceMissing


def assent_missing(*, adult: bool, given_by: str, age: int | None, assent: str | None) -> bool:
    """Whether a child old enough has not been heard. What the child said is written down; a no does not close
    the door by itself (the carer and the worker talk with the child again)."""
    old_enough = not adult and given_by != "CHILD_ASSENT" and age is not None and age >= ASSENT_RECORDED
    return old_enough and assent not in ("GIVEN", "REFUSED")


def may_withdraw(state: str) -> None:
    """Only what was given can be withdrawn."""
    if state != "GIVEN":
        raise NotYetAsked


def consent_warnings(
    *,
    adult: bool,
    alone: bool | None,
    interpreter: str | None,
    age: int | None,
    given_by: str = "SELF",
    carer_proven: bool = True,
    assent: str | None = None,
) -> tuple[Warning_, ...]:
    """What to say to whoever records it: asked in front of others, a relative interprets, for a child of six or
    more that the child is asked too, and that the parent or guardian who answered is not proven to be one."""
    found = []
    if adult and alone is not True:
        found.append(Warning_.NOT_ALONE)
    if interpreter == "FAMILY_MEMBER":
        found.append(Warning_.FAMILY_INTERPRETS)
    if (
        not adult
        and age is not None
        and age >= ASSENT_ASKED
        and given_by != "CHILD_ASSENT"
        and assent is None
    ):
        found.append(Warning_.ASSENT_NOT_ASKED)
    if not adult and given_by in THROUGH_A_PERSON and not carer_proven:
        found.append(Warning_.CARER_NOT_PROVEN)
    return tuple(found)
