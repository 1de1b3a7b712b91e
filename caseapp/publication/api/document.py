"""The OpenAPI document: what spectree makes of the operations, with what it cannot know (media types, headers, path
parameters, how a key is sent)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from flask import Request
from pydantic import ValidationError
from spectree import Response, SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData

from caseapp.publication.api import problem, shapes
from caseapp.publication.api.rules import Scope

VERSION = "1.0"
DESCRIPTION = """Released, disclosure-controlled figures of reception and referral, read-only.

Every number is protected (closed rounded cube): 0 may stand for 0 to 4, and 5 for 0 to 5, in each group. Figures count
what is recorded in Acogida, never all who arrived. Send a key as `Authorization: Bearer …`; a data steward of the
country makes one. Answers carry a strong `ETag`: send it back as `If-None-Match` and an unchanged answer is 304. Limits
are told by `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`. Errors are RFC 9457 problem documents."""

_PATHS = {
    "release": ("Name of a release, such as MEX-2025-09.", shapes.RELEASE),
    "code": ("Code of an indicator, such as P1-00.", r"^P[1-9]-[0-9]{2}$"),
    "cube": ("Name of a cube, such as arrivals.", r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$"),
    "file": ("Name of a file of the release, such as figures.csv.", r"^[A-Za-z0-9._-]{1,80}$"),
}
_FILES = {
    "/api/v1/releases/{release}/files/{file}": (
        "text/csv",
        "application/json",
        "text/plain",
        "image/svg+xml",
        "image/png",
    ),
    "/api/v1/releases/{release}/package.zip": ("application/zip",),
}
_HEADERS = {
    "ETag": "Strong validator; send it back as If-None-Match.",
    "RateLimit-Limit": "Requests in the window.",
    "RateLimit-Remaining": "Requests left.",
    "RateLimit-Reset": "Seconds until the window ends.",
}


def refuse_wrong(
    request: Request, _answer: Any, error: Exception | None, _instance: Any, _adapter: Any
) -> None:
    """Before an operation: parameters that do not fit become one problem document."""
    if isinstance(error, ValidationError):
        raise problem.ParametersWrong(
            [
                {"parameter": ".".join(str(part) for part in one["loc"]), "message": one["msg"]}
                for one in error.errors(include_url=False, include_input=False, include_context=False)
            ]
        )


spec = SpecTree(
    "flask",
    mode="strict",
    title="Acogida open data",
    version=VERSION,
    description=DESCRIPTION,
    path="api/v1/never",
    page_templates={},
    before=refuse_wrong,
    validation_error_model=shapes.Problem,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    security_schemes=[
        SecurityScheme(
            name="key",
            data=SecuritySchemeData(
                type=SecureType.HTTP,
                scheme="bearer",
                description="A key of the form acg_…, made at /releases/keys.",
            ),
        )
    ],
)


def answers(model: type[shapes.Given] | None) -> Response:
    """The answers of an operation: its own, and the refusals that all have."""
    refusals = {f"HTTP_{status}": shapes.Problem for status in (401, 403, 404, 406, 422, 429, 503)}
    return Response("HTTP_304", HTTP_200=model, **refusals)


def needs_key(*scopes: Scope) -> dict[str, list[str]]:
    """What an operation asks of a key."""
    return {"key": [str(one) for one in scopes]}


def openapi() -> dict[str, Any]:
    """The document. Within an application context."""
    made: dict[str, Any] = deepcopy(spec.spec)
    for path, operations in made["paths"].items():
        for operation in operations.values():
            _complete(path, operation)
    made["info"]["license"] = {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}
    return made


def _complete(path: str, operation: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            words, pattern = _PATHS[parameter["name"]]
            parameter["description"], parameter["schema"] = words, {"type": "string", "pattern": pattern}
        elif "anyOf" in parameter["schema"]:
            # Left out is left out: a query has no null.
            given = [one for one in parameter["schema"].pop("anyOf") if one != {"type": "null"}]
            parameter["schema"] |= given[0]
            parameter["schema"].pop("default")
        for name in ("description", "title"):
            parameter["schema"].pop(name, None)
    for status, found in operation["responses"].items():
        found["headers"] = _headers(status)
        if status == "200" and path in _FILES:
            found["content"] = {one: {"schema": {}} for one in _FILES[path]}
        elif status >= "400":
            found["content"] = {problem.MEDIA_TYPE: found["content"]["application/json"]}


def _headers(status: str) -> dict[str, Any]:
    names = dict(_HEADERS)
    if status not in ("200", "304"):
        del names["ETag"]
    if status in ("401", "429"):
        names |= {"WWW-Authenticate": "Bearer."} if status == "401" else {"Retry-After": "Seconds to wait."}
    return {name: {"description": words, "schema": {"type": "string"}} for name, words in names.items()}


def operations(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The operations in order, for the page that people read."""
    return [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in sorted(document["paths"].items())
        for method, operation in methods.items()
    ]
