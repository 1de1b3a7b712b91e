"""What a reader says of a row of a file, in words of the running language. The command prints it in English as it is."""

from __future__ import annotations

import re
from collections.abc import Callable

from caseapp.core.i18n import _

#: A sentence as `places.exchange` says it, and what the page says; `{0}` is what stood in the file.
SENTENCES: tuple[tuple[str, Callable[[], str]], ...] = (
    (r"is missing", lambda: _("falta")),
    (r"is of no kind of service that the map knows", lambda: _("no es un tipo de servicio que el mapa conozca")),
    (r"left out: «(.*)» is not in the map", lambda: _("«%(value)s» no está en el mapa")),
    (r"left out: «(.*)» is not a date", lambda: _("«%(value)s» no es una fecha")),
    (r"left out: «(.*)» is not on the Earth", lambda: _("«%(value)s» no está en la Tierra")),
    (r"left out: «(.*)» names no weekdays", lambda: _("«%(value)s» no dice días de la semana")),
    (r"left out: (.*) is no opening that can be read", lambda: _("%(value)s no es un horario que se pueda leer")),
    (r"left out: hours that do not hold every week \((.*)\)", lambda: _("el horario no vale cada semana (%(value)s)")),
    (r"left out: ends on (.*), before it begins .*", lambda: _("termina el %(value)s, antes de empezar")),
    (r"the same as row (\d+) in everything else", lambda: _("igual que la fila %(value)s en todo lo demás")),
    (r"the key of the row stands for another row already", lambda: _("la clave de la fila ya es de otra")),
    (r"a safe house never comes by file", lambda: _("una casa segura nunca entra por archivo")),
    (r"(.*): not of the directory that you keep", lambda: _("%(value)s: no es del directorio que usted mantiene")),
)  # fmt: skip


def said(reason: str) -> str:
    """The words of the page for a reason; what is not known here (frictionless's own) stays as it is."""
    for pattern, words in SENTENCES:
        found = re.fullmatch(pattern, reason)
        if found:
            return words().replace("%(value)s", found[1] if found.groups() else "")
    return reason
