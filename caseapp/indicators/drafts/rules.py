"""What is wrong with a draft, what it changes, and who may write one: decisions on plain values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.indicators.catalogue import KNOWN, Indicator
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
    "measure": _l("Elija una medida de la lista. Una mediana necesita una duración, y solo ella la lleva."),
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
    "disaggregations": _l("Este desglose no está en la tabla de donde sale la cifra. Quítelo."),
    "source": _l("Diga de dónde viene la definición."),
}
#: What is put in the place of a word that is missing, so that the next one is checked too.
_STAND_IN: Mapping[str, Any] = {
    "part": {}, "of": {}, "denominator": {"es": "-", "en": "-"}, "name": {"es": "-", "en": "-"},
    "definition": {"es": "-", "en": "-"}, "numerator": {"es": "-", "en": "-"}, "source": ["own"],
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

    The check stops at the first; what it names is taken out (or something harmless put in) and it is asked again.
    """
    found: dict[str, Problem] = {}
    tried = dict(entry)
    for _ in KNOWN:
        try:
            entries.checked(code, tried, number=1)
        except EntryRefused as refusal:
            word = refusal.at[0] if refusal.at else "domain"
            if word in found:
                break
            found[word] = Problem(word, refusal.at, refusal.reason)
            if word == "bands":
                break  # without them the measure would be wrong as well
            if word == "public":
                tried["of"] = {}
            if word in tried and word not in ("name", "definition", "numerator", "source"):
                del tried[word]
            elif word in _STAND_IN:
                tried[word] = _STAND_IN[word]
            else:
                break
        else:
            break
    return list(found.values())


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
