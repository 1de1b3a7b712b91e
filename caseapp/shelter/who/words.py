"""The reasons of a choice in words. What is said is true of the site and of what was asked; why another site is not
among the choices is said nowhere."""

from __future__ import annotations

from datetime import datetime

from caseapp.core import reference
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day, duration
from caseapp.shelter.who.ranking import FRESH, Choice

GOOD, WARNING, NEUTRAL = "good", "warning", "neutral"


def reasons(choice: Choice, now: datetime) -> list[tuple[str, str]]:
    """Sentences with the kind of each (`good`, `warning`, `neutral`), in the order of the rules."""
    found = [(WARNING, _("falta el permiso de la autoridad para cambiar de estado"))] if choice.leave else []
    found.append(_together(choice))
    if choice.answers:
        found.append((GOOD, _labels(choice.answers)))
    if choice.misses:
        found.append((WARNING, _("no tiene: %(what)s", what=_labels(choice.misses))))
    if choice.overflow:
        found.append((WARNING, _("usaría plazas de contingencia")))
    if not choice.spares:
        idle = ngettext("%(num)s lugar", "%(num)s lugares", choice.idle)
        found.append((WARNING, _("dejaría sin uso %(places)s del cuarto", places=idle)))
    if choice.shared:
        spoken = ", ".join(reference.language_label(code) for code in choice.shared)
        found.append((GOOD, _("habla %(languages)s", languages=spoken)))
    if choice.strange:
        found.append(
            (
                WARNING,
                ngettext("%(num)s persona no encontrará su lengua", "%(num)s personas no encontrarán su lengua", choice.strange),
            )
        )  # fmt: skip
    found.append(_confirmed(choice, now))
    found.append(_distance(choice))
    free = _("libre después de esas noches")
    if choice.until is not None:
        free = _("libre hasta el %(day)s", day=day(choice.until))
    found.append((NEUTRAL, free))
    if choice.spot.longest is not None:
        found.append((NEUTRAL, longest(choice.spot.longest)))
    return found


def longest(nights: int) -> str:
    """«recibe hasta 5 noches», as on the lines of the pages."""
    return ngettext("recibe hasta %(num)s noche", "recibe hasta %(num)s noches", nights)


def _labels(codes: frozenset[str]) -> str:
    order = [c.code for c in reference.codes("placement_requirement")]
    return ", ".join(
        reference.label("placement_requirement", code).lower() for code in sorted(codes, key=order.index)
    )


def _together(choice: Choice) -> tuple[str, str]:
    people = sum(len(s.beds) for s in choice.seatings)
    if choice.rooms > 1:
        return WARNING, ngettext(
            "quedarían en %(num)s cuarto", "quedarían en %(num)s cuartos separados", choice.rooms
        )
    alone = choice.seatings[0].bay.one_household
    if people == 1:
        return GOOD, _("cuarto sin otras personas") if alone else _("cuarto compartido")
    return GOOD, _("todos en un cuarto, sin otras personas") if alone else _("todos en un cuarto compartido")


def _confirmed(choice: Choice, now: datetime) -> tuple[str, str]:
    at = choice.spot.confirmed_at
    if at is None:
        return WARNING, _("nadie ha confirmado sus lugares")
    said = _("lugares confirmados hace %(time)s", time=duration(now - at))
    return (GOOD if now - at <= FRESH else WARNING), said


def _distance(choice: Choice) -> tuple[str, str]:
    if choice.km is None:
        return NEUTRAL, _("no se conoce la distancia")
    return NEUTRAL, _("en el mismo municipio") if choice.km == 0 else _("a %(km)s km", km=choice.km)


def rules_in_words() -> list[str]:
    """The declared order, for the page and the documentation."""
    return [
        _("que no haga falta un permiso para cambiar de estado"),
        _("que todas las personas estén juntas"),
        _("que tenga lo que debería tener"),
        _("que no use plazas de contingencia"),
        _("que no deje sin uso más de la mitad de un cuarto"),
        _("que se hable su lengua"),
        _("que los lugares se hayan confirmado en las últimas 24 horas"),
        _("que esté más cerca"),
        _("que quede libre por más tiempo"),
    ]
