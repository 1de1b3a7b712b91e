"""Errors of the open interface as RFC 9457 problem documents, in the language that the request asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

from caseapp.core.errors import Refused
from caseapp.core.i18n import _, _l, language

MEDIA_TYPE = "application/problem+json"


class KeyNeeded(Refused):
    """No key, or one that is unknown, expired or taken back: all of them read alike."""

    sentence = _l("Hace falta una llave válida: Authorization: Bearer …")
    status = 401


class ScopeMissing(Refused):
    """The key does not read this."""

    sentence = _l("Esta llave no permite leer esto: le falta %(scope)s.")
    status = 403


class CountryClosed(Refused):
    """The key does not read this country."""

    sentence = _l("Esta llave no permite leer las cifras de %(country)s.")
    status = 403


class NotAcceptable(Refused):
    """The answer comes in no form that was asked for."""

    sentence = _l("Esta dirección responde con %(types)s.")
    status = 406


class ParametersWrong(Refused):
    """Parameters that are unknown, repeated or badly written; `errors` says which."""

    sentence = _l("Hay parámetros que no existen, se repiten o están mal escritos.")
    status = 422

    def __init__(self, errors: Sequence[dict[str, str]]) -> None:
        super().__init__()
        self.errors = list(errors)


def _phrase(status: int) -> str:
    words = {
        404: _("No se encontró."), 405: _("Aquí solo se lee: use GET."), 406: _("No se ofrece en esa forma."),
        429: _("Demasiadas solicitudes. Espere lo que dice Retry-After."),
        503: _("Ahora no se puede responder. Pruebe más tarde."),
    }  # fmt: skip
    if status in words:
        return words[status]
    return _("Falló el servidor; no es culpa suya.") if status >= 500 else HTTPStatus(status).phrase


def answer(error: Exception) -> Response:
    """The problem document of an error. A fault of ours tells nothing of itself."""
    status = _status_of(error)
    body: dict[str, Any] = {"type": "about:blank", "title": _phrase(status), "status": status}
    if isinstance(error, Refused) and status < 500:
        kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
        body |= {"type": f"urn:acogida:problem:{kind}", "title": str(error)}
    if isinstance(error, ParametersWrong):
        body["errors"] = error.errors
    found = Response(json.dumps(body, ensure_ascii=False), status, mimetype=MEDIA_TYPE)
    found.headers["Content-Language"] = language()
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After"):
                found.headers[name] = value
    if status == 401:
        found.headers["WWW-Authenticate"] = 'Bearer realm="acogida"'
    return found


def _status_of(error: Exception) -> int:
    if isinstance(error, Refused):
        return error.status
    return (error.code or 500) if isinstance(error, HTTPException) else 500
