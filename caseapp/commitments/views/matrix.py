"""`/commitments`: countries by pillars, as of any day, with two overall figures side by side; the list; the costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.commitments import figures, present, queries, rules
from caseapp.commitments.access import EDIT, READ, REVIEW
from caseapp.commitments.queries import Standing
from caseapp.commitments.rules import CommitmentClass, Weighting
from caseapp.commitments.views import blueprint
from caseapp.core import access, clock, reference
from caseapp.core.access import needs
from caseapp.core.i18n import _
from caseapp.core.pages import PAGE_SIZE, Page, asked_page

#: Lists of what needs a look.
STATES = ("stalled", "old", "waiting", "unscored", "withdrawn")


def asked_day() -> date:
    """The day of `?on=`, not after today."""
    try:
        return min(date.fromisoformat(request.args.get("on", "")), clock.today())
    except ValueError:
        return clock.today()


def asked_classes() -> frozenset[str]:
    """The first year's class, and those that `?with=` switches in."""
    return figures.FIRST_YEAR | (frozenset(request.args.getlist("with")) & {str(c) for c in CommitmentClass})


@blueprint.get("/commitments")
@needs(READ)
def matrix() -> ResponseReturnValue:
    """The matrix."""
    who, on, classes = access.current(), asked_day(), asked_classes()
    standing = [row for row in queries.standings(who, on) if not row.is_withdrawn]
    rows = [row for row in standing if row.commitment_class in classes]
    pillars = [p for p in rules.PILLARS if p < 5 or len(classes) > 1]
    page = render_template(
        "commitments/matrix.html", page_title=_("Compromisos"), on=on, is_today=on == clock.today(), classes=sorted(classes),
        pillars=[(p, present.pillar(p)) for p in pillars], lines=_lines(rows, pillars), whole=_line(_("Todos"), rows, pillars),
        scale=present.scale(), cards=_cards(rows, on), total=len(rows), left_out=len(standing) - len(rows),
        needs_look=_needs_look(standing), switches=[("PILLAR_5", reference.label("commitment_class", "PILLAR_5")), ("SUPPORT_PLATFORM", reference.label("commitment_class", "SUPPORT_PLATFORM"))],
        weightings={str(w): reference.label("commitment_weighting", w) for w in Weighting},
        imports=queries.waiting_imports(who) if who.may(REVIEW) else [], may_edit=who.may(EDIT),
    )  # fmt: skip
    return page


def _line(name: str, rows: list[Standing], pillars: list[int], country: str = "") -> dict[str, Any]:
    scored = [row.scored for row in rows]
    by = rules.by_pillar(scored)
    return {
        "name": name, "country": country, "count": len(rows),
        "cells": [present.average(by[p]) if p in by else None for p in pillars],
        "counts": [by[p].scored + by[p].unscored if p in by else 0 for p in pillars],
        "overall": {str(w): present.average(rules.overall(scored, w)) for w in Weighting},
    }  # fmt: skip


def _lines(rows: list[Standing], pillars: list[int]) -> list[dict[str, Any]]:
    return [
        _line(present.country(code), [row for row in rows if row.country == code], pillars, code)
        for code in sorted(
            {row.country for row in rows}, key=lambda c: (c == rules.REGION, present.country(c))
        )
    ]


def _cards(rows: list[Standing], on: date) -> list[dict[str, str]]:
    """P5-01 under both weightings, and P5-02."""
    scored = [row.scored for row in rows]
    recent = [row for row in rows if not rules.is_old(row.evidence_on, on)]
    found = []
    for weighting in Weighting:
        one = rules.overall(scored, weighting)
        found.append(
            {
                "label": _("P5-01 · Implementación"), "value": "—" if one.printed is None else str(one.printed), "unit": "%",
                "period": reference.label("commitment_weighting", weighting),
                "coverage": _("%(n)s calificados, %(m)s sin calificar", n=one.scored, m=one.unscored),
            }
        )  # fmt: skip
    share = Decimal(100 * len(recent)) / len(rows) if rows else None
    found.append(
        {
            "label": _("P5-02 · Con evidencia de los últimos 6 meses"), "value": "—" if share is None else str(rules.rounded(share)),
            "unit": "%", "period": _("%(n)s de %(m)s compromisos", n=len(recent), m=len(rows)), "coverage": "",
        }
    )  # fmt: skip
    return found


def _needs_look(rows: list[Standing]) -> list[dict[str, Any]]:
    today = clock.today()
    counts = {
        "stalled": sum(row.is_stalled(today) for row in rows), "old": sum(row.is_old(today) for row in rows),
        "waiting": sum(row.is_waiting for row in rows), "unscored": sum(row.score is None for row in rows),
    }  # fmt: skip
    words = state_words()
    return [
        {"label": words[key], "count": n, "href": url_for("commitments.listing", state=key)}
        for key, n in counts.items()
    ]


