"""The rules of commitments, each with every case that it tells apart."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from caseapp.commitments import rules
from caseapp.commitments.rules import CommitmentClass, Scored, Weighting

TODAY = date(2025, 11, 23)


def test_the_matrix_of_the_first_year_gives_41_as_printed():
    pillars = [Decimal(44), Decimal(39), Decimal(45), Decimal(36)]
    found = rules.mean_of_pillars(pillars)
    assert found is not None and rules.rounded(found) == 41 and found == Decimal(41)


def matrix(averages: dict[int, int], size: int = 100) -> list[Scored]:
    """Commitments whose scores make a pillar's average exactly so many percent."""
    rows = []
    for pillar, percent in averages.items():
        full, rest = divmod(percent * size // 20, 5)
        scores = [5] * full + [rest] + [0] * (size - full - 1)
        rows += [Scored("MEX", pillar, score) for score in scores]
    return rows


def test_the_two_weightings_of_a_whole_matrix_are_told_apart():
    rows = matrix({1: 44, 2: 39, 3: 45, 4: 36})
    assert [one.printed for one in rules.by_pillar(rows).values()] == [44, 39, 45, 36]
    assert rules.overall(rows, Weighting.PILLARS).printed == 41
    # Twenty more in the strongest pillar move one mean and not the other.
    more = [*rows, *matrix({3: 45})]
    assert rules.overall(more, Weighting.PILLARS).percent == Decimal(41)
    assert rules.overall(more, Weighting.COMMITMENTS).percent == Decimal("41.8")


@pytest.mark.parametrize(
    ("percent", "printed"), [("40.4", 40), ("40.5", 41), ("41.4999", 41), ("0.5", 1), ("0", 0), ("100", 100)]
)
def test_halves_are_rounded_up(percent, printed):
    assert rules.rounded(Decimal(percent)) == printed


def test_what_nobody_has_scored_is_no_zero():
    rows = [Scored("MEX", 1, 5), Scored("MEX", 1, None), Scored("MEX", 2, None)]
    average = rules.by_commitments(rows)
    assert (average.percent, average.scored, average.unscored) == (Decimal(100), 1, 2)
    assert rules.by_pillars(rows).percent == Decimal(100)
    assert rules.by_commitments([]).printed is None


def test_classes_are_switched_in_and_out():
    rows = [Scored("MEX", 1, 5), Scored("REG", 5, 0, CommitmentClass.PILLAR_5), Scored("REG", 1, 1, CommitmentClass.SUPPORT_PLATFORM)]  # fmt: skip
    assert len(rules.counted(rows, {CommitmentClass.COUNTRY})) == 1
    assert rules.by_commitments(rules.counted(rows, set(CommitmentClass))).percent == Decimal(40)


@pytest.mark.parametrize("score", rules.SCORES)
def test_the_scale(score):
    assert rules.percent_of(score) == score * 20


@pytest.mark.parametrize("score", [-1, 6])
def test_there_is_no_seventh_colour(score):
    with pytest.raises(rules.ScoreUnknown):
        rules.percent_of(score)


@pytest.mark.parametrize(
    ("percent", "level"),
    [
        ("0", 0),
        ("19.4", 0),
        ("19.5", 1),
        ("20", 1),
        ("41", 2),
        ("59.6", 3),
        ("79.4", 3),
        ("99", 4),
        ("100", 5),
    ],
)
def test_the_colour_of_an_average(percent, level):
    assert rules.level_of(Decimal(percent)) == level


STANDS = {
    "country": "MEX", "pillar": 1, "commitment_class": "COUNTRY", "text_es": "Abrir una oficina.",
    "starts_on": date(2025, 1, 1), "due_on": date(2025, 12, 31),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({}, None), ({"starts_on": None}, None), ({"due_on": date(2025, 1, 1)}, None),
        ({"text_es": "  "}, rules.TextMissing), ({"pillar": 0}, rules.PillarUnknown), ({"pillar": 6}, rules.PillarUnknown),
        ({"pillar": 5}, rules.ClassMismatch), ({"country": "REG"}, rules.ClassMismatch),
        ({"pillar": 5, "commitment_class": "PILLAR_5"}, None), ({"commitment_class": "PILLAR_5"}, rules.ClassMismatch),
        ({"country": "REG", "commitment_class": "SUPPORT_PLATFORM"}, None), ({"commitment_class": "X"}, rules.ClassMismatch),
        ({"due_on": date(2024, 12, 31)}, rules.DueBeforeStart),
    ],
)  # fmt: skip
def test_what_a_commitment_may_be(change, error):
    if error is None:
        rules.may_stand(**(STANDS | change))
        return
    with pytest.raises(error):
        rules.may_stand(**(STANDS | change))


PROPOSES = {
    "now": 2, "last_on": date(2025, 6, 1), "is_waiting": False, "is_withdrawn": False, "has_evidence": True,
    "scored_on": date(2025, 11, 1), "today": TODAY,
}  # fmt: skip


@pytest.mark.parametrize(
    ("score", "change", "error"),
    [
        (3, {}, None), (0, {}, None), (2, {"now": None, "last_on": None}, None), (3, {"scored_on": date(2025, 6, 1)}, None),
        (3, {"scored_on": TODAY}, None),
        (6, {}, rules.ScoreUnknown), (-1, {}, rules.ScoreUnknown), (2, {}, rules.SameScore),
        (3, {"is_waiting": True}, rules.AlreadyProposed), (3, {"is_withdrawn": True}, rules.CommitmentWithdrawn),
        (3, {"has_evidence": False}, rules.EvidenceNeeded), (3, {"scored_on": date(2025, 11, 24)}, rules.ScoredAhead),
        (3, {"scored_on": date(2025, 5, 31)}, rules.ScoredAhead),
    ],
)  # fmt: skip
def test_what_may_be_proposed(score, change, error):
    if error is None:
        rules.may_propose(score, **(PROPOSES | change))
        return
    with pytest.raises(error):
        rules.may_propose(score, **(PROPOSES | change))


