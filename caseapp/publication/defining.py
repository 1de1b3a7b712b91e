"""When a version of a definition takes force, and who publishes it: decisions on plain values.

A version counts from a month that no release has counted; its cubes are those of the whole year, or it begins with a
year. The database says the same (constraints and triggers of `released.definition`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.publication.rules import is_month, month_after

#: How many months ahead a version may take force.
MONTHS_AHEAD = 18


class NotDefinitionSteward(Refused):
    """Only a data steward of the country proposes its definitions."""

    sentence = _l("Solo quien administra los datos del país propone sus definiciones.")


class NotDefinitionApprover(Refused):
    """Only a release approver of the country publishes its definitions."""

    sentence = _l("Solo quien aprueba las publicaciones del país puede publicar una definición.")


class OwnDefinition(Refused):
    """Whoever wrote in a draft never publishes it."""

    sentence = _l("Quien escribió en este borrador no puede publicarlo. Debe decidir otra persona.")


class NotProposed(Refused):
    """Only a draft is proposed, and only what is proposed is decided on."""

    sentence = _l("Esta versión no está en ese paso. Vuelva a abrirla.")


class NothingChanges(Refused):
    """A version that says what the one in force says is none."""

    sentence = _l("El borrador dice lo mismo que la versión en vigor. Cambie algo antes de proponerlo.")


class WhyMissing(Refused):
    """A version says why it came about, for all to read."""

    sentence = _l("Escriba por qué cambia la definición. Lo leerá quien lea el catálogo.")
    field = "reason"


class NoteMissing(Refused):
    """What goes back says what to mend."""

    sentence = _l("Escriba qué hay que corregir.")
    field = "note"


class MonthUnknown(Refused):
    """A version takes force with the first day of a month."""

    sentence = _l("Elija un mes de la lista.")
    field = "valid_from"


class MonthReleased(Refused):
    """What is released is never counted anew."""

    sentence = _l("Ese mes ya se publicó o se está publicando. Elija un mes posterior.")
    field = "valid_from"


class AfterTheLast(Refused):
    """Versions follow one another."""

    sentence = _l("Otra versión vale desde ese mes o uno posterior. Elija un mes después.")
    field = "valid_from"


class CubeNotDrawn(Refused):
    """A year draws the same cubes from its first month to its last."""

    sentence = _l(
        "Esta definición necesita tablas que este año no se publican (%(cubes)s). Para que el trimestre y el año sumen "
        "todos sus meses, elija enero."
    )
    field = "valid_from"


class ReleaseRunning(Refused):
    """A release being asked for keeps the definitions as they are."""

    sentence = _l("En este momento se pide una publicación del país. Inténtelo de nuevo en unos minutos.")


def must_say_why(reason: str) -> str:
    """The reason of a version, without white space around it. Raises WhyMissing."""
    if len(reason.strip()) < 3:
        raise WhyMissing
    return reason.strip()


def must_say_what(note: str) -> str:
    """What to mend, without white space around it. Raises NoteMissing."""
    if len(note.strip()) < 3:
        raise NoteMissing
    return note.strip()


def months_to_choose(today: date, first_open: str | None) -> list[str]:
    """The months from which a version may count: from the first that no release has counted, or this one."""
    month = first_open or f"{today:%Y-%m}"
    found = [month]
    while len(found) < MONTHS_AHEAD:
        found.append(month_after(found[-1]))
    return found


def may_take_force(month: str, *, first_open: str | None, last: date | None) -> date:
    """The first day of a month from which a version may count.

    In: the month; the first that no release has counted (None: nothing released); from when the last published version
    counts. Raises MonthUnknown, MonthReleased, AfterTheLast.
    """
    if not is_month(month):
        raise MonthUnknown
    if first_open is not None and month < first_open:
        raise MonthReleased
    day = date.fromisoformat(f"{month}-01")
    if last is not None and day <= last:
        raise AfterTheLast
    return day


def must_be_drawn(month: str, *, needed: Collection[str], drawn: Collection[str] | None) -> None:
    """Refuse a version whose cubes the year does not draw, unless it begins with the year.

    In: `drawn`, the cubes of the year's earlier months; None where none of these is released by this installation.
    """
    missing = sorted(set(needed) - set(drawn)) if drawn is not None else []
    if missing and not month.endswith("-01"):
        raise CubeNotDrawn(cubes=", ".join(missing))


def may_publish(
    state: str, *, country: str, approver_of: Collection[str], writers: Collection[UUID], by: UUID | None
) -> None:
    """Refuse a decision by somebody who may not take it, or on a version that does not wait for one."""
    if country not in approver_of:
        raise NotDefinitionApprover
    if by is None or by in writers:
        raise OwnDefinition
    if state != "AWAITING_APPROVAL":
        raise NotProposed
