"""Releases: the steward asks for the next month and sees it protected; another person approves or returns it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, audit, clock, pages, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _, _l, ngettext
from caseapp.indicators import versions
from caseapp.publication import present, queries, rules, service
from caseapp.publication.access import DECIDE_RELEASE, MAKE_RELEASE, SEE_RELEASES, countries_as
from caseapp.publication.forms import MakeForm, ReturnForm
from caseapp.publication.models import Release, Status
from caseapp.publication.queries import Drawn, Listed
from caseapp.publication.views import blueprint, drawing, signing

pages.nav(10, _l("Publicaciones"), "publication.releases", SEE_RELEASES)

MOST_REVISED = 50
OPEN = (Status.DRAFT.value, Status.AWAITING_APPROVAL.value)
TAGS = {"DRAFT": "info", "AWAITING_APPROVAL": "warning", "APPROVED": "good", "REFUSED": "urgent"}


@blueprint.get("/releases")
@needs(SEE_RELEASES)
def releases() -> ResponseReturnValue:
    """The months of one's countries, and the next one to prepare."""
    return _list(MakeForm())


def _list(form: MakeForm, status: int = 200) -> ResponseReturnValue:
    who = access.current()
    found = queries.releases(who)
    drawn = queries.pictures_drawn([one.release.id for one in found])
    countries = [_country(code, found, drawn) for code in countries_as(who, *SEE_RELEASES.roles)]
    page = render_template(
        "publication/releases.html", page_title=_("Publicaciones"), countries=countries, form=form,
        may_make=who.may(MAKE_RELEASE),
    )  # fmt: skip
    return page, status


def _country(code: str, found: list[Listed], drawn: dict[UUID, Drawn]) -> dict[str, Any]:
    """A country's releases; for its steward the next month with the sites that signed it."""
    following = _next(code, found) if access.current().may(MAKE_RELEASE) else None
    is_over = following is not None and following["is_over"]
    asked = signing.checklist(code, following["period"], _timezone()) if following and is_over else []
    return {
        "code": code, "name": reference.country_label(code), "next": following, "sites": asked,
        "rows": [
            _row(one) | {"pictures": drawing.line(one.release, drawn)} for one in found if one.release.country == code
        ],
        "missing": sum(not site["is_confirmed"] for site in asked),
    }  # fmt: skip


def _row(one: Listed) -> dict[str, Any]:
    row = one.release
    return {
        "id": row.id, "edition": row.edition,
        "month": _("%(month)s, revisión %(n)s", month=present.period(row.period), n=row.edition) if row.edition else present.period(row.period), "status": reference.label("release_status", row.status),
        "kind": TAGS[row.status], "coverage": present.coverage(one.coverage) if one.coverage else "",
        "made_by": one.made_by, "decided_by": one.decided_by, "is_draft": row.status == "DRAFT",
    }  # fmt: skip


def _next(country: str, found: list[Listed]) -> dict[str, Any] | None:
    """The month that a steward may prepare now: the one after the last approved, or the last that is over."""
    own = [one.release for one in found if one.release.country == country]
    if any(row.status in OPEN for row in own):
        return None
    approved = [row.period for row in own if row.status == Status.APPROVED.value]
    today = clock.today(_timezone())
    last = f"{today.year - 1}-12" if today.month == 1 else f"{today.year}-{today.month - 1:02d}"
    period = rules.month_after(max(approved)) if approved else last
    return {"period": period, "words": present.period(period), "is_over": rules.is_over(period, today)}


@blueprint.post("/releases")
@needs(MAKE_RELEASE)
@commits
def ask() -> ResponseReturnValue:
    """Ask for a month; the figures worker makes it, and the release's page shows how far it is."""
    form = MakeForm()
    if not form.validate_on_submit():
        return _list(form, 422)
    try:
        row = service.ask(
            form.country.data.upper(), form.period.data, by=access.current(),
            unconfirmed_code=form.unconfirmed_code.data or None,
        )  # fmt: skip
    except Refused as error:
        form.refused(error)
        return _list(form, error.status)
    audit.record("asked", "release", row.id, row.name)
    flash(_("La publicación se está preparando. Suele tardar menos de un minuto."), "info")
    return redirect(url_for("publication.show", release_id=row.id))


@blueprint.get("/releases/<uuid:release_id>")
@needs(SEE_RELEASES)
def show(release_id: UUID) -> ResponseReturnValue:
    """One release before or after the decision: protected figures only, what changed, coverage, seals."""
    return _page(release_id, ReturnForm())


def _page(release_id: UUID, form: ReturnForm, status: int = 200) -> ResponseReturnValue:
    who = access.current()
    one = queries.release(who, release_id)
    row = one.release
    page = render_template(
        "publication/release.html",
        page_title=_("%(country)s, %(period)s", country=reference.country_label(row.country), period=present.period(row.period)),
        release=row, summary=_summary(one), figures=_figures(one), files=queries.files(row.id), form=form,
        matrix=signing.matrix(row.country, row.period), revised=_revised(row), made_of=_made_of(row),
        may_revise=who.may(MAKE_RELEASE) and row.status == Status.APPROVED.value and row.country in countries_as(who, *MAKE_RELEASE.roles),
        pictures=drawing.of(row), may_decide=_may_decide(one), own=row.made_by_id == who.user_id, status=_row(one),
    )  # fmt: skip
    return page, status


def _may_decide(one: Listed) -> bool:
    who = access.current()
    try:
        rules.may_decide(
            one.release.status, country=one.release.country, approver_of=countries_as(who, *DECIDE_RELEASE.roles),
            made_by=one.release.made_by_id, by=who.user_id,
        )  # fmt: skip
    except Refused:
        return False
    return True


