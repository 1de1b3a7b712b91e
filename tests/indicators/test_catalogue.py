"""The catalogue as data: whole, refused by file and line, and printed as it stands."""

from __future__ import annotations

import re

import pytest
import yaml

from caseapp.core import journal, reference
from caseapp.core.reference import ROOT, ReferenceInvalid
from caseapp.indicators import catalogue, cubes, printed, registers

ONE = """\
P1-00:
  pillar: P1
  version: 1
  valid_from: 2013-01-01
  name: {es: Personas, en: Persons}
  definition: {es: Personas, en: Persons}
  numerator: {es: Personas, en: Persons}
  domain: arrivals
  measure: COUNT
  unit: PERSONS
  basis: PERSONS
  direction: context
  disaggregations: [sex]
  source: [own]
"""


def refused(tmp_path, text: str) -> str:
    file = tmp_path / "bad.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ReferenceInvalid) as refusal:
        catalogue.read([file])
    return str(refusal.value)


def test_the_sound_one_is_read(tmp_path):
    (tmp_path / "good.yml").write_text(ONE, encoding="utf-8")
    assert catalogue.read([tmp_path / "good.yml"])["P1-00"].smallest_cell == 5


@pytest.mark.parametrize(
    ("was", "is_now", "line", "says"),
    [
        ("domain: arrivals", "domain: arivals", 8, "no domain"),
        ("pillar: P1", "pillar: P2", 2, "pillar P2 is not that of P1-00"),
        ("basis: PERSONS", "basis: NIGHTS", 11, "arrivals counts PERSONS"),
        ("disaggregations: [sex]", "disaggregations: [sex, shoe]", 13, "no dimension shoe"),
        ("  source: [own]", "  sources: [own]", 14, "unknown word 'sources'"),
        ("  source: [own]", "  source: [own]\n  smallest_cell: 3", 15, "smallest_cell 3 is not the k"),
        ("  source: [own]", "  source: [own]\n  select: {screened: [SOON]}", 15, "no label 'SOON'"),
        ("  source: [own]", "  source: [own]\n  of: PUBLIC", 15, "only for a RATE"),
        ("measure: COUNT", "measure: RATE", 10, "is not in PERSONS"),
        ("es: Personas, en: Persons}\n  definition", "es: Personas}\n  definition", 5, "en is missing"),
        ("  source: [own]", "  source: [own]\n  unit_cost: 3", 9, "is for MONEY"),
        ("measure: COUNT\n  unit: PERSONS", "measure: MONEY\n  unit: USD", 9, "MONEY needs it"),
        ("  source: [own]", "  source: [own]\n  over: [claims]", 15, "is for a RATE of events"),
        ("  version: 1\n", "  version: 1\n  version: 2\n", 4, "stands twice"),
    ],
)
def test_a_bad_one_is_refused_by_file_and_line(tmp_path, was, is_now, line, says):
    said = refused(tmp_path, ONE.replace(was, is_now, 1))
    assert said.startswith(f"bad.yml:{line}: ") and says in said


def test_every_kind_and_column_is_in_the_list_of_events():
    for domain in cubes.domains().values():
        assert set(domain.kinds) <= set(journal.kinds())
        for column in domain.where:
            assert all(column in journal.kind(kind).codes for kind in domain.kinds)
    for each in catalogue.all():
        assert each.kinds and set(each.kinds) <= set(journal.kinds())


def test_at_least_one_for_each_of_pillars_1_to_4_and_twelve_in_all():
    found = catalogue.all()
    assert {each.pillar for each in found} >= {"P1", "P2", "P3", "P4"}
    assert len(found) >= 13


def test_sensitive_groups_have_k_10():
    alone = cubes.domains()["arrivals"].part("family").ks
    assert alone == {"CHILD_UNACCOMPANIED": 10, "CHILD_SEPARATED": 10}
    assert catalogue.get("P1-19").smallest_cell == catalogue.get("P4-06").smallest_cell == 10
    assert cubes.domains()["departures"].part("pathway").ks == {"PTA": 10}


