"""What may be written, quoted and approved in a narrative."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from caseapp.commitments.narrative import rules
from caseapp.commitments.narrative.rules import Quote, Quoted

ANA, LUIS = UUID(int=1), UUID(int=2)
YEAR = Quote("P1-00", "2025", "MEX")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Se registró a {P1-00 2025 MEX} personas.", {YEAR}),
        ("{P1-00  2025 MEX} y {P2-03 2025-Q3 GTM}; {P4-02 MIRPS-2025 CRI} {P1-01 2025-09 MEX}",
         {YEAR, Quote("P2-03", "2025-Q3", "GTM"), Quote("P4-02", "MIRPS-2025", "CRI"), Quote("P1-01", "2025-09", "MEX")}),
        ("Sin cifras.", set()),
    ],
)  # fmt: skip
def test_quotes_are_found(text, found):
    assert rules.quotes(text) == found


@pytest.mark.parametrize(
    ("es", "en", "refused"),
    [
        (" ", "Text.", rules.NothingWritten),
        ("Texto.", "\n", rules.NothingWritten),
        ("x" * 6001, "x", rules.TooLong),
        ("Son {P1-00 2025}.", "Are {P1-00 2025}.", rules.QuoteMistyped),
        ("Son {1 240}.", "Are 1,240.", rules.QuoteMistyped),
        ("Son P1-00}.", "Are.", rules.QuoteMistyped),
        ("Son {P1-00 2025 MEX}.", "Are many.", rules.QuotesDiffer),
        ("Son {P1-00 2025 MEX}.", "Are {P1-00 2024 MEX}.", rules.QuotesDiffer),
        ("Son {P1-00 2099 MEX}.", "Are {P1-00 2099 MEX}.", rules.QuoteNotPublished),
    ],
)
def test_an_unsound_text_is_refused(es, en, refused):
    with pytest.raises(refused):
        rules.must_be_sound({"es": es, "en": en}, lambda quote: quote == YEAR)


def test_a_sound_text_tells_what_it_quotes():
    texts = {"es": "Son {P1-00 2025 MEX}.", "en": "{P1-00 2025 MEX} they are."}
    assert rules.must_be_sound(texts, lambda quote: quote == YEAR) == {YEAR}


@pytest.mark.parametrize("state", rules.STATES)
@pytest.mark.parametrize("by", [ANA, LUIS, None])
@pytest.mark.parametrize(("agrees", "reason"), [(True, ""), (False, ""), (False, "Falta el dato")])
def test_another_person_decides_on_what_waits(state, by, agrees, reason):
    allowed = state == "WAITING" and by == LUIS and (agrees or bool(reason))
    if allowed:
        rules.may_decide(state, written_by=ANA, by=by, agrees=agrees, reason=reason)
        return
    wanted = rules.NotWaiting if state != "WAITING" else rules.OwnText if by != LUIS else rules.ReasonMissing
    with pytest.raises(wanted):
        rules.may_decide(state, written_by=ANA, by=by, agrees=agrees, reason=reason)


@pytest.mark.parametrize(
    ("then", "now", "changed"),
    [(Decimal(5), Decimal("5.0"), False), (Decimal(5), Decimal(10), True), (Decimal(5), None, True), (None, Decimal(5), False)],
)  # fmt: skip
def test_a_figure_that_a_revision_changed_is_told(then, now, changed):
    assert Quoted(YEAR, then, now).changed is changed


@pytest.mark.parametrize(("country", "may"), [("MEX", True), ("GTM", False), ("REG", True)])
def test_a_country_quotes_its_own_figures(country, may):
    assert rules.may_quote(country, YEAR) is may


def test_paragraphs_carry_the_figures_in_words():
    text = "Uno {P1-00 2025 MEX}.\n\n\nDos.\r\n\r\nTres."
    assert rules.told(text, lambda quote: f"<{quote.indicator}>") == ["Uno <P1-00>.", "Dos.", "Tres."]
