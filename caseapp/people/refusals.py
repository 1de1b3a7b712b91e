"""Refusals of people's verbs that ask the database, and the sentences of its constraints."""

from __future__ import annotations

from caseapp.core.errors import Refused, says
from caseapp.core.i18n import _l
from caseapp.people import rules


class NumberNotFound(Refused):
    sentence = _l("No hay otro expediente con ese número. Revíselo.")
    field = "other"


class NumberMistyped(Refused):
    """Its check character does not fit: no file can have it."""

    sentence = _l("Ese número no está bien escrito: le falta una letra o tiene una cambiada. Revíselo.")
    field = "other"


class NoSuchHolder(Refused):
    """Only who may keep people apart in the team is named in a matter."""

    sentence = _l("Escriba el correo de alguien que supervise en su equipo o atienda a la niñez en él.")
    field = "email"


class CannotJoin(Refused):
    """A known person's file is another team's, closed, or not theirs to open."""

    sentence = _l(
        "Ese expediente está cerrado o lo lleva otro equipo. Pida que lo abran o lo traspasen antes de unirlo a esta familia."
    )


class AlreadyMember(Refused):
    sentence = _l("La persona ya está en un grupo familiar.")


class NotMember(Refused):
    sentence = _l("La persona no está en este grupo familiar.")


class HeadStays(Refused):
    """The head leaves last; name another head first."""

    sentence = _l("Elija primero a otra persona como cabeza de familia.")


class NeedOpen(Refused):
    """The same need is open already; change it instead."""

    sentence = _l("Esta necesidad ya está abierta. Cámbiela en lugar de anotarla otra vez.")
    field = "code"


class NeedClosed(Refused):
    sentence = _l("Esta necesidad ya no está abierta.")


class UnknownCode(Refused):
    """A code that its list does not have, or no longer offers."""

    sentence = _l("Elija una opción de la lista.")


class RequirementSet(Refused):
    sentence = _l("Este requisito ya está fijado.")
    field = "requirement"


class CotIsForBaby(Refused):
    """A cot on the mother's file helps no baby."""

    sentence = _l("La cuna se anota en el expediente de la niña o el niño menor de 2 años, no en otro.")
    field = "requirement"


class AlreadyErased(Refused):
    sentence = _l("Los datos de esta persona ya se borraron.")


class NotUnited(Refused):
    sentence = _l("Este registro no está unido a otro.")


class AlreadyDecided(Refused):
    sentence = _l("Otra persona ya decidió sobre este par.")


class AlreadyIn(Refused):
    """The protection situation holds already."""

    sentence = _l("Esa situación ya está anotada y sigue vigente.")
    field = "population"


CONSTRAINTS = {
    "case_event_file_open": rules.FileClosed,
    "ck_person_population_not_at_home": rules.NationalNotAsylumSeeker,
    "ck_person_birth_bounded": rules.BirthIncomplete,
    "ck_person_birth_in_order": rules.BirthIncomplete,
    "ck_person_birth_exact": rules.BirthIncomplete,
    "ck_person_not_merged_into_itself": rules.NotMergeable,
    "ck_consent_adult_consents_alone": rules.AdultDecidesAlone,
    "ck_consent_ends_with_childhood": rules.AdultDecidesAlone,
    "ck_consent_adult_never_through_another": rules.AdultDecidesAlone,
    "ck_consent_child_with_carer": rules.ChildNeedsCarer,
    "ck_consent_given_has_form": rules.FormMissing,
    "ck_consent_never_media": rules.NotCollectedHere,
    "ck_consent_grave_with_care": rules.AloneMissing,
    "ck_consent_country_named": rules.CountryMissing,
    "ck_consent_given_ends": rules.Until,
    "ck_consent_assent_recorded": rules.AssentMissing,
    "ck_consent_waiver_never_for_these": rules.NeverWithoutConsent,
    "ck_consent_waiver_best_interests_of_a_child": rules.BasisOnlyForChild,
    "ck_consent_waiver_second_person_reviews": rules.SecondPersonReviews,
    "ck_consent_waiver_told_afterwards": rules.ToldBefore,
    "consent_waiver_needed": rules.NotNeeded,
    "placement_requirement_for_infant": CotIsForBaby,
    "uq_household_member_current": AlreadyMember,
    "uq_household_member_head": HeadStays,
    "uq_need_open": NeedOpen,
    "uq_placement_requirement_current": RequirementSet,
}
for _name, _refusal in CONSTRAINTS.items():
    says(_name, _refusal)
