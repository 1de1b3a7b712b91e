"""Staying in a state: when a place elsewhere needs leave, and when somebody goes without it (VOCABULARY A9.2)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from caseapp.core import reference
from caseapp.people import rules

TODAY = date(2025, 11, 23)
CHIAPAS = rules.Movement("MX07")


@pytest.mark.parametrize(
    ("movement", "to", "needed"),
    [
        (rules.FREE, "MX09", False), (CHIAPAS, "MX07", False), (CHIAPAS, "MX09", True), (CHIAPAS, None, False),
        (rules.Movement("MX07", frozenset({"MX09"})), "MX09", False),
        (rules.Movement("MX07", frozenset({"MX14"})), "MX09", True),
        # Beyond the border the authority of this country has no say.
        (CHIAPAS, "GT01", False), (rules.Movement("GT01"), "MX07", False),
    ],
)  # fmt: skip
def test_when_leave_is_missing(movement, to, needed):
    assert rules.needs_leave(movement, to) is needed
    assert rules.lacking([rules.FREE, movement], to) is needed


@pytest.mark.parametrize("ground", [*rules.GROUNDS, "FULL", ""])
@pytest.mark.parametrize("child", [True, False])
@pytest.mark.parametrize("authority", ["Lic. Prueba, Procuraduría de Niñez", "  "])
def test_who_goes_without_leave(ground, child, authority):
    refusal = None
    if ground not in rules.GROUNDS:
        refusal = rules.GroundUnknown
    elif ground == "CHILD_AT_RISK" and not child:
        refusal = rules.NoChildHere
    elif not authority.strip():
        refusal = rules.AuthorityMissing
    if refusal is None:
        rules.may_except(CHIAPAS, "MX09", ground, authority, child=child, today=TODAY, on=TODAY)
    else:
        with pytest.raises(refusal):
            rules.may_except(CHIAPAS, "MX09", ground, authority, child=child, today=TODAY, on=TODAY)


@pytest.mark.parametrize(
    ("movement", "to", "on", "refusal"),
    [
        (rules.FREE, "MX09", TODAY, rules.LeaveNotNeeded), (CHIAPAS, "MX07", TODAY, rules.LeaveNotNeeded),
        (CHIAPAS, "MX09", TODAY - timedelta(days=1), rules.ExceptionLate),
        (CHIAPAS, "MX09", TODAY + timedelta(days=1), rules.ExceptionLate),
    ],
)  # fmt: skip
def test_when_nobody_has_to(movement, to, on, refusal):
    with pytest.raises(refusal):
        rules.may_except(movement, to, "LIFE_AT_RISK", "Juzgado", child=False, today=TODAY, on=on)


def test_the_grounds_are_those_of_the_reference():
    assert tuple(c.code for c in reference.codes("movement_ground")) == rules.GROUNDS
