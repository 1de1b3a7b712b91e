"""What the interface says of itself: the OpenAPI document for programs, a page for people. Both hold no figure and are
open to everybody."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core.access import open_to_all
from caseapp.core.i18n import _
from caseapp.publication.api import document
from caseapp.publication.views.api import blueprint
from caseapp.publication.views.api.keyed import LIMIT
from config.settings import settings


@blueprint.get("/openapi.json")
@open_to_all
def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    content = json.dumps(document.openapi(), ensure_ascii=False, sort_keys=True).encode()
    tag = sha256(content).hexdigest()
    answer = Response(content, mimetype="application/json")
    if request.if_none_match.contains(tag):
        answer = Response(status=304)
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "public, no-cache"
    return answer


@blueprint.get("/docs")
@open_to_all
def documentation() -> ResponseReturnValue:
    """The same for people, made from the document; needs no script."""
    made = document.openapi()
    groups: dict[str, list[dict[str, Any]]] = {}
    for operation in document.operations(made):
        groups.setdefault(operation["tags"][0], []).append(_shown(operation))
    return render_template(
        "publication/api.html", page_title=_("Datos abiertos para programas"), groups=_ordered(groups),
        base=settings().base_url.rstrip("/"), limit=LIMIT.partition("/")[0], openapi_url=url_for("api.openapi"),
        is_open=settings().open_data == "open",
    )  # fmt: skip


def _ordered(groups: dict[str, list[dict[str, Any]]]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    words = {
        "releases": _("Publicaciones"), "indicators": _("Indicadores"), "figures": _("Cifras"),
        "cells": _("Celdas de los cubos"),
    }  # fmt: skip
    return [(name, words[name], groups[name]) for name in words]


def _shown(operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": operation["path"], "summary": operation["summary"].rstrip("."),
        "description": _in_code(operation["description"]),
        "id": operation["path"].removeprefix("/api/v1/").translate(str.maketrans("/{}.", "----")),
        "scopes": [scope for entry in operation["security"] for scope in entry["key"]],
        "parameters": [
            {"name": one["name"], "where": one["in"], "words": _in_code(one["description"]), "required": one["required"]}
            for one in operation["parameters"]
        ],
    }  # fmt: skip


def _in_code(text: str) -> list[tuple[str, bool]]:
    """A description cut at its back-ticks: pieces of text, and whether each is code."""
    return [(piece, bool(at % 2)) for at, piece in enumerate(text.split("`")) if piece]
