"""Money and a rate over other cubes, figured from published cells and found again by the audit's own arithmetic."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from caseapp.core.reference import ReferenceInvalid
from caseapp.indicators import catalogue
from caseapp.publication.cube.definition import Dimension
from caseapp.publication.cube.figures import Status
from caseapp.publication.cube.grain import Grain
from caseapp.publication.drawing import Drawn
from caseapp.publication.figuring import Figuring
from caseapp.publication.plan import Plan
from caseapp.release_audit.manifest import Unreadable, _definition

PLAN = Plan("MEX", "2025", Grain.FULL, ("HND", "OTHER"), ("MX-OTH",))
SEX, LATE = Dimension("sex", ("F", "M", "O")), Dimension("late", ("no", "yes"))
MONEY = """\
P3-90:
  pillar: P3
  version: 1
  valid_from: 2013-01-01
  name: {es: Costo, en: Cost}
  definition: {es: Costo, en: Cost}
  numerator: {es: Entregas, en: Deliveries}
  domain: interviews
  measure: MONEY
  unit: USD
  basis: EVENTS
  unit_cost: 12.35
  direction: context
  disaggregations: [sex]
  source: [own]
"""


def sheet(cube: str, cells: list[list[int]]) -> Drawn:
    y = np.array(cells)
    return Drawn(cube, "2025-09", (SEX, LATE), y, y)


def figured(indicator: catalogue.Indicator, *sheets: Drawn):
    return Figuring(PLAN, "2025-09", "2025-01", sheets, {}, lambda name, period: {}).rows([indicator])


def indicator(tmp_path, text: str) -> catalogue.Indicator:
    (tmp_path / "one.yml").write_text(text, encoding="utf-8")
    (found,) = catalogue.read([tmp_path / "one.yml"]).values()
    return found


def test_money_is_published_cells_times_a_public_cost(tmp_path):
    each = indicator(tmp_path, MONEY)
    rows = [
        r for r in figured(each, sheet("interviews", [[40, 5], [30, 0], [0, 0]])) if r.period == "2025-09"
    ]
    # 75 × 12.35 = 926.25, of which women 45 × 12.35 = 555.75; 75 over three labels average 20 and more.
    assert [(r.sex, r.value) for r in rows][:3] == [
        ("T", Decimal("926.25")), ("F", Decimal("555.75")), ("M", Decimal("370.50")),
    ]  # fmt: skip
    assert rows[0].figure.numerator is None and rows[0].figure.denominator is None
    read = _definition(each.manifest())
    assert (read.measure, Fraction(read.unit_cost) * 75) == ("MONEY", Fraction("926.25"))


def test_a_few_are_not_broken_down_by_their_amount(tmp_path):
    each = indicator(tmp_path, MONEY)
    rows = [
        r for r in figured(each, sheet("interviews", [[20, 5], [30, 0], [0, 0]])) if r.period == "2025-09"
    ]
    assert [(r.sex, r.value) for r in rows] == [("T", Decimal("679.25"))]


@pytest.mark.parametrize(
    ("cost", "says"),
    [
        ("-1", "is not an amount"),
        ("true", "is not an amount"),
        ("much", "is not an amount"),
        ("1.234", "two decimals"),
    ],
)
def test_a_cost_is_an_amount(tmp_path, cost, says):
    with pytest.raises(ReferenceInvalid, match=says):
        indicator(tmp_path, MONEY.replace("12.35", cost))


RATE = MONEY.replace("MONEY", "RATE").replace("USD", "PERCENT").replace(
    "unit_cost: 12.35", "part: {}\n  of: {}\n  over: [notifications, documents]\n  denominator: {es: Otros, en: Others}"
)  # fmt: skip


def test_a_rate_over_other_cubes_sums_all_their_cells(tmp_path):
    each = indicator(tmp_path, RATE)
    own, below = (
        sheet("interviews", [[40, 5], [30, 0], [0, 0]]),
        sheet("notifications", [[50, 0], [0, 5], [0, 0]]),
    )
    other = sheet("documents", [[10, 0], [35, 0], [0, 0]])
    whole, women, men = [r for r in figured(each, own, below, other) if r.period == "2025-09"][:3]
    assert (whole.figure.numerator, whole.figure.denominator, whole.value) == (75, 100, Decimal("75.0"))
    assert (women.sex, women.figure.numerator, women.figure.denominator) == ("F", 45, 60)
    assert (men.sex, men.figure.numerator, men.figure.denominator) == ("M", 30, 40)
    assert _definition(each.manifest()).over == ("notifications", "documents")


def test_without_one_of_them_it_is_not_offered(tmp_path):
    rows = figured(indicator(tmp_path, RATE), sheet("interviews", [[75, 0], [0, 0], [0, 0]]))
    assert {r.figure.status for r in rows} == {Status.NOT_OFFERED}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("documents]", "shoes]", "no other domain"), ("documents]", "interviews]", "no other domain"),
        ("documents]", "open_cases]", "does not add up"), ("of: {}", "of: {advice: [ADVISED]}", "is for a RATE"),
    ],
)  # fmt: skip
def test_what_cannot_be_divided_by_is_refused(tmp_path, old, new, says):
    with pytest.raises(ReferenceInvalid, match=says):
        indicator(tmp_path, RATE.replace(old, new))


@pytest.mark.parametrize("wrong", [{"over": "documents"}, {"over": ["documents"], "of": {"sex": ["F"]}}])
def test_the_audit_refuses_a_denominator_named_twice(wrong):
    rate = {"measure": "RATE", "unit": "PERCENT", "basis": "EVENTS", "select": {}, "part": {}, "of": {}}
    with pytest.raises(Unreadable):
        _definition(rate | wrong)
