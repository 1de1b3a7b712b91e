"""Entries of the registers in words, for a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import url_for

from caseapp.core import reference
from caseapp.core.i18n import _, _l, language, ngettext
from caseapp.core.pages import day
from caseapp.programme.models import (
    JointProject,
    NetworkCapacity,
    OfficialTraining,
    Participation,
    ProgrammeEnrolment,
)
from caseapp.programme.rules import COLUMNS, SMALL
from caseapp.programme.service import Row

TITLES = {
    "trainings": _l("Capacitaciones de personal público"), "projects": _l("Proyectos y programas"),
    "participation": _l("Participación en proyectos y programas"), "costs": _l("Costos unitarios"),
    "capacity": _l("Plazas de albergues fuera de Acogida"), "enrolments": _l("Inscripciones en programas"),
}  # fmt: skip
NEW = {
    "trainings": _l("Anotar una capacitación"), "projects": _l("Anotar un proyecto"),
    "participation": _l("Anotar participación"), "costs": _l("Anotar un costo"),
    "capacity": _l("Anotar plazas"), "enrolments": _l("Anotar inscripciones"),
}  # fmt: skip


def lead(kind: str, own: int) -> str:
    """What a register holds and does not, where that must be said. `own`: shelters whose places are kept in Acogida."""
    if kind == "capacity":
        return ngettext(
            "Lo que informan los albergues que no se llevan en Acogida. El albergue que sí se lleva aquí se cuenta solo.",
            "Lo que informan los albergues que no se llevan en Acogida. Los %(num)s que sí se llevan aquí se cuentan solos.",
            own,
        )
    if kind == "enrolments":
        return _(
            "Lo que informan otras instituciones de sus programas. Los grupos de menos de cinco personas se anotan sin número."
        )
    return ""


def shown(kind: str, row: Row, codes: Mapping[UUID, str]) -> dict[str, Any]:
    """A line of a register's list: what, when, how many, and where it is corrected."""
    what, when, many = _words(row, codes)
    return {
        "what": what,
        "when": when,
        "many": many,
        "withdrawn": row.withdrawn_at is not None,
        "correct": url_for("programme.correct", kind=kind, entry_id=row.id),
    }


def _words(row: Row, codes: Mapping[UUID, str]) -> tuple[str, str, str]:
    if isinstance(row, OfficialTraining):
        what = [
            reference.label("official_training_topic", row.topic),
            reference.label("public_institution", row.institution),
        ]
        return (
            " · ".join([*what, reference.place_name(row.place)]),
            day(row.held_on),
            str(row.women + row.men + row.others),
        )
    if isinstance(row, JointProject):
        name = row.name_en if language() == "en" else row.name_es
        what = [row.code, name, reference.label("project_kind", row.kind), reference.place_name(row.place)]
        return " · ".join(what), _span(row.starts_on, row.ends_on), ""
    if isinstance(row, Participation):
        what = [
            codes.get(row.project_id, ""), reference.label("participant", row.population),
            reference.label("sex_in_figures", row.sex), reference.label("age_band", row.age_band),
        ]  # fmt: skip
        return " · ".join(what), day(row.held_on), str(row.heads)
    if isinstance(row, NetworkCapacity):
        many = _("%(usable)s de %(beds)s utilizables", usable=row.usable, beds=row.beds)
        return codes.get(row.site_id, ""), day(row.reported_on), many
    if isinstance(row, ProgrammeEnrolment):
        groups = [
            reference.label(name, code) for name, code in (("sex_in_figures", row.sex), ("age_band", row.age_band)) if code
        ]  # fmt: skip
        what = [codes.get(row.project_id, ""), *(groups or [_("Todas las personas")]), row.source]
        return " · ".join(what), row.period, SMALL if row.enrolled is None else str(row.enrolled)
    what = [reference.label("service_kind", row.service_kind), row.source]
    return " · ".join(what), _span(row.valid_from, row.valid_to), f"{row.amount} {row.currency}"


def _span(first: Any, last: Any) -> str:
    if last is None:
        return _("desde %(day)s", day=day(first))
    return _("%(first)s a %(last)s", first=day(first), last=day(last))


def typed_of(kind: str, row: Row, codes: Mapping[UUID, str]) -> dict[str, str]:
    """An entry as it would be typed, for the form that corrects it."""
    values = {c.name: getattr(row, c.name, None) for c in COLUMNS[kind]}
    if isinstance(row, Participation | ProgrammeEnrolment):
        values["project"] = codes.get(row.project_id, "")
    if isinstance(row, NetworkCapacity):
        values["site"] = codes.get(row.site_id, "")
    if isinstance(row, ProgrammeEnrolment) and row.enrolled is None:
        values["enrolled"] = SMALL
    return {name: "" if value is None else str(value) for name, value in values.items()}