def test_numerators_are_splits_of_their_own_denominator():
    for each in catalogue.all():
        if each.measure == "RATE" and not isinstance(each.of, str) and not each.over:
            assert set(each.of) | set(each.part) <= {part.axis.name for part in each.domain.parts}
            assert "." in each.cube


def test_the_printed_catalogue_is_up_to_date():
    assert printed.FILE.read_text(encoding="utf-8") == printed.text(), "make indicators"


def test_what_differs_from_the_list_has_a_figure_and_what_is_absent_has_none():
    found = yaml.safe_load(printed.LIST.read_text(encoding="utf-8"))
    known = {each.code for each in catalogue.all()} | set(registers.registers())
    assert set(found["differs"]) <= known and not set(found["absent"]) & known
    assert all(why.strip().endswith(".") for part in found.values() for why in part.values())


def test_each_of_the_65_has_a_figure_or_a_reason_why_there_is_none():
    listed = {
        f"P{p}-{n:02d}" for p, last in enumerate((24, 16, 7, 13, 5), start=1) for n in range(1, last + 1)
    }
    of_registers = set(registers.registers())
    absent = yaml.safe_load(printed.LIST.read_text(encoding="utf-8"))["absent"]
    figures = {each.code for each in catalogue.all()} | of_registers
    assert len(listed) == 65 and listed <= figures | set(absent) and not figures & set(absent)
    assert figures - listed == {"P1-00", "P1-90", "P1-91"}
    assert all(len(why) > 100 for why in absent.values())


def test_no_definition_names_a_single_reason_that_has_a_group():
    grouped = {
        code
        for path in (ROOT / "codes").glob("*reason*.csv")
        for code in (row.code for row in reference.codes(path.stem) if row.group)
    }
    for domain in cubes.domains().values():
        tests = [
            domain.where,
            *(domain.stage.get("cases") or {}).values(),
            *(domain.sector.get("cases") or {}).values(),
        ]
        named = {value for test in tests for value in test.get("reason", ())}
        assert not named & grouped, domain.name


def test_no_label_of_a_domain_stands_in_two_groups_that_must_add_up():
    ending = cubes.domains()["claim_endings"].part("ending").axis
    assert sorted([*ending.groups["MERITS"], *ending.groups["CLOSED"]]) == sorted(ending.labels)
    referral = cubes.domains()["referrals"].part("ending").axis
    assert set(referral.labels) - set(referral.groups["ANSWER_DUE"]) == {"WITHDRAWN"}


def test_codes_of_the_facts_find_their_label():
    arrivals = cubes.definition("arrivals", "MEX")
    assert arrivals.axis("origin").place("NIC") == "NIC" and arrivals.axis("origin").place("FRA") == "OTHER"
    assert arrivals.axis("age_band").place("UNKNOWN") == "18-59" and arrivals.axis("sex").place("X") == "O"
    assert re.fullmatch(r"[A-Z_]+", cubes.definition("referrals", "MEX").axis("sector").place("MHPSS"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"8-30": [8, 31]', '"8-30": [9, 31]', "a band ends at 8 and the next begins at 9"),
        ('"0-7": [0, 8], ', "", "the bands are not the labels"),
        ("measure: MEDIAN", "measure: COUNT", "is not in DAYS"),
    ],
)
def test_bands_without_a_seam_are_asked_of_a_median(tmp_path, old, new, said):
    text = (catalogue.FOLDER / "p1.yml").read_text("utf-8")
    entry = text[text.index("P1-05:") : text.index("P1-06:")]
    assert old in entry
    file = tmp_path / "p1.yml"
    file.write_text(entry.replace(old, new), "utf-8")
    with pytest.raises(ReferenceInvalid, match=said):
        catalogue.read([file])
