"""Referrals as pages show them. `seen_by_receiver` is the one view of the people of a referral: the preview
before sending, the receiver's page and the sender's record of what was shown are the same function."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import clock, crypto, reference
from caseapp.core.db import session
from caseapp.core.i18n import _, ngettext
from caseapp.deadline.show import clock_shown
from caseapp.people import present as people
from caseapp.people import queries as people_queries
from caseapp.people.models import Case, Person, PersonLanguage
from caseapp.referral import rules
from caseapp.referral.models import Referral
from caseapp.referral.queries import Subject
from caseapp.shelter.present import life_critical_lines, nights_text, requirements_text


@dataclass(frozen=True)
class Seen:
    """A person of a referral as the receiver reads them: chosen items and requirements, never needs."""

    case_id: UUID
    name: str
    facts: str
    requirements: str
    life: list[str]
    outcome: str


def seen_by_receiver(items: Collection[str], members: Sequence[Any], on: date) -> list[Seen]:
    """The people of a referral with the chosen items only. `members` are `ReferralMember`s, or the `Subject`s
    of one that is being written. A person whose case is no longer open to the reader is left out (two
    statements, one for keys, and one for relations where they are shown)."""
    ids = [m.case.id if isinstance(m, Subject) else m.case_id for m in members]
    asked = sa.select(Case.id, Person).join(Person, Person.case_id == Case.id)
    persons: dict[UUID, Person] = {
        row[0]: row[1] for row in session.execute(asked.where(Case.id.in_(ids), Case.erased_at.is_(None)))
    }
    crypto.load_keys(persons)
    languages: dict[UUID, list[str]] = {}
    if "LANGUAGES" in items:
        for row in session.execute(
            sa.select(PersonLanguage.case_id, PersonLanguage.language)
            .where(PersonLanguage.case_id.in_(ids))
            .order_by(PersonLanguage.position)
        ):
            languages.setdefault(row[0], []).append(row[1])
    names = {c: _name(p, items) for c, p in persons.items()}
    relations = _relations(names) if "RELATIONS" in items and len(names) > 1 else {}
    found = []
    for case_id, member in zip(ids, members, strict=True):
        if case_id not in persons:
            continue
        person = persons[case_id]
        facts = [
            people.age_text(person, on) if "AGE" in items else "",
            reference.label("sex_in_document", person.sex_in_document) if "SEX" in items else "",
            people.languages_text(languages.get(case_id, [])),
            relations.get(case_id, ""),
        ]
        critical = {line.partition("|")[0] for line in (member.life_critical or "").splitlines()}
        found.append(
            Seen(
                case_id, names[case_id], " · ".join(f for f in facts if f),
                requirements_text([r for r in member.requirements if r not in critical]),
                life_critical_lines(member.life_critical), getattr(member, "outcome", "WAITING"),
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class AsNow:
    """A member of a draft with the requirements as they are now, which is what sending will freeze."""

    case_id: UUID
    requirements: list[str]
    life_critical: str
    outcome: str = "WAITING"


def as_now(members: Sequence[Any]) -> list[AsNow]:
    """The members of a draft as they would be sent now."""
    needed = people_queries.requirements_of([m.case_id for m in members])
    found = []
    for member in members:
        own = sorted((r for r in needed if r.case_id == member.case_id), key=lambda r: r.requirement)
        life = "\n".join(f"{r.requirement}|{r.detail or ''}" for r in own if r.life_critical)
        found.append(AsNow(member.case_id, [r.requirement for r in own], life))
    return found


def _name(person: Person, items: Collection[str]) -> str:
    if "NAME" in items:
        return people.name_of(person)
    return person.called_name or (person.given_names or "").split(" ")[0] or _("Sin nombre conocido")


def _relations(names: Mapping[UUID, str]) -> dict[UUID, str]:
    """«madre o padre de Luis»: what is recorded and not disproved, with the words for what is only claimed."""
    found: dict[UUID, list[str]] = {}
    for row in people_queries.relations_among(names):
        if row.evidence == "DISPROVED":
            continue
        words = _(
            "%(relation)s de %(name)s",
            relation=reference.label("relation", row.relation).lower(),
            name=names[row.other_case_id],
        )
        if row.evidence == "CLAIMED":
            words += _(" (según dicen)")
        found.setdefault(row.case_id, []).append(words)
    return {case_id: ", ".join(lines) for case_id, lines in found.items()}


# -- lines and clocks ---------------------------------------------------------------------------------
STATE_TAGS = {
    "SENT": "info", "INFO_ASKED": "warning", "PART_ACCEPTED": "warning", "ACCEPTED": "good", "STARTED": "good",
    "COMPLETED": "good", "DECLINED": "neutral", "LAPSED": "urgent", "NOT_COMPLETED": "urgent",
}  # fmt: skip
PRIORITY_TAGS = {"IMMEDIATE": "urgent", "EMERGENCY": "urgent", "URGENT": "warning"}


def clock_of(found: Referral, timezone: str) -> dict[str, Any] | None:
    """The clock of a referral that waits for an answer, or None."""
    if found.state not in rules.AWAITING_RECEIVER or found.due_at is None:
        return None
    return clock_shown(
        found.due_at, timezone, start=found.sent_at, paused=found.paused_at is not None,
        rule=rule_text(found.priority), what=_("respuesta"),
    )  # fmt: skip


def rule_text(priority: str) -> str:
    """The rule of a priority in words, for the clock's focus: «Urgente: respuesta en 72 horas.»"""
    label = reference.label("referral_priority", priority)
    return _("%(priority)s: respuesta en %(time)s.", priority=label, time=answer_within(priority))


