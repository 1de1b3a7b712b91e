"""Referrals as pages show them. `seen_by_receiver` is the one view of the people of a referral: the preview
before sending, the receiver's page and the sender's record of what was shown are the same function."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.queries import site_of
from caseapp.core import clock, crypto, reference
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day
from caseapp.deadline.show import clock_shown
from caseapp.people import present as people
from caseapp.people import queries as people_queries
from caseapp.people.models import Case, Person, PersonLanguage
from caseapp.referral import kinds, rules
from caseapp.referral.models import Referral, ReferralNights
from caseapp.referral.rules import unlocking
from caseapp.referral.service.depending import Dependant
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter.models import GIVEN, Stay
from caseapp.shelter.present import life_critical_lines, nights_text, requirements_text


@dataclass(frozen=True)
class Seen:
    """A person of a referral as the receiver reads them: chosen items and requirements, never needs."""

    case_id: UUID
    name: str
    facts: str
    requirements: str
    life: list[str]
    contact: list[str]
    documents: list[str]
    outcome: str


def seen_by_receiver(kind: str, items: Collection[str], members: Sequence[Any], on: date) -> list[Seen]:
    """The people of a referral with the chosen items only, and of requirements those that the kind carries. `members` are `ReferralMember`s, or for a draft what
    `showing.as_sent` says of them. A person whose case is no longer open to the reader is left out (two
    statements, one for keys, and one for relations where they are shown)."""
    ids = [m.case_id for m in members]
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
    names = {c: name_seen(p, items) for c, p in persons.items()}
    relations = _relations(names) if "RELATIONS" in items and len(names) > 1 else {}
    return [
        _seen(kind, member, names[member.case_id], _facts(
            persons[member.case_id], items, languages.get(member.case_id, []), relations.get(member.case_id, ""), on
        ))
        for member in members
        if member.case_id in persons
    ]  # fmt: skip


def _facts(person: Person, items: Collection[str], languages: list[str], relations: str, on: date) -> str:
    facts = (
        people.age_text(person, on) if "AGE" in items else "",
        reference.label("sex_in_document", person.sex_in_document) if "SEX" in items else "",
        people.languages_text(languages),
        relations,
    )
    return " · ".join(f for f in facts if f)


def _seen(kind: str, member: Any, name: str, facts: str) -> Seen:
    life = kinds.carried_lines(kind, member.life_critical)
    critical = {line.partition("|")[0] for line in life.splitlines()}
    others = [r for r in kinds.carried(kind, member.requirements) if r not in critical]
    return Seen(
        member.case_id, name, facts, requirements_text(others), life_critical_lines(life or None), [_contact(line) for line in (member.contact or "").splitlines()],
        [_document(line) for line in (member.documents or "").splitlines()], member.outcome,
    )  # fmt: skip


def _contact(line: str) -> str:
    rule, number, via, hours, language = line.split("|")
    parts = (
        reference.label("contact_rule", rule), number, via, hours, reference.language_label(language) if language else "",
    )  # fmt: skip
    return " · ".join(p for p in parts if p)


def _document(line: str) -> str:
    kind, country, until = line.split("|")
    parts = (
        reference.label("document_type", kind), reference.country_label(country) if country else "",
        _("hasta el %(day)s", day=day(date.fromisoformat(until))) if until else "",
    )  # fmt: skip
    return " · ".join(p for p in parts if p)


def name_seen(person: Person, items: Collection[str]) -> str:
    """The name as somebody reads it to whom these items are shown."""
    if "NAME" in items:
        return people.name_of(person)
    return person.called_name or (person.given_names or "").split(" ")[0] or _("Sin nombre conocido")


def item_texts() -> dict[str, str]:
    """What may be shown of each person, in words."""
    return {
        "NAME": _("Nombre completo"), "AGE": _("Edad"), "SEX": _("Sexo en el documento"), "LANGUAGES": _("Lenguas"),
        "RELATIONS": _("Vínculos familiares"), "REQUIREMENTS": _("Lo que un lugar debe tener"),
        "CONTACT": _("Cómo comunicarse sin riesgo"), "DOCUMENTS": _("Qué documentos tiene, sin número"),
    }  # fmt: skip


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


def names_in(found: Sequence[Referral], who: Principal) -> dict[UUID, str]:
    """The first person of each referral as a list names them: what they are called, else the name, of which a
    receiver to whom the full name is not shown reads the first word."""
    names = {}
    summaries = people_queries.summary_of([r.case_id for r in found])
    for referral in found:
        known = summaries.get(referral.case_id)
        if known is None:
            continue
        whole = "NAME" in referral.items or referral.from_team_id in who.case_teams
        name = known.called or (known.name if whole else known.name.split(" ")[0])
        names[referral.case_id] = name
    return names


def kind_text(found: Referral) -> str:
    """The service as the acting team reads it."""
    return reference.outside_label("service_kind", found.kind) or reference.label(
        "service_kind", found.sector
    )


def nights_of(found: Referral) -> str:
    if found.first_night is None or found.last_night is None:
        return ""
    return nights_text(found.first_night, found.last_night)


def no_place_kept(found: Referral, stays: Sequence[Stay]) -> bool:
    """Whether a yes was given outside the system, of a shelter that counts its places here, and none of them is booked:
    nothing was held, or its time had come. `stays`: those of the referral that keep a place."""
    said = found.state in ("ACCEPTED", "PART_ACCEPTED") and found.answer_channel != "SYSTEM"
    if not said or found.kind not in kinds.GIVES_PLACES or any(s.state in GIVEN for s in stays):
        return False
    site = site_of(found.to_team_id)
    return site is not None and shelter_queries.keeps_places(found.to_team_id, site)


def reason_text(found: Referral, *, own: bool) -> str:
    """Why it was declined, as the reader may read it: the receiver's own record, or what is shown outside."""
    if found.decline_reason is None:
        return ""
    return reference.label(
        "decline_reason", found.decline_reason if own else rules.shown_reason(found.decline_reason)
    )


