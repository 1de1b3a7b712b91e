"""Custody in words. A rank whose reason is sealed, and every rank of a person alone, reads the same on a page that
others may see; the reason itself stands on the private page of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import current_app, url_for

from caseapp.core import clock, reference
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day, hour, moment
from caseapp.custody import rules
from caseapp.custody.models import Custody, CustodyFollowUp, CustodySafeguard
from caseapp.custody.queries import Held
from caseapp.deadline.models import Deadline
from caseapp.deadline.show import clock_shown
from caseapp.people import present as people_present

STATE_KIND = {"HELD": "warning", "EXIT_ASKED": "warning", "RELEASED": "good"}
ANSWER_KIND = {"YES": "good", "NO": "urgent", "NOT_ASKED": "warning"}


def reason_outside(rank: str) -> str:
    """Why somebody stands where they stand, as a list may say it. Of adults alone it says one thing, so that it
    tells nothing of anybody."""
    if rank in rules.FAMILY_RANKS:
        return reference.label("tripartite_exit_rank", rank)
    return _("Persona adulta; el motivo está en la página privada de su expediente")


def standing_words(one: Held) -> str:
    """Where somebody stands, for a list."""
    placement = one.placement
    if placement.kind == "ALARM":
        return _("Niñez en detención") if one.child else _("Su familia incluye niñez en detención")
    if placement.rank is not None:
        return reason_outside(placement.rank)
    return {
        "NOT_STATION": _("No está en una estación migratoria"),
        "NOT_ASYLUM": _("No consta que solicite asilo: infórmele y anótelo"),
    }[placement.why or "NOT_STATION"]


def days_words(row: Custody, timezone: str) -> str:
    days = max(0, (clock.today(timezone) - row.since_on).days)
    return ngettext("%(num)s día", "%(num)s días", days) if days else _("hoy")


def called_words(found: CustodySafeguard | None, team: str, timezone: str) -> str:
    """Whether the child authority was called, which, and at what hour."""
    if found is None:
        return _("La autoridad de niñez no ha sido llamada")
    if team:
        return _("Se llamó a %(who)s: %(at)s", who=team, at=hour(found.at, timezone))
    return _("Se llamó a la autoridad de niñez: %(at)s", at=hour(found.at, timezone))


def refer_child(number: str) -> str | None:
    """The referral to the child authority, where this installation refers."""
    if "referral.new" not in current_app.view_functions:
        return None
    return url_for("referral.new", number=number, kind="CHILD_PROTECTION", priority="IMMEDIATE")


def queue_row(one: Held, teams: dict[UUID, str], timezone: str) -> dict[str, Any]:
    """One line of the queue or of the alarms."""
    number = one.case.number
    href = url_for("custody.show", number=number)
    alarm = one.placement.kind == "ALARM"
    called = teams.get(one.called.called_team_id or one.case.id, "") if one.called else ""
    return {
        "who": people_present.name_of(one.person),
        "number": number,
        "href": href,
        "why": standing_words(one),
        "called": called_words(one.called, called, timezone) if alarm and one.child else "",
        "is_called": one.called is not None,
        "since": days_words(one.custody, timezone),
        "since_iso": one.custody.since_at.isoformat(timespec="minutes"),
        "agreed": day(one.custody.exit_agreed_on),
        "agreed_past": bool(one.custody.exit_agreed_on and one.custody.exit_agreed_on < clock.today(timezone)),
        "release": url_for("custody.release", number=number, custody_id=one.custody.id),
        "refer": refer_child(number) if alarm and one.child else None,
    }  # fmt: skip


def custody_row(row: Custody, stations: dict[UUID, str], timezone: str) -> dict[str, Any]:
    """One time in custody."""
    where = stations.get(row.station_id) if row.station_id else None
    exit_words = reference.label("custody_exit", row.exit_code) if row.exit_code else ""
    state = {
        "HELD": _("En custodia"),
        "EXIT_ASKED": _("Salida por confirmar: %(how)s", how=exit_words),
        "RELEASED": _("Salió: %(how)s", how=exit_words),
    }[row.state]
    return {
        "row": row,
        "state": state,
        "kind": STATE_KIND[row.state],
        "where": where or place_name(row.place),
        "facts": [
            {"label": _("Autoridad"), "value": reference.label("custody_authority", row.authority)},
            {"label": _("Desde"), "value": moment(row.since_at, timezone)},
            {"label": _("Motivo que se dio"), "value": reference.label("custody_basis", row.basis)},
        ],
        "exit": day(row.exit_on),
        "agreed": day(row.exit_agreed_on),
    }


def place_name(pcode: str) -> str:
    try:
        return reference.admin1_named(pcode).name
    except reference.CodeUnknown:
        return pcode


def safeguard_rows(
    row: Custody, answers: dict[str, CustodySafeguard], teams: dict[UUID, str], timezone: str
) -> list[dict[str, Any]]:
    """Each safeguard with its answer and hour; what is missing stands there as missing."""
    found = []
    for code in rules.asked_of(row.child):
        kept = answers.get(code)
        answer = kept.answer if kept else "NOT_ASKED"
        words = (
            reference.label("blanks", answer) if answer == "NOT_ASKED" else reference.label("yes_no", answer)
        )
        who = teams.get(kept.called_team_id, "") if kept and kept.called_team_id else ""
        at = moment(kept.at, timezone) if kept and answer != "NOT_ASKED" else ""
        found.append(
            {
                "label": reference.label("custody_safeguard", code), "answer": words,
                "kind": "urgent" if code == rules.CHILD_AUTHORITY_CALLED and answer != "YES" else ANSWER_KIND[answer],
                "at": " · ".join(p for p in (who, at) if p),
            }
        )  # fmt: skip
    return found


def follow_up_row(found: CustodyFollowUp) -> dict[str, str]:
    return {
        "step": _("A las 72 horas") if found.step == "FIRST" else _("A los 30 días"),
        "outcome": reference.label("custody_follow_up", found.outcome),
        "on": day(found.done_on),
        "kind": "urgent" if found.outcome == "RE_DETAINED" else "warning" if found.outcome == "NOT_FOUND" else "good",
    }  # fmt: skip


def clock_row(found: Deadline, timezone: str) -> dict[str, Any]:
    """A clock of custody as the `clock` component takes it."""
    what = reference.label("clock", found.rule)
    return clock_shown(
        found.due_at, timezone, start=found.started_at, paused=found.state == "PAUSED", what=what
    )


# -- the private page of the file ---------------------------------------------------------------------
def order_private(rows: Sequence[Custody], mine: Held | None) -> list[str]:
    """Why the person stands, or stood, where they do in the order of exit: for those who hold the file, alone."""
    found = []
    if mine is not None and mine.placement.rank is not None:
        rank = reference.label("tripartite_exit_rank", mine.placement.rank)
        found.append(_("En el orden de salida: %(rank)s", rank=rank))
    for row in rows:
        if row.rank is not None:
            rank = reference.label("tripartite_exit_rank", row.rank)
            found.append(_("Salió el %(day)s: %(rank)s", day=day(row.exit_on), rank=rank))
    return found
