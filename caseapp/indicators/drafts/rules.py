"""What is wrong with a draft, what it changes, and who may write one: decisions on plain values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.indicators.catalogue import BASES, DIRECTIONS, KNOWN, MEASURES, Indicator
from caseapp.indicators.drafts import entry as entries
from caseapp.indicators.versions import EntryRefused


class NotSteward(Refused):
    """Only a data steward of the country writes its definitions."""

    sentence = _l("Solo quien administra los datos del país redacta sus definiciones.")


class DraftOpen(Refused):
    """One draft of an indicator at a time."""

    sentence = _l("Ya hay un borrador de este indicador. Siga con él o descártelo.")


class NotDraft(Refused):
    """What waits for a second person, or is published, is not written in."""

    sentence = _l("Esta versión ya no es un borrador. Retírela de la espera para cambiarla.")


#: What each part of the form must hold, in words; the catalogue's own check finds where it does not.
SENTENCES: Mapping[str, Any] = {
    "name": _l("Escriba el nombre en los dos idiomas."),
    "definition": _l("Escriba la definición en los dos idiomas."),
    "numerator": _l("Escriba en los dos idiomas qué se cuenta."),
    "denominator": _l("Escriba en los dos idiomas entre qué se divide. Solo una proporción lo lleva."),
    "domain": _l("Elija uno de los conjuntos de hechos de la lista."),
    "measure": _l(
        "Elija una medida de la lista. Una mediana necesita una duración, y el dinero un costo; solo ellos los llevan."
    ),
    "unit": _l("Esta unidad no corresponde a la medida o a lo que se cuenta."),
    "basis": _l("Este conjunto de hechos no puede contarse así."),
    "direction": _l("Elija cómo se lee la cifra."),
    "select": _l("Ninguna tabla publicada de este conjunto tiene juntas estas opciones. Quite alguna."),
    "part": _l(
        "Elija lo que va arriba: parte de lo de abajo, en la misma tabla. Solo una proporción lo lleva."
    ),
    "of": _l("Elija lo que va abajo, en la misma tabla que lo de arriba. Solo una proporción lo lleva."),
    "public": _l("Elija un número público del mismo ritmo que el conjunto de hechos."),
    "bands": _l("Elija una duración que esté en este conjunto de hechos. Solo una mediana la lleva."),
    "unit_cost": _l("Escriba lo que cuesta una unidad, con dos decimales o menos. Solo el dinero lo lleva."),
    "over": _l(
        "Elija otros conjuntos que se sumen como este. Solo una proporción de hechos, sin nada marcado abajo, los lleva."
    ),
    "disaggregations": _l("Este desglose no está en la tabla de donde sale la cifra. Quítelo."),
    "source": _l("Diga de dónde viene la definición."),
}
_BOTH = ({"es": "-", "en": "-"},)
#: What is put in the place of a word that is wrong or missing, so that the others are checked too.
_INSTEAD: Mapping[str, Any] = {
    "part": ({},), "of": ({},), "source": (["own"],), "name": _BOTH, "definition": _BOTH, "numerator": _BOTH,
    "denominator": _BOTH, "direction": DIRECTIONS, "unit": tuple(unit for each in MEASURES.values() for unit in each),
    "basis": tuple(basis for each in BASES.values() for basis in each),
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """A word of the entry that the catalogue does not take, with the keys below it, and its reason."""

    word: str
    at: tuple[str, ...]
    reason: str

    @property
    def sentence(self) -> Any:
        """What the word must hold, for whoever typed it."""
        return SENTENCES.get(self.word, Refused.sentence)


def problems(code: str, entry: Mapping[str, Any]) -> list[Problem]:
    """Everything that the catalogue's check refuses of an entry, one problem a word, in its order.

    The check stops at the first; something it takes is put in the place of what it names, and it is asked again.
    """
    found: dict[str, Problem] = {}
    tried: dict[str, Any] | None = dict(entry)
    while tried is not None:
        refusal = _refusal(code, tried)
        if refusal is None or refusal.word in found:
            break
        found[refusal.word] = refusal
        tried = _mended(code, tried, refusal.word)
    return list(found.values())


def _refusal(code: str, entry: Mapping[str, Any]) -> Problem | None:
    try:
        entries.checked(code, entry, number=1)
    except EntryRefused as refusal:
        return Problem(refusal.at[0] if refusal.at else "domain", refusal.at, refusal.reason)
    return None


def _mended(code: str, entry: Mapping[str, Any], word: str) -> dict[str, Any] | None:
    """An entry of which the check refuses another word, or none; None where nothing helps."""
    if word == "bands":
        return None  # without them the measure would be wrong as well
    without = {name: value for name, value in entry.items() if name != word}
    if word == "public":
        without["of"] = {}
    for one in (without, *(without | {word: instead} for instead in _INSTEAD.get(word, ()))):
        refusal = _refusal(code, one)
        if refusal is None or refusal.word != word:
            return one
    return None


def may_write(country: str, steward_of: Collection[str]) -> None:
    """Refuse whoever is not a steward of the country."""
    if country not in steward_of:
        raise NotSteward


#: Words that a reader sees and no figure depends on.
TEXTS = ("name", "definition", "numerator", "denominator", "direction", "source")


def changed(old: Indicator, new: Indicator) -> list[str]:
    """The words of the entry in which two definitions differ, in the order of the catalogue."""
    one, other = entries.entry_of(old), entries.entry_of(new)
    return [word for word in KNOWN if one.get(word) != other.get(word)]


def changes_figures(old: Indicator, new: Indicator) -> bool:
    """Whether a figure can differ, rather than its words alone."""
    return bool(set(changed(old, new)) - set(TEXTS))