def _timezone() -> str:
    """The zone of the reader's own team."""
    return timezone_of(access.current().grants[0].team_id)


def _summary(one: Listed) -> list[dict[str, Any]]:
    row, zone = one.release, _timezone()
    found = [
        {"label": _("Preparó"), "value": f"{one.made_by}, {pages.moment(row.made_at, zone)}"},
        {"label": _("Con lo registrado hasta"), "value": pages.moment(row.known_until, zone)},
        {
            "label": _("Decidió"),
            "value": f"{one.decided_by}, {pages.moment(row.decided_at, zone)}" if one.decided_by else "",
        },
        {"label": _("Motivo"), "value": row.reason or ""},
        {"label": _("Motivo de la revisión"), "value": _why_revised(row)},
        {
            "label": _("Sin esperar a las sedes que faltaban"),
            "value": _without(row.unconfirmed or 0, row.unconfirmed_code) if row.unconfirmed_code else "",
        },
    ]
    found += [
        {
            "label": _("Cobertura, %(period)s", period=present.period(each.period, row.period)),
            "value": present.coverage(each),
        }
        for each in queries.coverage(row.id)
    ]
    return [line for line in found if line["value"]]


def _without(count: int, code: str) -> str:
    why = reference.label("unconfirmed_reason", code)
    return ngettext("%(num)s sede sin firmar. %(why)s", "%(num)s sedes sin firmar. %(why)s", count, why=why)


def _why_revised(row: Release) -> str:
    if not row.revision_code:
        return ""
    return f"{reference.label('revision_reason', row.revision_code)}: {row.revision_reason}"


def _revised(row: Release) -> dict[str, Any] | None:
    """What a revision changes: the largest differences, and how many cells there are."""
    if not row.edition:
        return None
    rows, many = queries.revised(row.id, MOST_REVISED)
    return {
        "many": many, "more": many - len(rows),
        "rows": [
            {"cell": " · ".join([each.cube, *each.cell.split("|")]), "old": each.old, "new": each.new} for each in rows
        ],
    }  # fmt: skip


def _made_of(row: Release) -> dict[str, Any]:
    """By which program and definitions it was made, and which releases it seals."""
    sealed = json.loads(row.manifest or "{}")
    return {
        "code_version": row.code_version or "",
        "definitions": [
            {"code": code, "version": ", ".join(sorted({str(one.get("version", "")) for one in versions_}))}
            for code, versions_ in sorted(sealed.get("definitions", {}).items())
        ],
        "previous": [
            {"release": one["release"], "manifest": one["hashes"].get("manifest.json", "")}
            for one in reversed(sealed.get("previous", []))
        ],
    }  # fmt: skip


def _figures(one: Listed) -> list[dict[str, Any]]:
    """Country totals by period, beside what the release before said: what changes for a reader. What is not
    offered is named in a sentence."""
    before, month = _before(one), one.release.period
    catalogue = versions.of(session.connection(), one.release.country)
    known = {each.code: each for each in catalogue.all(versions.last_day(month))}
    found: dict[str, dict[str, Any]] = {}
    for row in queries.totals(one.release.id):
        card = present.Card(known[row.indicator], row)
        words = present.period(row.period, one.release.period)
        block = found.setdefault(row.period, {"period": words, "rows": [], "none": []})
        if not card.is_published:
            block["none"].append(card.name)
            continue
        month_before = present.period_before(row.period) if present.kind_of(row.period) == "MONTH" else None
        earlier = before.get((row.indicator, row.period)) or before.get((row.indicator, month_before or ""))
        block["rows"].append(
            {
                "name": card.name, "value": f"{card.value} {card.unit}".strip(),
                "before": present.number(earlier.value) if earlier is not None else "",
            }
        )  # fmt: skip
    return list(found.values())


def _before(one: Listed) -> dict[tuple[str, str], Any]:
    """The totals of the country's last approved release before this one, by indicator and period."""
    approved = [
        each.release for each in queries.releases(access.current())
        if each.release.country == one.release.country and each.release.status == Status.APPROVED.value
        and (each.release.period, each.release.edition) < (one.release.period, one.release.edition)
    ]  # fmt: skip
    if not approved:
        return {}
    now, then = (
        json.loads(each.manifest or "{}").get("definitions", {}) for each in (one.release, approved[0])
    )
    return {
        (row.indicator, row.period): row
        for row in queries.totals(approved[0].id)
        # Two figures of different definitions are not compared.
        if now.get(row.indicator) == then.get(row.indicator)
    }


@blueprint.post("/releases/<uuid:release_id>/approve")
@needs(DECIDE_RELEASE)
@commits
def approve(release_id: UUID) -> ResponseReturnValue:
    """Publish: from now on it never changes."""
    queries.release(access.current(), release_id)
    row = service.approve(release_id, by=access.current())
    flash(
        _("La publicación de %(period)s está aprobada y visible.", period=present.period(row.period)), "good"
    )
    return redirect(url_for("publication.show", release_id=release_id))


@blueprint.post("/releases/<uuid:release_id>/return")
@needs(DECIDE_RELEASE)
@commits
def send_back(release_id: UUID) -> ResponseReturnValue:
    """Return it to the steward, with a reason."""
    form = ReturnForm()
    queries.release(access.current(), release_id)
    try:
        service.refuse(release_id, form.reason.data or "", by=access.current())
    except Refused as error:
        if error.field != "reason":
            raise
        form.refused(error)
        return _page(release_id, form, error.status)
    flash(_("La publicación se devolvió a quien la preparó."), "info")
    return redirect(url_for("publication.releases"))
