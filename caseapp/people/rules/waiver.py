"""Acting without consent: only on four legal bases, each with its reason, reviewed by a second person, and told to
the person as soon as it is safe (VOCABULARY A1). There is no "urgent" and no "other"."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from caseapp.core import reference
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

BASES = ("VITAL_INTEREST", "CHILD_BEST_INTERESTS", "LEGAL_DUTY", "LACKS_CAPACITY")
OUTCOMES = ("UPHELD", "NOT_UPHELD")


class NotNeeded(Refused):
    """The consent is there: nothing is overridden by default."""

    sentence = _l("Esta persona ya dio su consentimiento. No hace falta una base legal.")
    field = "basis"


class NeverWithoutConsent(Refused):
    sentence = _l("Para este propósito no existe base legal sin consentimiento.")
    field = "basis"


class BasisUnknown(Refused):
    sentence = _l("Elija una de las cuatro bases legales.")
    field = "basis"


class BasisReasonMissing(Refused):
    sentence = _l("Escriba en qué consiste la base legal.")
    field = "basis_reason"


class ArticleMissing(Refused):
    """A legal duty stands in an article."""

    sentence = _l("Escriba qué artículo de qué ley obliga, por ejemplo: artículo 43 de la Ley de Migración.")
    field = "basis_reason"


class BasisOnlyForChild(Refused):
    sentence = _l("El interés superior se aplica solo a niñas y niños.")
    field = "basis"


class SecondPersonReviews(Refused):
    """Whoever acted does not review it."""

    sentence = _l("Lo revisa otra persona, no quien actuó.")


class AlreadyReviewed(Refused):
    sentence = _l("Otra persona ya lo revisó.")
    status = 409


class OutcomeMissing(Refused):
    sentence = _l("Elija si se sostiene o no.")
    field = "outcome"


class NoteMissing(Refused):
    """Not upheld without saying why helps nobody."""

    sentence = _l("Escriba por qué no se sostiene.")
    field = "note"


class ToldBefore(Refused):
    """The person is told after it happened, and not in the future."""

    sentence = _l("La fecha va desde el día en que se actuó hasta hoy.")
    field = "told_on"


class ChildOfficerActs(Refused):
    """What is best for a child is for whoever has the child-protection role to say (flag C)."""

    sentence = _l("El interés superior lo aplica la oficialía de niñez. Pídaselo o elija otra base.")
    field = "basis"


REFUSALS: dict[str, type[Refused]] = {
    "CONSENT_THERE": NotNeeded,
    "NEVER_WITHOUT_CONSENT": NeverWithoutConsent,
    "BASIS_UNKNOWN": BasisUnknown,
    "REASON_MISSING": BasisReasonMissing,
    "ARTICLE_MISSING": ArticleMissing,
    "ONLY_FOR_A_CHILD": BasisOnlyForChild,
    "CHILD_OFFICER_ACTS": ChildOfficerActs,
}


def bases_for(*, officer: bool) -> tuple[str, ...]:
    """The bases that a form offers: one with the flag C only to whoever has the child-protection role."""
    return tuple(b for b in BASES if officer or "C" not in reference.code("no_consent_basis", b).flags)


def why_not_waive(
    purpose: str, basis: str, reason: str, *, child: bool, consented: bool = False, officer: bool = True
) -> str | None:
    """Why nobody may act for this purpose without consent on this basis, as a code of `REFUSALS`, or None. The
    reason is what the basis asks for: the risk, the authority that decided, the article, who decided and how.
    `officer`: whoever acts has the child-protection role, which a basis with the flag C asks for."""
    if consented:
        return "CONSENT_THERE"
    if reference.code("consent_purpose", purpose).extra["without_consent"] != "yes":
        return "NEVER_WITHOUT_CONSENT"
    if basis not in BASES:
        return "BASIS_UNKNOWN"
    if not reason.strip():
        return "REASON_MISSING"
    if basis == "LEGAL_DUTY" and not any(c.isdigit() for c in reason):
        return "ARTICLE_MISSING"
    if "C" in reference.code("no_consent_basis", basis).flags and not child:
        return "ONLY_FOR_A_CHILD"
    if "C" in reference.code("no_consent_basis", basis).flags and not officer:
        return "CHILD_OFFICER_ACTS"
    return None


def may_review(
    *, made_by: UUID | None, reviewer: UUID | None, reviewed: bool, outcome: str, note: str
) -> None:
    """Refuse a review by whoever acted, a second one, or a no without its reason."""
    if reviewed:
        raise AlreadyReviewed
    if reviewer is None or reviewer == made_by:
        raise SecondPersonReviews
    if outcome not in OUTCOMES:
        raise OutcomeMissing
    if outcome == "NOT_UPHELD" and not note.strip():
        raise NoteMissing


def may_tell(*, made_on: date, told_on: date, today: date) -> None:
    """Refuse a day before the act, or one that has not come."""
    if not made_on <= told_on <= today:
        raise ToldBefore
