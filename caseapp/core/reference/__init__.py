"""Reference data: code lists, places, languages, clocks and questionnaires, read once from files.

The files under `config/reference/` are the one place where a code gets its meaning; the database copy
(`rows_for_database`) exists for foreign keys and for SQL that wants a label. Rules for every list are
those of the vocabulary: a code is UPPER_SNAKE and immutable, has a label in Spanish and in English,
is retired by date and never deleted. A file that breaks a rule stops the program with file and line.

Flags: R a second person reviews; S sealed (others see `outside_label`); C chosen for a child only with
the child-protection role; X never sent to a receiver and never exported.
"""

from __future__ import annotations

from caseapp.core.reference.claims import ClaimProcedure, OrderedStep, claim_procedure, claim_procedures
from caseapp.core.reference.dated import (
    ClockRule,
    StayPair,
    WorkingAge,
    clock_rule,
    clock_rules,
    questionnaire,
    stay_pairs,
    working_age,
    working_ages,
)
from caseapp.core.reference.directory import FreshnessRule, freshness_rule, freshness_rules
from caseapp.core.reference.geography import (
    OTHER_COUNTRY,
    STATELESS,
    UNKNOWN_COUNTRY,
    Admin1,
    Admin2,
    Country,
    Language,
    admin1,
    admin1_named,
    admin2,
    countries,
    country_label,
    language_label,
    languages,
    origin_group,
    origin_groups,
    place_name,
)
from caseapp.core.reference.holidays import Holiday, holidays, holidays_in
from caseapp.core.reference.intervals import DeliveryInterval, delivery_interval, delivery_intervals
from caseapp.core.reference.lists import (
    Code,
    DatabaseRow,
    choices,
    code,
    codes,
    group_of,
    known,
    label,
    lists,
    outside_label,
    read_list,
    rows_for_database,
    text,
)
from caseapp.core.reference.questions import (
    BLANKS,
    Condition,
    Option,
    Proposal,
    ProposedNeed,
    Question,
    Questionnaire,
    QuestionnaireInvalid,
    Section,
    Words,
)
from caseapp.core.reference.source import ROOT, CodeUnknown, ReferenceInvalid, language_of

__all__ = [
    "BLANKS",
    "OTHER_COUNTRY",
    "ROOT",
    "STATELESS",
    "UNKNOWN_COUNTRY",
    "Admin1",
    "Admin2",
    "ClaimProcedure",
    "ClockRule",
    "Code",
    "CodeUnknown",
    "Condition",
    "Country",
    "DatabaseRow",
    "DeliveryInterval",
    "FreshnessRule",
    "Holiday",
    "Language",
    "Option",
    "OrderedStep",
    "Proposal",
    "ProposedNeed",
    "Question",
    "Questionnaire",
    "QuestionnaireInvalid",
    "ReferenceInvalid",
    "Section",
    "StayPair",
    "Words",
    "WorkingAge",
    "admin1",
    "admin1_named",
    "admin2",
    "choices",
    "claim_procedure",
    "claim_procedures",
    "clock_rule",
    "clock_rules",
    "code",
    "codes",
    "countries",
    "country_label",
    "delivery_interval",
    "delivery_intervals",
    "freshness_rule",
    "freshness_rules",
    "group_of",
    "holidays",
    "holidays_in",
    "known",
    "label",
    "language_label",
    "language_of",
    "languages",
    "lists",
    "origin_group",
    "origin_groups",
    "outside_label",
    "place_name",
    "questionnaire",
    "read_list",
    "rows_for_database",
    "stay_pairs",
    "text",
    "working_age",
    "working_ages",
]
