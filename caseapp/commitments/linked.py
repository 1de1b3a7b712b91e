"""The indicators that a commitment may name as its target, and what is published of them."""

from __future__ import annotations

from collections.abc import Iterable

from caseapp.commitments.models import CommitmentTarget
from caseapp.commitments.narrative import quoting
from caseapp.commitments.narrative.rules import Quote
from caseapp.commitments.released import Line
from caseapp.core.i18n import language
from caseapp.indicators import catalogue, registers


def indicators() -> dict[str, str]:
    """Every indicator that can be a target: its name in the reader's language, by code in order."""
    names = {one.code: one.name for one in catalogue.all()}
    names |= {code: one.name for code, one in registers.registers().items()}
    return {code: names[code][language()] for code in sorted(names)}


def published(country: str, targets: Iterable[CommitmentTarget]) -> dict[tuple[str, str], Line]:
    """What a country published of its targets' indicators in their periods, by indicator and period (one statement, none
    without targets). The region publishes no figure of its own."""
    asked = [Quote(one.indicator, one.period, country) for one in targets]
    return {(quote.indicator, quote.period): line for quote, line in quoting.figures(asked).items()}
