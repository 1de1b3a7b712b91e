"""The sender's side of a one-time page: make link and code, see who looked, take it back, make it anew."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, clock
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import moment
from caseapp.referral import queries, rules
from caseapp.referral.access import SEND
from caseapp.referral.models import Referral
from caseapp.referral.queries import related
from caseapp.referral.rules import linking
from caseapp.referral.service import linking as links
from caseapp.referral.service import read_notices
from caseapp.referral.views import blueprint
from caseapp.referral.views.one import page
from caseapp.referral.views.verbs import opened
from config.settings import settings


def _sent(number: str) -> Referral:
    """The referral as its sender; the receiver does not see that there is a page."""
    found = opened(number)
    if rules.SENDER not in queries.party_of(found, access.current()):
        raise NotYours
    return found


@blueprint.get("/referrals/<number>/link")
@needs(SEND)
def link(number: str) -> ResponseReturnValue:
    """The page for a receiver without an account: whether there is one, and who looked."""
    return _page(_sent(number))


@blueprint.post("/referrals/<number>/link")
@needs(SEND)
@commits
def make_link(number: str) -> ResponseReturnValue:
    """Make it, or make it anew; link and code are shown this once."""
    found = _sent(number)
    try:
        with session.begin_nested():
            made = links.make_link(found)
    except Refused as error:
        return page(found, str(error)), error.status
    read_notices(found)
    return _page(found, made)


@blueprint.post("/referrals/<number>/link/revoke")
@needs(SEND)
@commits
def revoke_link(number: str) -> ResponseReturnValue:
    """Take it back at once."""
    found = _sent(number)
    revoked = links.revoke_link(found)
    flash(_("La página ya no abre.") if revoked else _("No había página."), "good")
    return redirect(url_for("referral.link", number=found.number))


def _page(found: Referral, made: links.Made | None = None) -> str:
    live, timezone = related.link_of(found), timezone_of(found.from_team_id)
    state = _state(found, live)
    return render_template(
        "referral/link.html",
        page_title=_("Página de un solo uso"),
        found=found,
        state=state,
        may_make=found.state in linking.MAY and not related.answering_teams([found.to_team_id]),
        live=live is not None and live.locked_at is None and live.expires_at > clock.now(),
        until=moment(live.expires_at, timezone) if live else "",
        wrong=live.wrong if live else 0,
        looks=[
            {
                "at": moment(look.at, timezone),
                "what": _("se abrió") if look.what == "OPENED" else _("código falso"),
            }
            for look in related.looks_at(found)
        ],
        made=_shown(made) if made else None,
    )


def _state(found: Referral, live: Any) -> tuple[str, str]:
    """How the page stands, in words, and the kind of its tag."""
    if live is None:
        return _("No hay página"), "neutral"
    if live.locked_at is not None:
        return _("Cerrada: cinco códigos falsos"), "urgent"
    if live.expires_at <= clock.now():
        return _("Venció"), "warning"
    if found.state not in linking.MAY:
        return _("Cerrada: la referencia ya no espera"), "neutral"
    return _("Abre con el código"), "good"


def _shown(made: links.Made) -> dict[str, str]:
    """The words to send (they name nothing and nobody), and the code to read out, in two groups."""
    path = url_for("referral.guest", token=made.token)
    url = (
        settings().base_url.rstrip("/") + path
        if settings().is_production
        else request.host_url.rstrip("/") + path
    )
    half = linking.DIGITS // 2
    return {
        "url": url,
        "message": f"Como hablamos por teléfono, abra este enlace y escriba el código que le di: {url}\n"
        f"As we said on the telephone, open this link and type the code I gave you: {url}",
        "code": f"{made.code[:half]} {made.code[half:]}",
    }
