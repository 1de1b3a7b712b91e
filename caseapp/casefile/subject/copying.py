"""The copy of everything kept about one person, for that person: plain words in both languages and the same as data.

Every table that holds rows of the case is walked, also those of areas that are younger than this module, so that
nothing is forgotten. What is left out, and said to be left out:

| left out | why |
| --- | --- |
| every id and every other case, person, user (`…_id`, `other_…`) | they are other people, or mean nothing |
| sealed text that is not in `OWN` | staff wrote it and it may name a member of the family or whoever reported; it is read to the person on request, by somebody who has looked at it first |
| pairs of possible duplicates, search tokens, notices to staff | they are about other people, or about how we work |

Sealed codes of the person's own file are in the copy: it is handed to that person alone. Where a list says that a code is
never exported and what is shown outside instead (VOCABULARY A0, flag X), the copy says that: a shelter's word of an earlier
incident reads like any other refusal.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_babel import force_locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from caseapp.casefile.sentences import sentence
from caseapp.casefile.subject.words import COLUMNS, LISTS, TITLES
from caseapp.core import clock, crypto, reference
from caseapp.core.audit import AuditRow
from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, session
from caseapp.core.i18n import _
from caseapp.core.journal import CaseEvent
from caseapp.core.pages import day, moment
from caseapp.people.models import Case
from caseapp.places.models import Site

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
#: Sealed text that the person said or that is read out to them.
OWN: dict[str, tuple[str, ...]] = {
    "person": ("given_names", "surname_1", "surname_2", "also_known_as", "called_name", "gender_self"),
    "identity_document": ("number",),
    "contact": ("number", "code_word"),
    "placement_requirement": ("detail",),
    "stay": ("called_name", "life_critical"),
    "referral_member": ("life_critical",),
    "subject_request": ("what", "answer"),
    "property": ("whereabouts",),
    "guardian": ("name", "authority"),
    "legal_mandate": ("lawyer",),
    "best_interests": ("views",),
}
#: About other people, or about how we work.
NOT_THEIRS = frozenset(
    {
        "case_access",
        "case_event",
        "duplicate_candidate",
        "deadline_notice",
        "deadline_pause",
        "glass_access",
        "held_apart",
        "retention_item",
        "safety_separation",
    }
)
LANGUAGES = ("es", "en")


def copy_of(case: Case) -> bytes:
    """A ZIP of `es.html`, `en.html` and `data.json`. The acting role must see the case's rows (the worker does)."""
    crypto.load_keys([case.id])
    zone = session.scalars(sa.select(Site.timezone).where(Site.id == case.site_id)).one()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for lang in LANGUAGES:
            with force_locale(lang):
                told = gather(case, zone)
                archive.writestr(f"{lang}.html", _page(told, lang))
            if lang == "en":
                archive.writestr("data.json", json.dumps(told, ensure_ascii=False, indent=1))
    return packed.getvalue()


def gather(case: Case, zone: str) -> dict[str, Any]:
    """What is kept about the person of a case, in words of the running language."""
    readable = _readable()
    sections = [
        part for table, mapped in _tables() if table in readable and (part := _section(table, mapped, case.id, zone))
    ]  # fmt: skip
    return {
        "number": case.number,
        "opened": day(case.opened_on),
        "closed": day(case.closed_on) if case.closed_on else "",
        "made": moment(clock.now(), zone),
        "sections": sections,
        "happened": _happened(case.id),
        "looked": _looked(case.id),
        "withheld": sum(part["withheld"] for part in sections),
    }


@cache
def _tables() -> tuple[tuple[str, type[Any]], ...]:
    """Mapped tables with a column `case_id`: those with a title first, in its order, then the others by name."""
    mapped = [(m.class_.__table__, m.class_) for m in Base.registry.mappers]
    found = {
        table.name: class_
        for table, class_ in mapped
        if "case_id" in table.columns and table.schema is None and table.name not in NOT_THEIRS
    }
    order = {name: n for n, name in enumerate(TITLES)}
    return tuple(sorted(found.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))


