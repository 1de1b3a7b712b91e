"""A month in words."""

from __future__ import annotations

from flask_babel import format_date

from caseapp.casefile.month import rules
from caseapp.core.i18n import _


def month_words(month: str) -> str:
    """«octubre de 2025»"""
    name = str(format_date(rules.first_day(month), "LLLL"))
    return _("%(month)s de %(year)s", month=name, year=month[:4])
