"""What may be released, when and by whom: decisions on plain values."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

MONTHS = 12
LEAST_REASON = 10


class NotSteward(Refused):
    """Only a data steward of the country makes its releases."""

    sentence = _l("Solo quien administra los datos del país prepara su publicación.")


class NotApprover(Refused):
    """Only a release approver of the country decides on its releases."""

    sentence = _l("Solo quien aprueba las publicaciones del país puede decidir sobre esta.")


class OwnRelease(Refused):
    """Whoever made a release never approves it."""

    sentence = _l("Quien preparó la publicación no puede aprobarla. Debe decidir otra persona.")


class MonthNotOver(Refused):
    """A month is released after its last day."""

    sentence = _l("Este mes aún no termina. Se publica después de su último día.")
    field = "period"


class OutOfOrder(Refused):
    """Months are released one after the other."""

    sentence = _l("Los meses se publican en orden. Ahora sigue %(expected)s.")
    field = "period"


class ReleasedAlready(Refused):
    """One approved release for a country and month."""

    sentence = _l("Este mes ya está publicado.")
    field = "period"


class AnotherOpen(Refused):
    """The release before it must be decided first."""

    sentence = _l("Hay una publicación sin decidir. Decida primero sobre ella.")


class NotWaiting(Refused):
    """Only a release that awaits approval is approved or refused."""

    sentence = _l("Esta publicación no espera una decisión.")


class ReasonMissing(Refused):
    """A refusal says why."""

    sentence = _l("Escriba por qué se devuelve, para que se pueda corregir.")
    field = "reason"


class NotApproved(Refused):
    """Only what is approved leaves the house."""

    sentence = _l("Solo se exporta una publicación aprobada.")


class PeriodUnknown(Refused):
    """A period is a month such as 2025-09."""

    sentence = _l("Escriba el mes como año y dos cifras, por ejemplo 2025-09.")
    field = "period"


class NotConfirmed(Refused):
    """Where a site has not signed its month, the steward says why the release does not wait."""

    sentence = _l("Faltan sedes por firmar este mes. Espere sus firmas o elija por qué se publica sin ellas.")
    field = "unconfirmed_code"


class NotReleased(Refused):
    """Only a month that is released is revised."""

    sentence = _l("Este mes todavía no está publicado; no hay qué revisar.")
    field = "period"


class RevisionReasonMissing(Refused):
    """A revision says why, in a code and in a sentence for readers."""

    sentence = _l("Elija el motivo y escríbalo en una frase: aparece junto a cada cifra que cambia.")
    field = "reason"


class NothingToRevise(Refused):
    """No published cell differs enough from what is known today."""

    sentence = _l("Ninguna cifra publicada cambia lo suficiente: no hace falta una revisión.")


def month_after(period: str) -> str:
    """`2025-12` → `2026-01`."""
    year, month = int(period[:4]), int(period[5:7])
    return f"{year + month // MONTHS:04d}-{month % MONTHS + 1:02d}"


def is_month(text: str) -> bool:
    """Whether a text is a month."""
    return (
        len(text) == 7
        and text[4] == "-"
        and text[:4].isdigit()
        and text[5:].isdigit()
        and 1 <= int(text[5:]) <= MONTHS
    )


def is_over(period: str, today: date) -> bool:
    """Whether a month has ended."""
    return period < f"{today:%Y-%m}"


def may_make(
    period: str,
    *,
    today: date,
    country: str,
    steward_of: Collection[str],
    last_approved: str | None,
    has_open: bool,
) -> None:
    """Refuse a release that must not be made now (OUTSIDE.md; DISCLOSURE.md, The method, 5).

    In: the month asked for; the countries whose data steward asks; the last approved month of the country; whether
    another release of it waits. The first month ever may be any that is over.
    """
    if country not in steward_of:
        raise NotSteward
    if not is_month(period):
        raise PeriodUnknown
    if has_open:
        raise AnotherOpen
    if last_approved is not None and period <= last_approved:
        raise ReleasedAlready
    if last_approved is not None and period != month_after(last_approved):
        raise OutOfOrder(expected=month_after(last_approved))
    if not is_over(period, today):
        raise MonthNotOver


def may_decide(
    status: str, *, country: str, approver_of: Collection[str], made_by: UUID, by: UUID | None
) -> None:
    """Refuse a decision by somebody who may not take it, or on a release that does not wait for one."""
    if country not in approver_of:
        raise NotApprover
    if by is None or by == made_by:
        raise OwnRelease
    if status != "AWAITING_APPROVAL":
        raise NotWaiting


def must_say_why(reason: str) -> str:
    """The reason of a refusal, without white space around it."""
    if len(reason.strip()) < 3:
        raise ReasonMissing
    return reason.strip()


def quarter_ended_by(period: str) -> str | None:
    """The quarter whose last month a month is (`2025-09` → `2025-Q3`), or None."""
    month = int(period[5:7])
    return f"{period[:4]}-Q{month // 3}" if month % 3 == 0 else None


def coverage_status(reporting: int, expected: int, *, is_confirmed: bool, is_empty: bool) -> str:
    """COMPLETE (all signed their month), PARTIAL or NO_COVERAGE: no site reported, and none was in service or nothing is
    published either. `is_empty` is about published cells, for whether anything was recorded is nobody's to know."""
    if not reporting and (is_empty or not expected):
        return "NO_COVERAGE"
    return "COMPLETE" if reporting >= expected and is_confirmed else "PARTIAL"


def must_explain(unconfirmed: int, code: str | None, known: Collection[str]) -> str | None:
    """Why a release does not wait for sites that have not signed; None where all have, whatever was given.

    Raises NotConfirmed where a site has not signed and no reason of the list was given.
    """
    if not unconfirmed:
        return None
    if code not in known:
        raise NotConfirmed
    return code


def may_revise(
    period: str, *, country: str, steward_of: Collection[str], editions: Collection[int], has_open: bool
) -> int:
    """Refuse a revision that must not be made now; otherwise the edition that it is.

    In: the month; the countries whose data steward asks; the approved editions of the month; whether another release
    of the country waits.
    """
    if country not in steward_of:
        raise NotSteward
    if not is_month(period):
        raise PeriodUnknown
    if not editions:
        raise NotReleased
    if has_open:
        raise AnotherOpen
    return max(editions) + 1


def must_give_reason(code: str, reason: str, known: Collection[str]) -> str:
    """The sentence that readers see beside a changed figure, on one line. Raises RevisionReasonMissing."""
    sentence = " ".join(reason.split())
    if code not in known or len(sentence) < LEAST_REASON:
        raise RevisionReasonMissing
    return sentence