@pytest.mark.parametrize(
    ("state", "author", "reviewer", "error"),
    [
        ("PROPOSED", "a", "b", None), ("PROPOSED", None, "b", None), ("PROPOSED", "a", "a", rules.SamePerson),
        ("CONFIRMED", "a", "b", rules.NotProposed), ("RETURNED", "a", "b", rules.NotProposed),
    ],
)  # fmt: skip
def test_who_reviews(state, author, reviewer, error):
    if error is None:
        rules.may_review(state, author=author, reviewer=reviewer)
        return
    with pytest.raises(error):
        rules.may_review(state, author=author, reviewer=reviewer)


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2025, 11, 23), date(2025, 5, 23)), (date(2025, 8, 31), date(2025, 2, 28)), (date(2024, 8, 31), date(2024, 2, 29)),
        (date(2025, 3, 15), date(2024, 9, 15)), (date(2025, 12, 31), date(2025, 6, 30)),
    ],
)  # fmt: skip
def test_six_months_by_the_calendar(day, before):
    assert rules.months_before(day) == before


STALLED = {
    "score": 2, "changed_on": date(2025, 5, 22), "due_on": date(2026, 2, 21), "is_withdrawn": False, "today": TODAY,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "stalled"),
    [
        ({}, True), ({"score": None}, True), ({"due_on": date(2025, 1, 1)}, True), ({"changed_on": date(2025, 5, 23)}, False),
        ({"due_on": date(2026, 2, 22)}, False), ({"due_on": None}, False), ({"score": 5}, False), ({"is_withdrawn": True}, False),
    ],
)  # fmt: skip
def test_what_is_stalled(change, stalled):
    assert rules.is_stalled(**(STALLED | change)) is stalled


@pytest.mark.parametrize(
    ("on", "old"), [(None, True), (date(2025, 5, 22), True), (date(2025, 5, 23), False), (TODAY, False)]
)
def test_old_evidence(on, old):
    assert rules.is_old(on, TODAY) is old


def test_the_gap_is_never_negative():
    assert rules.gap(Decimal(100), Decimal(40)) == 60 and rules.gap(Decimal(10), Decimal(40)) == 0
    assert (
        rules.gap_percent(Decimal(200), Decimal(50)) == 25
        and rules.gap_percent(Decimal(0), Decimal(0)) is None
    )


@pytest.mark.parametrize(
    ("amounts", "currency", "error"),
    [
        (("1", "0"), "USD", None), (("-1", "0"), "USD", rules.AmountUnfit), (("1", "-1"), "USD", rules.AmountUnfit),
        (("NaN", "0"), "USD", rules.AmountUnfit), (("Infinity", "0"), "USD", rules.AmountUnfit),
        (("1", "0"), "usd", rules.CurrencyUnknown), (("1", "0"), "US", rules.CurrencyUnknown), (("1", "0"), "U2D", rules.CurrencyUnknown),
    ],
)  # fmt: skip
def test_what_a_cost_may_be(amounts, currency, error):
    if error is None:
        rules.may_cost(*map(Decimal, amounts), currency)
        return
    with pytest.raises(error):
        rules.may_cost(*map(Decimal, amounts), currency)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7 /Type /Catalog", "application/pdf"), (b"\x89PNG\r\n\x1a\n....", "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"%PDF-1.7 /JSONish /AAron", "application/pdf"),
        (b"", None), (b"<html>", None), (b"PK\x03\x04", None), (b"<svg/>", None), (b"GIF89a", None),
        (b"%PDF-1.7 /JavaScript (x)", None), (b"%PDF-1.7 /JS(x)", None), (b"%PDF-1.7 /Launch<<", None), (b"%PDF-1.7 /AA", None),
        (b"%PDF-1.7 /EmbeddedFile ", None), (b"%PDF-1.7 /OpenAction 3 0 R", None), (b"%PDF-" + b"x" * rules.LARGEST_FILE, None),
    ],
)  # fmt: skip
def test_which_files_are_evidence(content, kind):
    if kind is not None:
        assert rules.media_type(content) == kind
        return
    with pytest.raises(rules.FileUnfit):
        rules.media_type(content)


@pytest.mark.parametrize(
    ("url", "fits"),
    [("https://x.example/a", True), ("HTTP://x", True), ("", True), ("javascript:alert(1)", False), ("https://a b", False), ("ftp://x", False)],
)  # fmt: skip
def test_which_links_may_be_followed(url, fits):
    if fits:
        assert rules.link(f" {url} ") == url
        return
    with pytest.raises(rules.LinkUnfit):
        rules.link(url)


@pytest.mark.parametrize(
    ("offered", "used", "error"),
    [(5, 5, None), (0, 0, None), (5, 6, rules.MoreUsedThanOffered), (-1, 0, rules.AmountUnfit), (1, -1, rules.AmountUnfit)],
)  # fmt: skip
def test_places_used_are_of_those_offered(offered, used, error):
    if error is None:
        rules.may_count_places(offered, used)
        return
    with pytest.raises(error):
        rules.may_count_places(offered, used)
