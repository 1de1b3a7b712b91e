"""The parts of `/today` about consent: what ends soon, where somebody acted without it and a second person must look,
and of what a person has not been told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import url_for

from caseapp.casefile.queries.consent import Turn
from caseapp.core import reference
from caseapp.core.i18n import _
from caseapp.core.pages import day

Row = Callable[..., dict[str, Any]]


def rows(turns: Sequence[Turn], what: str, names: Mapping[UUID, str], row: Row) -> list[dict[str, Any]]:
    """The rows of one part; `row` makes a row of the page."""
    show = {"ENDING": _ending, "REVIEW": _review, "TELL": _tell}[what]
    return [show(turn, names, row) for turn in turns if turn.what == what]


def _ending(turn: Turn, names: Mapping[UUID, str], row: Row) -> dict[str, Any]:
    why = _(
        "%(purpose)s: termina el %(day)s",
        purpose=reference.label("consent_purpose", turn.purpose),
        day=day(turn.on),
    )
    file = url_for("casefile.show", number=turn.number)
    ask = url_for("people.consents", number=turn.number, purpose=turn.purpose)
    return row(turn.case_id, names, file, why, turn.at, _("Preguntar de nuevo"), next_href=ask)


def _review(turn: Turn, names: Mapping[UUID, str], row: Row) -> dict[str, Any]:
    return _waived(turn, names, row, _("Revisar"))


def _tell(turn: Turn, names: Mapping[UUID, str], row: Row) -> dict[str, Any]:
    return _waived(turn, names, row, _("Decírselo"))


def _waived(turn: Turn, names: Mapping[UUID, str], row: Row, step: str) -> dict[str, Any]:
    purpose = reference.label("consent_purpose", turn.purpose)
    why = f"{purpose} · {reference.label('no_consent_basis', turn.basis or '')}"
    href = url_for("people.waiver", number=turn.number, waiver_id=turn.id)
    return row(turn.case_id, names, href, why, turn.at, step)