def answer_within(priority: str) -> str:
    """«60 minutos», «14 días»."""
    rule = reference.clock_rule(f"REFERRAL_{priority}", clock.now().date())
    units = {
        "minutes": ngettext("%(num)s minuto", "%(num)s minutos", rule.value or 0),
        "hours": ngettext("%(num)s hora", "%(num)s horas", rule.value or 0),
        "days": ngettext("%(num)s día", "%(num)s días", rule.value or 0),
    }
    return units[rule.unit or "days"]


def who_text(found: Referral, names: Mapping[UUID, str]) -> str:
    """«Lucha Prueba y 2 personas más», or the number where no name may be shown."""
    first = names.get(found.case_id) or _("Referencia %(number)s", number=found.number)
    others = len(found.members) - 1
    if others < 1:
        return first
    return ngettext("%(who)s y %(num)s persona más", "%(who)s y %(num)s personas más", others, who=first)


def kind_text(found: Referral) -> str:
    """The service as the acting team reads it."""
    return reference.outside_label("service_kind", found.kind) or reference.label(
        "service_kind", found.sector
    )


def nights_of(found: Referral) -> str:
    if found.first_night is None or found.last_night is None:
        return ""
    return nights_text(found.first_night, found.last_night)


def reason_text(found: Referral, *, own: bool) -> str:
    """Why it was declined, as the reader may read it: the receiver's own record, or what is shown outside."""
    if found.decline_reason is None:
        return ""
    return reference.label(
        "decline_reason", found.decline_reason if own else rules.shown_reason(found.decline_reason)
    )


def verb_texts() -> dict[str, str]:
    """A step of the history in words."""
    return {
        "send": _("Se envió"), "ask_info": _("Se pidió información"), "give_info": _("Se dio la información"),
        "accept": _("Se aceptó"), "accept_part": _("Se aceptó en parte"), "agree_part": _("Se estuvo de acuerdo con la parte"),
        "refuse_part": _("No se quiso separar a la familia"), "decline": _("No se aceptó"), "withdraw": _("Se retiró"),
        "lapse": _("Venció sin respuesta"), "start": _("Empezó"), "complete": _("Concluyó"),
        "not_complete": _("No se realizó"),
    }  # fmt: skip


def notice_text(kind: str) -> str:
    """A word to a team."""
    return {
        "ARRIVED": _("Nueva"), "NEXT_CONTACT": _("Avise al siguiente contacto"), "ESCALATED": _("Plazo vencido: avise a supervisión"),
        "LAPSED": _("Venció sin respuesta"), "INFO_ASKED": _("Piden información"), "INFO_GIVEN": _("Respondieron su pregunta"),
        "ACCEPTED": _("Aceptada"), "PART_ACCEPTED": _("Aceptada en parte: decida"), "DECLINED": _("No aceptada: busque otra opción"),
        "WITHDRAWN": _("Retirada"), "STARTED": _("Llegó"), "COMPLETED": _("Concluida"), "NOT_COMPLETED": _("No se realizó"),
    }[kind]  # fmt: skip
