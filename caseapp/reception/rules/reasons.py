"""Why a row of an import is wrong: codes, and the sentence of each. No sentence repeats what a cell says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from caseapp.core.i18n import _l

SENTENCES: Mapping[str, Any] = {
    "NAME_MISSING": _l("Escriba al menos un nombre, un apellido o cómo le dicen a la persona."),
    "TOO_LONG": _l("El texto es demasiado largo: caben %(most)s letras."),
    "CELL_ERROR": _l("La hoja de cálculo muestra un error en esta celda. Escriba el dato."),
    "CELL_MERGED": _l("La celda está combinada con otras. Sepárelas y escriba el dato en cada fila."),
    "NUMBER_ROUNDED": _l("La hoja de cálculo redondeó el número. Dé a la columna formato de texto y escríbalo otra vez."),
    "CELLS_TOO_MANY": _l("La fila tiene más celdas que columnas. Revise comas, punto y coma y comillas."),
    "COLUMN_UNKNOWN": _l("No se conoce la columna «%(name)s». Cambie su nombre o quítela; no se leería."),
    "COLUMN_TWICE": _l("La columna «%(name)s» está dos veces. Deje una."),
    "DATE_IMPOSSIBLE": _l("Esta fecha no existe o no se entiende. Escríbala como 2025-03-07 o 07/03/2025."),
    "DATE_SERIAL": _l("Es el número con que la hoja de cálculo guarda una fecha. Dé a la columna formato de fecha."),
    "YEAR_SHORT": _l("Escriba el año con cuatro cifras, por ejemplo 1990."),
    "DATE_FUTURE": _l("Esta fecha aún no llega. Revise el año."),
    "DATE_TOO_OLD": _l("Esta fecha es demasiado antigua. Revise el año."),
    "PRECISION_UNKNOWN": _l("Escriba DAY, MONTH, YEAR, AGE_ESTIMATED o UNKNOWN, según lo que se sabe."),
    "PRECISION_DIFFERS": _l("Lo escrito no alcanza para esta precisión de la fecha de nacimiento."),
    "AGE_IMPOSSIBLE": _l("Escriba la edad en años cumplidos, de 0 a 120."),
    "AGE_DIFFERS": _l("La edad no corresponde a la fecha de nacimiento. Revise las dos."),
    "BORN_AFTER_ARRIVAL": _l("La llegada es anterior al nacimiento. Revise las dos fechas."),
    "COUNTRY_UNKNOWN": _l("No se conoce este país. Escriba su código de tres letras, por ejemplo HND, o su nombre."),
    "NATIONALITY_COMBINED": _l("«Apátrida» y «Se desconoce» no van junto con otra nacionalidad, y ninguna se repite."),
    "LANGUAGE_UNKNOWN": _l("No se conoce esta lengua. Escriba su código de tres letras, por ejemplo spa, o su nombre."),
    "SEX_UNKNOWN": _l("Escriba F, M o X como en el documento, o la palabra completa."),
    "SEX_AMBIGUOUS": _l("«H» y «M» se confunden. Escriba F (femenino) o M (masculino), o la palabra completa."),
    "DOCUMENT_TYPE_UNKNOWN": _l("No se conoce este tipo de documento. Use un código de la lista, por ejemplo PASSPORT."),
    "DOCUMENT_NUMBER_WRONG": _l("El número no cumple la verificación publicada de este documento. Cópielo de nuevo."),
    "DOCUMENT_CONTRADICTS": _l("Dice que no tiene documento, pero hay un número. Revise el tipo."),
    "RELATION_UNKNOWN": _l("No se conoce este vínculo. Use un código de la lista, por ejemplo CHILD: es … de la cabeza de familia."),
    "RELATION_OF_HEAD": _l("Es la cabeza de familia: deje el vínculo vacío."),
    "RELATION_ALONE": _l("Hay un vínculo, pero ningún hogar. Escriba el mismo hogar en las filas de la familia."),
    "HEAD_UNKNOWN": _l("Escriba sí o no."),
    "HEAD_TWICE": _l("Este hogar ya tiene cabeza de familia en la fila %(row)s."),
    "HEAD_NONE": _l("Ninguna fila de este hogar es su cabeza de familia. Márquela, o incluya su fila."),
    "HOUSEHOLD_TOO_BIG": _l("Más de %(most)s personas llevan este mismo hogar. Revise la columna."),
    "HOUSEHOLD_ROW_WRONG": _l("La fila %(row)s de este hogar tiene errores: la familia se registra completa o no se registra."),
    "PLACE_UNKNOWN": _l("No se conoce este lugar. Escriba el código o el nombre de un departamento, estado o provincia del país."),
    "SITE_OTHER": _l("Esta fila es de otro centro. Importe cada centro por separado."),
    "PHONE_WRONG": _l("Escriba el teléfono con cifras, entre 7 y 15."),
    "SAME_ID": _l("La fila %(row)s lleva el mismo identificador con otros datos."),
    "ALIKE_ROW": _l("Quizá sea la misma persona que la de la fila %(row)s. Si lo es, deje una."),
    "ALIKE_REGISTERED": _l("Quizá sea una persona que ya tiene expediente. Se decidirá después de importar."),
}  # fmt: skip
#: Not wrong: whom a row may be. It waits for a person's decision.
ALIKE = ("ALIKE_ROW", "ALIKE_REGISTERED")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong: the column it stands in, a code of `SENTENCES`, and what its sentence names."""

    column: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def sentence(code: str, facts: Mapping[str, Any]) -> str:
    """The reason in the reader's language."""
    text = str(SENTENCES[code])
    return text % facts if facts else text