def state_words() -> dict[str, str]:
    return {
        "stalled": _("Sin avance en 6 meses, con fecha cercana o pasada"), "old": _("Con evidencia de hace más de 6 meses"),
        "waiting": _("Con calificación en espera de revisión"), "unscored": _("Sin calificar"), "withdrawn": _("Retirados"),
    }  # fmt: skip


@blueprint.get("/commitments/list")
@needs(READ)
def listing() -> ResponseReturnValue:
    """Commitments by country, pillar, score, class and what needs a look."""
    who, today = access.current(), clock.today()
    wanted = {name: request.args.get(name, "") for name in ("country", "pillar", "score", "class", "state")}
    every = queries.standings(who, today)
    rows = [row for row in every if _fits(row, wanted, today)]
    number = asked_page()
    shown = Page(
        [present.row_of(row, today) for row in rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]],
        number, PAGE_SIZE, len(rows),
    )  # fmt: skip
    return render_template(
        "commitments/listing.html", page_title=_("Lista de compromisos"), page=shown, wanted=wanted, choices=_choices(every),
        active=_active(wanted), may_edit=who.may(EDIT),
    )  # fmt: skip


def _fits(row: Standing, wanted: dict[str, str], today: date) -> bool:
    state = wanted["state"]
    return (
        wanted["country"] in ("", row.country)
        and wanted["pillar"] in ("", str(row.pillar))
        and wanted["score"] in ("", str(row.score))
        and wanted["class"] in ("", row.commitment_class)
        and row.is_withdrawn == (state == "withdrawn")
        and (state != "stalled" or row.is_stalled(today))
        and (state != "old" or row.is_old(today))
        and (state != "waiting" or row.is_waiting)
        and (state != "unscored" or row.score is None)
    )


def _choices(rows: list[Standing]) -> dict[str, list[tuple[str, str]]]:
    return {
        "country": [(c, present.country(c)) for c in sorted({row.country for row in rows})],
        "pillar": [(str(p), present.pillar(p)) for p in rules.PILLARS],
        "score": [(str(s), f"{s} · {present.step(s)}") for s in rules.SCORES],
        "class": list(reference.choices("commitment_class")),
        "state": list(state_words().items()),
    }


def _active(wanted: dict[str, str]) -> list[dict[str, str]]:
    """The filters in use, in words."""
    words = {
        "country": present.country, "pillar": lambda p: present.pillar(int(p)), "score": lambda s: f"{s} · {present.step(int(s))}",
        "class": lambda c: reference.label("commitment_class", c), "state": lambda s: state_words()[s],
    }  # fmt: skip
    found = []
    for name, value in wanted.items():
        if value:
            try:
                label = words[name](value)
            except (LookupError, ValueError):
                label = value
            rest: dict[str, Any] = {n: v for n, v in wanted.items() if v and n != name}
            found.append({"label": label, "remove_href": url_for("commitments.listing", **rest)})
    return found


@blueprint.get("/commitments/costs")
@needs(READ)
def costs() -> ResponseReturnValue:
    """What commitments cost, what of it is there and what is missing: by pillar and by country, never across
    currencies."""
    money = queries.money(access.current())
    years = sorted({row.year for row in money}, reverse=True)
    asked = request.args.get("year", type=int)
    year = asked if asked in years else (years[0] if years else clock.today().year)
    own = [row for row in money if row.year == year]
    return render_template(
        "commitments/costs.html", page_title=_("Costos y brecha"), year=year, years=years,
        by_pillar=_summed(own, lambda row: (row.pillar, present.pillar(row.pillar))),
        by_country=_summed(own, lambda row: (row.country, present.country(row.country))),
        whole=_summed(own, lambda row: (0, _("Todos"))),
    )  # fmt: skip


def _summed(rows: list[queries.Money], key: Any) -> list[dict[str, str]]:
    groups: dict[Any, list[queries.Money]] = {}
    for row in rows:
        groups.setdefault((key(row), row.currency), []).append(row)
    found = []
    for ((_order, name), currency), own in sorted(groups.items()):
        budgeted, gap = (sum((getattr(r, n) for r in own), Decimal(0)) for n in ("budgeted", "gap"))
        found.append(
            {
                "name": name, "currency": currency, "budgeted": present.money(budgeted), "gap": present.money(gap),
                "funded": present.money(sum((r.funded for r in own), Decimal(0))),
                "share": present.share(rules.gap_percent(budgeted, gap)), "count": str(sum(r.commitments for r in own)),
            }
        )  # fmt: skip
    return found
