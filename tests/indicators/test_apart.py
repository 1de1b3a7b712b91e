"""Domains of the same events are splits of one cube, or say why they are drawn apart: refused when the file is read."""

from __future__ import annotations

import pytest

from caseapp.core.reference import ReferenceInvalid
from caseapp.indicators import apart, cubes

TEXT = cubes.FILE.read_text(encoding="utf-8")
NEW = """
  remittances:
    name: {es: Personas con transferencia, en: Persons with a transfer}
    source: occurrences
    kinds: [cash.delivered]
    unit: PERSONS
    grain: MONTH
    k: 5
    dimensions: [sex]
    splits: {}
"""


def read(tmp_path, text):
    path = tmp_path / "cubes.yml"
    path.write_text(text, encoding="utf-8")
    return cubes._read(path)[0]


def added(more: str) -> str:
    return TEXT.replace("\nnumbers:", f"{NEW}{more}\nnumbers:", 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        # What was done until 0330: a cube of its own for a part of those assisted.
        (added(""), "remittances reads cash.delivered, as assisted does"),
        (added("    apart: {assisted: READ}\n"), "both count cash.delivered: one must be a split"),
        (added("    apart: {assisted: LATER}\n"), "remittances does not count events on a later day"),
        (added("    apart: {assisted: STOCK}\n"), "neither remittances nor assisted is a stock"),
        (added("    apart: {assisted: WHATEVER}\n"), "'WHATEVER' is none of"),
        (added("    apart: {claims: READ}\n"), "remittances shares no kind with claims"),
        (TEXT.replace("    apart: {properties: LATER}\n", ""), "properties_due reads property.registered"),
        (TEXT.replace("{properties: LATER}", "{properties: READ}"), "both count property.registered"),
        (TEXT.replace("{screenings: READ, needs_answered: READ}", "{needs_answered: READ}"), "screening.completed"),
        (TEXT.replace("    apart: {assisted: READ}\n    unit: PERSONS", "    unit: PERSONS", 1), "service.delivered"),
        (TEXT.replace("households: {cash: [PAID]}", "households: {cash: [ALL]}"), "no split cash with these labels"),
        (TEXT.replace("takes: {ACCOUNT+SECOND: ACCOUNT,", "takes: {ACCOUNT+SECOND: CARD,"), "are no labels"),
    ],
)  # fmt: skip
def test_people_counted_twice_are_refused(tmp_path, text, says):
    assert text != TEXT
    with pytest.raises(ReferenceInvalid) as refused:
        read(tmp_path, text)
    assert says in str(refused.value)


def test_both_may_not_declare_it(tmp_path):
    with pytest.raises(ReferenceInvalid, match="a split of it, or `apart` in one of them"):
        read(tmp_path, TEXT.replace("    kinds: [property.registered]\n", "    kinds: [property.registered]\n    apart: {properties_due: STOCK}\n"))  # fmt: skip


def test_a_part_of_the_assisted_hangs_on_the_assisted():
    assisted = cubes.domains()["assisted"]
    assert {"cash", "cash.household", "package"} <= {part.name for part in assisted.parts}
    assert not {"cash", "packages", "uasc", "open_claims"} & set(cubes.domains())


def test_what_counts_the_same_people_on_a_later_day_is_blurred():
    blurred = {name for name, domain in cubes.domains().items() if domain.is_blurred}
    assert blurred == {"schooling", "wg_asked", "idp_access", "properties_due", "best_interests"}
    assert all(cubes.domains()[name].unit == "EVENTS" for name in blurred)


def test_every_kind_that_a_source_counts_is_one_that_it_reads():
    for source, kinds in apart.COUNTED.items():
        for domain in cubes.domains().values():
            if domain.source == source:
                assert set(kinds) <= set(domain.kinds) and domain.counts == set(kinds)
