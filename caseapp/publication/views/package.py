"""`/releases/<id>/package.zip`: a published release as one file, as every holder of a key can read it too."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access
from caseapp.core.access import needs
from caseapp.publication import queries, rules, service
from caseapp.publication.access import SEE_RELEASES
from caseapp.publication.models import Status
from caseapp.publication.views import blueprint


@blueprint.get("/releases/<uuid:release_id>/package.zip")
@needs(SEE_RELEASES)
def package(release_id: UUID) -> ResponseReturnValue:
    """The folder of an approved release, sealed files only; before that there is nothing to take along."""
    one = queries.release(access.current(), release_id)
    if one.release.status != Status.APPROVED.value:
        flash(str(rules.NotApproved()), "warning")
        return redirect(url_for("publication.show", release_id=release_id))
    name, content = service.archive(release_id)
    answer = Response(content, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
