"""Pictures of released figures: read, never drawn, on request."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core.access import needs
from caseapp.core.db import connect
from caseapp.core.i18n import language
from caseapp.publication.access import READ_FIGURES
from caseapp.publication.models import Picture
from caseapp.publication.views import blueprint
from caseapp.publication.views.figures import asked

TYPES = {"svg": "image/svg+xml", "png": "image/png"}


def pictures_of(connection: sa.Connection, release_id: UUID, code: str) -> dict[str, Any]:
    """The pictures of an indicator that were drawn of a release, in the reader's language, by kind, without their bytes."""
    table: Any = Picture.__table__
    columns = [table.c[name] for name in ("release_id", "kind", "period", "title", "description")]
    wanted = sa.select(*columns).where(
        table.c.release_id == release_id, table.c.indicator == code, table.c.language == language(),
        table.c.format == "svg",
    )  # fmt: skip
    return {row.kind: row for row in connection.execute(wanted)}


@blueprint.get(
    '/figures/<iso3>/<pillar>/<code>/<uuid:release_id>-<any("series", "parts"):kind>.<any("svg", "png"):form>'
)
@needs(READ_FIGURES)
def picture(iso3: str, pillar: str, code: str, release_id: UUID, kind: str, form: str) -> ResponseReturnValue:
    """One picture, as it was drawn when the release was approved; `?lang=` says in which language."""
    country, _pillar = asked(iso3, pillar)
    with connect("figures_read") as connection:
        wanted = sa.text(
            "SELECT p.content, p.sha256 FROM released.picture p JOIN released.release r ON r.id = p.release_id "
            "WHERE r.country = :country AND p.release_id = :release AND p.indicator = :code AND p.kind = :kind "
            "AND p.language = :language AND p.format = :form"
        )
        row = connection.execute(
            wanted,
            {
                "country": country, "release": release_id, "code": code, "kind": kind.upper(), "language": language(),
                "form": form,
            },
        ).one_or_none()  # fmt: skip
    if row is None:
        # Not drawn (yet): its page has the same numbers as a table.
        return redirect(url_for("publication.indicator", iso3=iso3, pillar=pillar, code=code))
    answer = Response(bytes(row.content), mimetype=TYPES[form])
    answer.set_etag(row.sha256)
    answer.headers["Content-Disposition"] = f'inline; filename="{country}-{code}-{kind}-{language()}.{form}"'
    return answer.make_conditional(request)