def _readable() -> frozenset[str]:
    """The tables that the acting role may read at all (one statement)."""
    rows = session.execute(
        sa.text(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' "
            "AND has_table_privilege(c.oid, 'SELECT')"
        )
    ).scalars()
    return frozenset(rows)


def _section(table: str, mapped: type[Any], case_id: UUID, zone: str) -> dict[str, Any] | None:
    rows = session.scalars(
        sa.select(mapped).where(mapped.case_id == case_id).order_by(*sa.inspect(mapped).primary_key)
    ).all()
    shown = [list(_facts(table, row, zone)) for row in rows]
    if not rows:
        return None
    title = TITLES.get(table)
    return {
        "name": table,
        "title": str(title) if title is not None else table.replace("_", " "),
        "rows": [[{"label": a, "value": b} for a, b in line] for line in shown if line],
        "withheld": sum(_withheld(table, row) for row in rows),
    }


def _texts(mapped: type[Any]) -> list[str]:
    return [v.name for c in mapped.__mro__ for v in vars(c).values() if isinstance(v, Encrypted)]


def _withheld(table: str, row: Any) -> int:
    """How many texts of a row are there and not shown."""
    own = OWN.get(table, ())
    return sum(getattr(row, f"{n}_sealed") is not None for n in _texts(type(row)) if n not in own)


def _facts(table: str, row: Any, zone: str) -> Iterator[tuple[str, str]]:
    for name in OWN.get(table, ()):
        text = getattr(row, name)
        if text:
            yield _column(name), text
    for column in row.__table__.columns:
        name = column.name
        if name in ("id", "version", "position", "sealed") or name.endswith(("_id", "_sealed", "_key")):
            continue
        if name.startswith("other_") or (value := getattr(row, column.key)) is None:
            continue
        words = _value(table, name, value, zone)
        if words:
            yield _column(name), words


def _column(name: str) -> str:
    known = COLUMNS.get(name)
    return str(known) if known is not None else name.replace("_", " ")


def _value(table: str, column: str, value: Any, zone: str) -> str:
    if isinstance(value, bool):
        return _("Sí") if value else _("No")
    if isinstance(value, datetime):
        return moment(value, zone)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, str):
        return _words(table, column, value)
    return str(value) if isinstance(value, int) else ""


def _words(table: str, column: str, code: str) -> str:
    labels: Sequence[tuple[str, Callable[[str], str]]] = (
        ("country", reference.country_label), ("issued_by", reference.country_label),
        ("language", reference.language_label),
    )  # fmt: skip
    for name, label in labels:
        if column == name:
            return label(code)
    for list_name in (LISTS.get((table, column), ""), f"{table}_{column}", column):
        if list_name and _is_list(list_name) and reference.known(list_name, code):
            return reference.label(list_name, _exported(list_name, code))
    return code


def _exported(list_name: str, code: str) -> str:
    """The code that leaves the system: one that is never exported (flag X) where the list names another for outside is
    that one, as its sender reads it."""
    found = reference.code(list_name, code)
    return (found.extra.get("shown_as") or code) if "X" in found.flags else code


@cache
def _is_list(name: str) -> bool:
    return (reference.ROOT / "codes" / f"{name}.csv").exists()


def _happened(case_id: UUID) -> list[dict[str, str]]:
    """The journal in sentences, with dates and without who wrote it."""
    events = session.scalars(
        sa.select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.effective_on, CaseEvent.position)
    ).all()  # fmt: skip
    found = []
    for event in events:
        words, about = sentence(event, inside=True)
        found.append({"day": day(event.effective_on), "text": f"{words}: {about}" if about else words})
    return found


def _looked(case_id: UUID) -> int:
    """How often the file was opened by somebody."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(AuditRow)
            .where(AuditRow.subject == "case", AuditRow.subject_id == case_id, AuditRow.act == "viewed")
        )
        or 0
    )


def _page(told: dict[str, Any], lang: str) -> str:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
    return made.get_template("casefile/subject/copy.html").render(told=told, lang=lang, _=_)
