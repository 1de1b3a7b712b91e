"""Words of the copy that a person is given: titles of its parts, names of columns, and from which list a code speaks."""

from __future__ import annotations

from typing import Any

from caseapp.core.i18n import _l

#: Table: title, in the order of the copy. A table without one stands at the end under its own name.
TITLES: dict[str, Any] = {
    "person": _l("Quién es usted"),
    "person_nationality": _l("Nacionalidades"),
    "person_language": _l("Idiomas"),
    "person_population": _l("Situación de protección"),
    "identity_document": _l("Documentos"),
    "contact": _l("Cómo contactarle"),
    "contact_attempt": _l("Intentos de contacto"),
    "household_member": _l("Grupo familiar"),
    "relation": _l("Vínculos familiares anotados"),
    "arrival": _l("Llegada"),
    "consent": _l("Lo que usted aceptó o no aceptó"),
    "consent_waiver": _l("Cuando se actuó sin su consentimiento"),
    "screening": _l("Entrevistas"),
    "screening_outcome": _l("Resultados de las entrevistas"),
    "need": _l("Necesidades"),
    "placement_requirement": _l("Lo que un lugar debe tener"),
    "claim": _l("Solicitud de asilo"),
    "referral": _l("Referencias"),
    "referral_member": _l("Referencias en las que se le incluyó"),
    "stay": _l("Estancias"),
    "presence": _l("Noches en que se le vio o no se le vio"),
    "custody": _l("Custodia migratoria"),
    "delivery": _l("Servicios y entregas"),
    "solution_plan": _l("Planes de solución"),
    "case_plan": _l("Plan acordado"),
    "case_task": _l("Tareas"),
    "case_note": _l("Notas del equipo"),
    "case_alert": _l("Alertas"),
    "deadline": _l("Plazos"),
    "closure_request": _l("Solicitudes de cierre"),
    "legal_hold": _l("Retenciones legales"),
    "subject_request": _l("Sus solicitudes sobre sus datos"),
}

COLUMNS: dict[str, Any] = {
    "given_names": _l("Nombres"), "surname_1": _l("Primer apellido"), "surname_2": _l("Segundo apellido"),
    "also_known_as": _l("También conocida como"), "called_name": _l("Cómo le dicen"), "gender_self": _l("Género"),
    "number": _l("Número"), "code_word": _l("Palabra clave"), "detail": _l("Detalle"), "what": _l("Lo que pidió"),
    "answer": _l("Respuesta"), "life_critical": _l("Vital"), "birth_precision": _l("Fecha de nacimiento: se sabe"),
    "birth_from": _l("Nacimiento, desde"), "birth_to": _l("Nacimiento, hasta"), "age_status": _l("Edad"),
    "sex_in_document": _l("Sexo en el documento"), "feels_safe_in": _l("Dónde se siente segura"),
    "interpreter_needed": _l("Necesita intérprete"), "created_at": _l("Anotado"), "country": _l("País"),
    "language": _l("Idioma"), "population": _l("Situación"), "since": _l("Desde"), "ended_on": _l("Hasta"),
    "ended_at": _l("Hasta"), "document_type": _l("Tipo de documento"), "issued_by": _l("Emitido por"),
    "valid_to": _l("Vence"), "seen": _l("Se vio"), "rule": _l("Regla"), "hours": _l("Horario"),
    "channel": _l("Medio"), "result": _l("Resultado"), "at": _l("Cuándo"), "relation": _l("Vínculo"),
    "evidence": _l("Evidencia"), "recorded_on": _l("Anotado"), "purpose": _l("Para qué"), "state": _l("Estado"),
    "asked_on": _l("Se preguntó"), "expires_on": _l("Vence"), "code": _l("Qué"), "category": _l("Tipo"),
    "priority": _l("Prioridad"), "end_reason": _l("Por qué terminó"), "requirement": _l("Requisito"),
    "reason": _l("Motivo"), "outcome": _l("Resultado"), "kind": _l("Tipo"), "topic": _l("Dato"),
    "due_on": _l("Plazo"), "due_at": _l("Plazo"), "started_at": _l("Empezó"), "arrived_on": _l("Llegó"),
    "place": _l("Lugar"), "mode": _l("Cómo llegó"), "first_night": _l("Primera noche"),
    "last_night": _l("Última noche"), "joined_on": _l("Desde"), "left_on": _l("Hasta"), "is_head": _l("Cabeza de familia"),
    "sector": _l("Servicio"), "sent_at": _l("Enviada"), "decided_on": _l("Se resolvió"), "lodged_on": _l("Se presentó"),
    "closed_on": _l("Se cerró"), "closure_reason": _l("Motivo de cierre"), "pathway": _l("Vía"),
    "agreed_on": _l("Se acordó"), "set_on": _l("Desde"), "form": _l("Forma"), "given_by": _l("Quién lo dio"),
    "item": _l("Qué se entregó"), "delivered_on": _l("Fecha de la entrega"), "mechanism": _l("Medio del efectivo"),
    "amount": _l("Cantidad en dólares"), "provider_class": _l("Quién lo dio"), "withdrawn_on": _l("Se anuló"),
    "withdrawn_reason": _l("Por qué se anula"), "again_reason": _l("Si se entrega otra vez, por qué"),
    "alone": _l("A solas"), "completed_at": _l("Concluyó"), "main_outcome": _l("Resultado principal"),
}  # fmt: skip

LISTS: dict[tuple[str, str], str] = {
    ("need", "code"): "need_code", ("need", "category"): "need_category", ("need", "priority"): "need_priority",
    ("need", "state"): "need_status", ("need", "end_reason"): "need_refused_reason",
    ("placement_requirement", "requirement"): "placement_requirement", ("contact", "rule"): "contact_rule",
    ("claim", "application_type"): "claim_application_type", ("claim", "outcome"): "decision_outcome",
    ("claim", "closure_reason"): "claim_closure_reason", ("screening", "main_outcome"): "screening_outcome",
    ("screening", "incomplete_reason"): "screening_incomplete_reason", ("screening", "interpreter"): "interpreter_kind",
    ("screening_outcome", "outcome"): "screening_outcome", ("arrival", "mode"): "arrival_mode",
    ("referral", "sector"): "service_kind", ("referral", "kind"): "service_kind", ("solution_plan", "pathway"): "solution_pathway",
    ("solution_step", "step"): "solution_step", ("closure_request", "reason"): "case_closure_reason",
    ("relation", "evidence"): "relation_evidence", ("legal_hold", "reason"): "legal_hold",
    ("subject_request", "topic"): "correction_topic", ("subject_request", "reason"): "subject_refusal",
    ("case_alert", "code"): "alert", ("delivery", "sector"): "service_kind", ("delivery", "item"): "assistance_kind",
    ("delivery", "result"): "service_result", ("delivery", "mechanism"): "cash_mechanism",
    ("delivery", "provider_class"): "provider_class", ("delivery", "again_reason"): "delivery_again_reason",
    ("delivery", "withdrawn_reason"): "delivery_withdrawn_reason",
}  # fmt: skip
