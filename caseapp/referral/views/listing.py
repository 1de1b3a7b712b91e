"""The team's inbox and what it has sent, with clocks, filters and pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.i18n import _
from caseapp.core.pages import paged, since
from caseapp.referral import present, queries, rules
from caseapp.referral.access import PLACE_NIGHT, READ, SEND
from caseapp.referral.models import Referral
from caseapp.referral.views import blueprint

FILTERS = (("state", "referral_state"), ("priority", "referral_priority"), ("kind", "service_kind"))


@blueprint.get("/referrals")
@needs(READ)
def inbox() -> ResponseReturnValue:
    """Received or sent referrals, what is due first."""
    who = access.current()
    side = "out" if request.args.get("side") == "out" else "in"
    if "side" not in request.args and who.may(SEND):
        side = "out" if not set(who.teams_as("SHELTER_COORDINATOR", "SERVICE_FOCAL_POINT")) else "in"
    given = {
        name: code for name, list_name in FILTERS if (code := _known(request.args.get(name, ""), list_name))
    }
    page = paged(
        queries.listed(
            who,
            side=side,
            states=[given["state"]] if "state" in given else [],
            priority=given.get("priority"),
            kind=given.get("kind"),
        )
    )
    names = present.names_in(page.rows, who)
    notices = queries.notices_of([r.id for r in page.rows], who)
    timezone = timezone_of(who.case_teams[0]) if who.case_teams else "UTC"
    return render_template(
        "referral/inbox.html",
        page_title=_("Referencias"),
        side=side,
        may_place=who.may(PLACE_NIGHT),
        page=page,
        rows=[_row(r, side, names, notices.get(r.id, []), timezone) for r in page.rows],
        active=_active(given, side),
        choices={
            name: [(c.code, c.label()) for c in reference.codes(list_name)] for name, list_name in FILTERS
        },
        given=given,
    )


def _known(code: str, list_name: str) -> str:
    return code if code and code in {c.code for c in reference.codes(list_name)} else ""


def _active(given: dict[str, str], side: str) -> list[dict[str, str]]:
    lists = dict(FILTERS)
    return [
        {
            "label": reference.label(lists[name], code),
            "remove_href": f"{url_for('referral.inbox')}?{urlencode({'side': side, **{k: v for k, v in given.items() if k != name}})}",
        }
        for name, code in given.items()
    ]


def _row(
    found: Referral, side: str, names: dict[Any, str], notices: list[str], timezone: str
) -> dict[str, Any]:
    other = found.from_team if side == "in" else found.to_team
    when = found.sent_at or found.made_at
    return {
        "who": present.who_text(found, names),
        "href": url_for("referral.show", number=found.number),
        "why": " · ".join(
            filter(
                None,
                (present.kind_text(found), team_name(other), reference.label("referral_state", found.state)),
            )
        ),
        "since": since(when),
        "since_iso": when.isoformat(timespec="minutes"),
        "clock": present.clock_of(found, timezone),
        "priority": reference.label("referral_priority", found.priority),
        "priority_kind": present.PRIORITY_TAGS.get(found.priority, "neutral"),
        "ended": found.state in rules.ENDED,
        "notices": [present.notice_text(kind) for kind in notices[-2:]],
        "next": next_step(found, side),
    }


def team_name(team: Any) -> str:
    return str(team.name)


def next_step(found: Referral, side: str) -> str:
    """What is to be done by this side, or how it stands."""
    receiving = {
        "SENT": _("Responder"),
        "INFO_ASKED": _("Responder"),
        "ACCEPTED": _("Recibir"),
        "STARTED": _("Concluir"),
    }
    sending = {
        "DRAFT": _("Revisar y enviar"),
        "INFO_ASKED": _("Dar la información"),
        "PART_ACCEPTED": _("Decidir"),
    }
    return (receiving if side == "in" else sending).get(found.state, _("Ver"))