def unlocks_text(found: Referral) -> str:
    """What would make it possible, in words: «Sin gradas · desde el 25 nov 2025»."""
    if found.decline_reason is None:
        return ""
    list_name = (
        "placement_requirement" if unlocking.ASKED[found.decline_reason].group == "TRAIT" else unlocking.LIST
    )
    since = ""
    if found.unlocks_on and found.unlocks_hour is not None:
        since = _(
            "desde el %(day)s a las %(hour)s", day=day(found.unlocks_on), hour=f"{found.unlocks_hour}:00"
        )
    elif found.unlocks_on:
        since = _("desde el %(day)s", day=day(found.unlocks_on))
    parts = (
        reference.label(list_name, found.unlocks_code) if found.unlocks_code else "", since, found.unlocks or "",
    )  # fmt: skip
    return " · ".join(p for p in parts if p)


def nights_changed(rows: Sequence[ReferralNights]) -> list[str]:
    """«Antes: 23 a 25 nov · Llegan después», one line for each change, the original first."""
    return [
        _(
            "Antes: %(nights)s · %(reason)s",
            nights=nights_text(r.first_before, r.last_before),
            reason=reference.label("nights_change_reason", r.reason),
        )
        for r in rows
    ]


def dependants_shown(found: Sequence[Dependant]) -> list[dict[str, Any]]:
    """What hangs on a referral, with what becomes of each, for the page before a withdrawal."""
    names = {s.case_id: s.called_name for d in found for s in d.stays}
    return [
        {
            "what": _(
                "%(service)s en %(team)s (%(number)s)", service=kind_text(d.referral), team=d.referral.to_team.name,
                number=d.referral.number,
            ),
            "who": ngettext("%(num)s persona", "%(num)s personas", len(d.referral.members)),
            "stays": [
                f"{names[s.case_id]}: {nights_text(s.first_night, s.last_night)}" for s in d.stays if names[s.case_id]
            ],
            "fate": _("se retira también") if d.goes else _("sigue: ya empezó"),
            "kind": "warning" if d.goes else "neutral",
        }
        for d in found
    ]  # fmt: skip


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
        "NOBODY_THERE": _("Nadie entra a esa bandeja: llame o haga una página"), "LINK_LOCKED": _("Cinco códigos falsos: la página se cerró"),
        "NIGHTS_CHANGED": _("Cambiaron las noches"), "REVIEW": _("Falta que otra persona revise el motivo"),
        "PLACE_OFFERED": _("Hay un cupo para quienes esperan"), "PERSON_LEFT": _("Una persona ya no va"),
        "REMINDER": _("El plazo se acerca: responda"), "CALL_DUTY": _("No responden: llame al teléfono de guardia"),
        "CLOCK_GOES_ON": _("La pausa terminó: el plazo sigue"), "NOT_BEGUN": _("Aceptada y nadie ha llegado: pregunte qué pasó"),
        "PERSON_MISSING": _("Una persona no llegó: búsquela"), "CONSENT_ENDED": _("Venció un consentimiento: pregunte de nuevo"),
    }[kind]  # fmt: skip
