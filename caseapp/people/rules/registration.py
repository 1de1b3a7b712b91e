"""Who may be registered how, and which records may be one person."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l


class NameMissing(Refused):
    """Neither a name nor what the person is called."""

    sentence = _l("Escriba al menos un nombre o cómo le dicen a la persona.")
    field = "given_names"


class NationalityMissing(Refused):
    sentence = _l("Elija la nacionalidad, «Apátrida» o «Se desconoce».")
    field = "nationality_1"


class StatelessWithNationality(Refused):
    """Stateless or unknown beside a nationality, or the same nationality twice."""

    sentence = _l("«Apátrida» y «Se desconoce» no van junto con otra nacionalidad, y ninguna se repite.")
    field = "nationality_1"


class NationalNotAsylumSeeker(Refused):
    """Nobody is an asylum-seeker in the country they are a national of (DO_NO_HARM, "Refused")."""

    sentence = _l(
        "Una persona nacional de este país no se registra como solicitante de asilo. "
        "Elija desplazada interna, retornada u otra situación."
    )
    field = "population"


class HeadMissing(Refused):
    """A family without members, or two that are said to be the head."""

    sentence = _l("Registre al menos a una persona.")


class NotMergeable(Refused):
    """The two records are already one, or lie in different countries."""

    sentence = _l("Estos dos registros ya están unidos o no se pueden unir.")


BLANK_NATIONALITIES = frozenset({"XXX", "UNK"})


def sex_in_figures(sex_in_document: str) -> str:
    """F, M, or O for X and every kind of not known."""
    return sex_in_document if sex_in_document in ("F", "M") else "O"


def may_be(population: str, nationalities: Sequence[str], country: str) -> None:
    """Refuse a protection situation that the person cannot have in this country. Nationals may be displaced
    or returned; they are never asylum-seekers at home."""
    if population == "ASYLUM_SEEKER" and country in nationalities:
        raise NationalNotAsylumSeeker


def may_register(
    *,
    names: Sequence[str | None],
    nationalities: Sequence[str],
    populations: Sequence[str],
    country: str,
) -> None:
    """Refuse a person without any name, without a word on nationality, or in an impossible situation."""
    if not any((name or "").strip() for name in names):
        raise NameMissing
    if not nationalities:
        raise NationalityMissing
    if len(set(nationalities)) < len(nationalities):
        raise StatelessWithNationality
    if len(nationalities) > 1 and BLANK_NATIONALITIES & set(nationalities):
        raise StatelessWithNationality
    for population in populations:
        may_be(population, nationalities, country)


def may_merge(
    one: UUID, kept: UUID, *, kept_leads_to: Sequence[UUID], same_country: bool, merged: bool
) -> None:
    """Refuse to point `one` to `kept` if they are the same, if `one` already points somewhere (`merged`), if
    following `kept` comes back to `one`, or across countries."""
    if one == kept or merged or one in kept_leads_to or not same_country:
        raise NotMergeable
