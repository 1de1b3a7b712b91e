"""The lists of the design's VOCABULARY, one by one: the reference list of each, the column in which PostgreSQL keeps it,
and the test that goes through all its members. `make vocabulary` prints it into docs/vocabulary-coverage.md.

A list is complete when its literal codes stand in `tests/core/test_reference.py` (COMPLETE, groups, pairs) or here
(`codes`); what the design's own file says is compared where it lies beside the repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from caseapp import load_areas
from caseapp.core import reference
from caseapp.core.db import Base

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "vocabulary-coverage.md"


@dataclass(frozen=True)
class Listed:
    """A list: its section, what it is, the reference list, `table.column` with the CHECK that keeps it (a list that is
    wider or narrower on purpose says why), and test modules (below tests/) that go through every code. `not_yet`: what
    no verb reaches."""

    section: str
    title: str
    name: str
    column: str = ""
    tests: tuple[str, ...] = ()
    not_yet: str = ""

    @property
    def codes(self) -> set[str]:
        return {c.code for c in reference.codes(self.name)}


LISTS = (
    Listed("A0", "four blanks", "blanks", "", ("core/test_reference.py",)),
    Listed("A0", "groups of reasons", "reason_group", "", ("core/test_reference.py",)),
    Listed("A1", "states of a referral", "referral_state", "referral.state", ("referral/test_rules.py",)),
    Listed("A1", "modes", "referral_mode", "referral.mode", ("referral/test_rules.py",)),
    Listed("A1", "answer channels", "answer_channel", "referral.answer_channel", ("referral/test_reasons.py",)),
    Listed("A1", "priorities", "referral_priority", "referral.priority", ("referral/test_rules.py",)),
    Listed("A1", "decline reasons", "decline_reason", "", ("referral/test_reasons.py", "core/test_reference.py")),
    Listed("A1", "withdrawn", "withdraw_reason", "handover.withdraw_reason", ("referral/test_reasons.py",)),
    Listed("A1", "not completed", "not_completed_reason", "", ("referral/test_reasons.py",)),
    Listed("A1", "result of service", "service_result", "delivery.result", ("referral/test_reasons.py",)),
    Listed("A1", "acting without consent", "no_consent_basis", "consent_waiver.basis", ("people/test_waivers.py",)),
    Listed("A1", "placement requirements", "placement_requirement", "", ("shelter/test_rules.py",)),
    Listed("A2", "how a stay ended", "stay_end_reason", "", ("shelter/test_departures.py", "core/test_reference.py")),
    Listed("A2", "where to", "stay_destination", "", ("shelter/test_departures.py", "core/test_reference.py")),
    Listed("A2", "place kinds", "place_kind", "place.kind", ("core/test_reference.py",)),
    Listed("A3", "closure of a file", "case_closure_reason", "closure_request.reason", ("casefile/test_rules.py",)),
    Listed("A3", "reopening", "reopen_reason", "", ("casefile/test_rules.py",)),
    Listed("A4", "screening outcomes", "screening_outcome", "screening_outcome.outcome", ("protection/test_rules.py",)),
    Listed("A4", "not finished, why", "screening_incomplete_reason", "screening.incomplete_reason",
           ("protection/test_rules.py",)),
    Listed("A4", "alone", "screening_alone", "screening.alone", ("protection/test_rules.py",)),
    Listed("A4", "interpreter", "interpreter_kind", "screening.interpreter", ("protection/test_rules.py",)),
    Listed("A4", "household types", "household_type", "", ("people/test_rules.py",)),
    Listed("A5", "alerts", "alert", "", ("casefile/test_alerts.py",)),
    Listed("A6", "team types", "team_type", "", ("casefile/test_handing_rules.py",)),
    Listed("A6", "roles", "role", "", ("architecture/test_vocabulary.py",),
           "thirteen that nobody can hold yet (NOT_HELD in the test): eligibility and commissions, legal aid, first contact …"),
    Listed("A7", "purposes", "consent_purpose", "", ("people/test_keys.py",)),
    Listed("A7", "given by", "consent_given_by", "consent.given_by", ("people/test_rules.py",)),
    Listed("A7", "forms", "consent_form", "", ("core/test_reference.py",)),
    Listed("A7", "states of a consent", "consent_state", "consent.state", ("people/test_rules.py",)),
    Listed("A8", "populations", "population", "", ("people/test_rules.py",)),
    Listed("A8", "applicants of a claim", "claim_applicant", "claim_applicant.role", ("procedure/test_steps.py",)),
    Listed("A8", "relations", "relation", "relation.relation", ("core/test_reference.py",)),
    Listed("A8", "evidence of a relation", "relation_evidence", "relation.evidence", ("core/test_reference.py",)),
    Listed("A8", "birth precision", "birth_precision", "person.birth_precision", ("people/test_rules.py",)),
    Listed("A8", "age status", "age_status", "person.age_status", ("people/test_rules.py",)),
    Listed("A8", "sex in the document", "sex_in_document", "person.sex_in_document", ("shelter/test_rules.py",)),
    Listed("A8", "feels safe in", "feels_safe_in", "person.feels_safe_in", ("shelter/test_rules.py",)),
    Listed("A8", "safe contact", "contact_rule", "contact.rule", ("core/test_reference.py",)),
    Listed("A8", "channels of a contact attempt", "contact_attempt_channel", "contact_attempt.channel"),
    Listed("A8", "results of a contact attempt", "contact_attempt_result", "contact_attempt.result"),
    Listed("A8", "custody: authority", "custody_authority", "custody.authority", ("custody/test_rules.py",)),
    Listed("A8", "custody: safeguards", "custody_safeguard", "custody_safeguard.safeguard", ("custody/test_rules.py",)),
    Listed("A8", "custody: exit", "custody_exit", "custody.exit_code", ("custody/test_rules.py",)),
    Listed("A8", "custody: follow-up", "custody_follow_up", "custody_follow_up.outcome", ("custody/test_rules.py",)),
    Listed("A8", "steps of a solution", "solution_step", "solution_step.step", ("solutions/test_plans.py",)),
    Listed("A8", "work permit", "work_permit", "work_permit.state", ("solutions/test_work.py",)),
    Listed("A8", "employment", "employment_step", "employment.state", ("solutions/test_work.py",)),
    Listed("A8", "employment: how it ended", "employment_end_reason", "employment.end_reason", ("solutions/test_work.py",)),
    Listed("A8", "employment: form", "employment_form", "employment.form", ("solutions/test_work.py",)),
    Listed("A8", "training", "training_step", "training.state", ("solutions/test_work.py",)),
    Listed("A8", "training: why dropped", "training_drop_reason", "training.drop_reason", ("solutions/test_work.py",)),
    Listed("A8", "language levels", "cefr_level", "training.level_in", ("solutions/test_work.py",)),
    Listed("A8", "assistance", "assistance_kind", "delivery.item", ("assistance/test_deliveries.py",)),
    Listed("A8", "assistance: decision", "assistance_decision", "assistance.decision"),
    Listed("A8", "payment", "payment_state", "payment.state"),
    Listed("A8", "payment: why it failed", "payment_failure", "payment.failure"),
    Listed("A8", "return", "return_step", "", ("solutions/test_returning.py",)),
    Listed("A8", "property: kind", "property_kind", "property.kind"),
    Listed("A8", "property: tenure", "property_tenure", "property.tenure"),
    Listed("A8", "property: state", "property_state", "property.happened"),
    Listed("A8", "property: measure", "property_measure", "property.measure"),
    Listed("A8", "enquiry: by whom", "enquiry_by", "enquiry.asked_by", ("casefile/test_enquiry.py",)),
    Listed("A8", "enquiry: answer", "enquiry_answer", "enquiry.answer", ("casefile/test_enquiry.py",)),
    Listed("A9", "order of exit from a station", "tripartite_exit_rank", "custody.rank", ("custody/test_rules.py",)),
    Listed("A9", "leave of state: why without", "movement_ground", "movement_exception.ground", ("people/test_movement.py",)),
    Listed("A9", "leave of state: answer", "leave_outcome", "", ("procedure/test_duties.py",)),
)  # fmt: skip

#: Words in capitals in the design's file that are not codes: abbreviations, authorities, parts of a code.
NOT_CODES = frozenset({
    "UPPER_SNAKE", "EN", "ES", "HIV", "CHECK", "RD", "RR", "MX", "HN", "INM", "COMAR", "CONARE", "DGME", "DINAF", "DIPPDIV",
    "IMAS", "ONPAR", "PANI", "PGN", "PPNNA", "SENNIAF", "UR", "VBG", "CEFR", "HIJO", "RMP", "UNHCR", "DIF", "PIN",
})  # fmt: skip


def checks() -> dict[str, set[str]]:
    """`table.column` → the codes that its CHECK takes."""
    load_areas()
    found = {}
    for table in Base.metadata.sorted_tables:
        for constraint in table.constraints:
            if isinstance(constraint, sa.CheckConstraint):
                said = re.fullmatch(
                    r"(?:\w+ IS NULL OR )?\"?(\w+)\"? IN \(([^()]*)\)",
                    str(constraint.sqltext).strip("() ") + ")",
                )
                if said:
                    found[f"{table.name}.{said[1]}"] = set(re.findall(r"'([^']*)'", said[2]))
    return found


def goes_through(listed: Listed, module: str) -> bool:
    """Whether a test module names every code of a list, or walks the list itself (`codes(…)`, or a table by list)."""
    text = (ROOT / "tests" / module).read_text(encoding="utf-8")
    return bool(
        re.search(
            rf'(codes|codes_of|Verb|shown)\("{listed.name}"|\("{listed.name}", |^ *"{listed.name}":',
            text,
            re.M,
        )
    ) or all(re.search(rf"\b{re.escape(code)}\b", text) for code in listed.codes)


def table() -> str:
    """Markdown."""
    rows = [
        f"| {one.section} | {one.title} | `{one.name}` | {len(one.codes)} | {f'`{one.column}`' if one.column else ''} "
        f"| {', '.join(f'`{t}`' for t in one.tests)} | {one.not_yet} |"
        for one in LISTS
    ]
    reached = sum(not one.not_yet for one in LISTS)
    return "\n".join([
        "# Where each list of the vocabulary stands",
        "",
        "Printed by `make vocabulary` from `tests/architecture/vocabulary.py`, which is checked: every list is in",
        "`config/reference/codes`, PostgreSQL keeps the column to it (CHECK), and the named tests name each code or walk the",
        f"list. {len(LISTS)} lists, {sum(len(one.codes) for one in LISTS)} codes, {reached} lists wholly in use.",
        "",
        "| | list | reference list | codes | kept by PostgreSQL in | table tests | not reached yet |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
    ])  # fmt: skip


if __name__ == "__main__":
    DOCUMENT.write_text(table(), encoding="utf-8")
