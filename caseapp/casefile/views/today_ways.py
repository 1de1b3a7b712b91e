"""The last part of `/today`: where a role's work is, for those whose work is not in a file."""

from __future__ import annotations

from caseapp.assistance.access import AID, COUNT, DESK
from caseapp.casefile.access import BREAK_GLASS, CONFIRM_MONTH, READ_ENQUIRY
from caseapp.casefile.linking import linked
from caseapp.core.access import Principal
from caseapp.core.i18n import _

OFFICER = frozenset({"DATA_PROTECTION_OFFICER"})
FIGURES_ROLES = frozenset({"DATA_STEWARD", "RELEASE_APPROVER", "COMMISSION_ANALYST", "REGIONAL_ANALYST"})


def ways(who: Principal) -> list[dict[str, str]]:
    """Where a role's work is, for those whose work is not in a file."""
    wanted: list[tuple[frozenset[str], str, dict[str, str], str]] = [
        (
            frozenset({"SUPERVISOR"}),
            "casefile.assign",
            {},
            _("Asignar expedientes a otra persona del equipo"),
        ),
        (CONFIRM_MONTH.roles, "casefile.months", {}, _("Revisar y firmar el mes de la sede")),
        (AID.roles, "assistance.requests", {}, _("Solicitudes de asistencia")),
        (DESK.roles, "assistance.desk", {}, _("Entregas de hoy")),
        (COUNT.roles, "assistance.tally", {}, _("Contar entregas por número")),
        (frozenset({"DATA_STEWARD"}), "publication.releases", {}, _("Preparar y revisar publicaciones")),
        (frozenset({"RELEASE_APPROVER"}), "publication.releases", {}, _("Publicaciones por aprobar")),
        (
            frozenset({"COMMISSION_ANALYST", "REGIONAL_ANALYST"}),
            "publication.releases",
            {},
            _("Publicaciones"),
        ),
        (frozenset({"REGIONAL_ANALYST"}), "publication.region", {}, _("Cifras de la región")),
        (FIGURES_ROLES, "indicators.index", {}, _("Indicadores y sus definiciones")),
        (frozenset({"CUSTODY_LIAISON"}), "custody.exits", {}, _("Salidas")),
        (frozenset({"CHILD_OFFICER"}), "custody.children", {}, _("Niñez en detención")),
        (OFFICER, "casefile.data_requests", {}, _("Solicitudes sobre datos, por plazo")),
        (OFFICER, "casefile.retention", {}, _("Conservación y borrado")),
        (OFFICER, "casefile.breaches", {}, _("Vulneraciones de datos")),
        (frozenset({"ADMINISTRATOR"}), "account.jobs", {}, _("Trabajos, colas y fallas")),
        (frozenset({"ADMINISTRATOR"}), "account.users", {}, _("Usuarios")),
        (frozenset({"AUDITOR"}), "account.audit", {}, _("Quién miró qué")),
        (
            frozenset({"AUDITOR"}),
            "casefile.glass_list",
            {"waiting": "1"},
            _("Accesos excepcionales por revisar"),
        ),
        (
            frozenset({"AUDITOR"}),
            "custody.audited",
            {"waiting": "1"},
            _("Salidas fuera del orden sin revisar"),
        ),
        (frozenset({"DATA_PROTECTION_OFFICER"}), "casefile.data_protection", {}, _("Protección de datos")),
        (READ_ENQUIRY.roles, "casefile.enquiries", {}, _("Quién preguntó por quién")),
        (BREAK_GLASS.roles, "casefile.glass", {}, _("Abrir por emergencia un expediente de otro equipo")),
    ]
    found = [
        (linked(endpoint, **values), words) for roles, endpoint, values, words in wanted if who.roles & roles
    ]
    return [{"href": href, "label": words} for href, words in found if href]
