"""A made-up family, and what a caseworker does for it on the pages: register, ask, screen, refer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.journeys.walk import Walker


@dataclass(frozen=True)
class Member:
    """One person as typed at the desk. `birth`: day, month, year; or a year; or an age in words."""

    given: str
    surnames: tuple[str, str]
    sex: str
    birth: tuple[str, ...] = ()
    age: str = ""
    relation: str = ""
    evidence: str = "Consta en un documento"


ROSA = Member("Rosa Elena", ("Mejía", "Lagos"), "Femenino", ("14", "05", "1991"))
WALTER = Member("Walter Antonio", ("Paz", "Romero"), "Masculino", ("1988",), relation="Pareja")
KEVIN = Member("Kevin Josué", ("Paz", "Mejía"), "Masculino", age="13", relation="Hija o hijo")
DAYANA = Member("Dayana Sofía", ("Paz", "Mejía"), "Femenino", ("03", "09", "2017"), relation="Hija o hijo")
ABIGAIL = Member("Abigail", ("Paz", "Mejía"), "Femenino", ("21", "02", "2025"), relation="Hija o hijo")
FAMILY = (ROSA, WALTER, KEVIN, DAYANA, ABIGAIL)


def fill_member(desk: Walker, position: int, who: Member) -> Any:
    """Type one person into the family's form; returns the person's part of the page."""
    part = desk.page.locator(f"#members-{position}")
    desk.field("Nombres", part).fill(who.given)
    desk.field("Primer apellido", part).fill(who.surnames[0])
    desk.field("Segundo apellido", part).fill(who.surnames[1])
    if position:
        desk.pick("Es … de la primera persona", who.relation, part)
        desk.pick("Cómo consta el vínculo", who.evidence, part)
    fill_birth(desk, part, who)
    desk.pick("Sexo en el documento", who.sex, part)
    if not position:
        desk.pick("Nacionalidad", "Honduras", part)
        desk.pick("Situación de protección", "Persona solicitante de asilo", part)
    return part


def fill_birth(desk: Walker, part: Any, who: Member) -> None:
    """The birth as precisely as it is known."""
    if who.age:
        part.get_by_label("Edad estimada", exact=True).check()
        desk.field("Edad", part).fill(who.age)
        return
    if len(who.birth) == 1:
        part.get_by_label("Solo el año", exact=True).check()
    else:
        part.get_by_label("Fecha exacta", exact=True).check()
        desk.field("Día", part).fill(who.birth[0])
        desk.field("Mes", part).fill(who.birth[1])
    desk.field("Año", part).fill(who.birth[-1])


def ask_consent(desk: Walker, purpose: str) -> None:
    """Write down one answer of the adult whose page of consents is open."""
    desk.pick("Para qué", purpose)
    desk.choose("Respuesta", "Sí, da su consentimiento")
    if not desk.field("Cómo lo dio").input_value():
        desk.pick("¿Está a solas?", "Sí")
        desk.pick("Cómo lo dio", "Con firma")
    desk.press("Anotar respuesta")


#: Answers that say that nothing is wrong, in the order in which they are looked for.
CALM = ("NO", "NOTHING", "NO_DIFFICULTY", "NOT_ALONE", "NO_PREFERENCE", "NOT_NOW", "HAS", "PARENT", "NONE")


def start_screening(desk: Walker) -> None:
    """The conditions of a talk with one person, alone."""
    desk.choose("¿Está a solas con la persona?", "A solas")
    desk.choose("¿Nadie más puede oír ni ver?", "Sí")
    desk.choose("¿Quién interpreta?", "No hizo falta")
    desk.choose("¿Quien entrevista es del sexo", "Sí")
    desk.choose("¿Quien interpreta es del sexo", "No corresponde")


def answer_section(desk: Walker, answers: dict[str, str]) -> None:
    """Answer the questions of the section that is open: as given, and otherwise that nothing is wrong."""
    names = desk.page.eval_on_selector_all(
        "main fieldset input", "all => [...new Set(all.map(one => one.name))]"
    )
    for name in names:
        if name in answers and desk.page.locator(f"input[name={name}][type=text]").count():
            desk.page.fill(f"input[name={name}]", answers[name])
            continue
        for value in (answers[name],) if name in answers else CALM:
            found = desk.page.locator(f"input[name={name}][value={value}]")
            if found.count():
                found.check()
                break
