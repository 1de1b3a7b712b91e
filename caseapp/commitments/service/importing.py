"""Bring a matrix in. Nothing comes in if a row is wrong; what stands is left as it is, so that a file read twice brings
nothing new. Scores come in as proposals that another person confirms: a file is no review."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import sqlalchemy as sa

from caseapp.commitments import linked, matrix_file
from caseapp.commitments.access import read_by, written_by
from caseapp.commitments.matrix_file import Line, Problem
from caseapp.commitments.models import (
    Commitment,
    CommitmentCost,
    CommitmentEvidence,
    CommitmentImport,
    CommitmentScore,
    CommitmentTarget,
)
from caseapp.commitments.rules import REGION, EvidenceKind
from caseapp.core import audit, clock, reference
from caseapp.core.access import Principal
from caseapp.core.db import session


@dataclass
class Report:
    """What became of a file, in the words of `OUTSIDE.md`."""

    rows: int = 0
    created: int = 0
    existing: int = 0
    skipped: int = 0
    duplicates: int = 0
    errors: list[Problem] = field(default_factory=list)


def countries_of(who: Principal) -> tuple[str, ...]:
    """Whose commitments somebody may bring in: their own, or every MIRPS country's for the system."""
    if read_by(who) is None and who.user_id is None:
        return (*reference.mirps_countries(), REGION)
    return written_by(who)


def take_in(content: bytes, *, file_name: str, by: Principal, dry_run: bool = False) -> Report:
    """Read a matrix and write what is new in it. Raises NotAMatrix; problems of rows are in the report."""
    own = countries_of(by)
    read = matrix_file.read(content, countries=own, today=clock.today(), indicators=linked.indicators())
    report = Report(rows=read.rows, errors=read.errors, duplicates=read.duplicates)
    if report.errors:
        report.errors.sort(key=lambda p: (p.row, p.column))
        report.skipped = report.rows
        return report
    standing = _standing(read.lines)
    fresh = [line for line in read.lines if (line.country, line.code) not in standing]
    report.existing, report.created = len(read.lines) - len(fresh), len(fresh)
    if fresh and not dry_run:
        _write(fresh, content, file_name, by)
    return report


def _standing(lines: list[Line]) -> set[tuple[str, str]]:
    rows = session.execute(
        sa.select(Commitment.country, Commitment.code).where(
            Commitment.country.in_({line.country for line in lines})
        )
    )
    return {(row.country, row.code) for row in rows}


def _write(lines: list[Line], content: bytes, file_name: str, by: Principal) -> None:
    now = clock.now()
    made = CommitmentImport(
        file_name=file_name[-200:], sha256=hashlib.sha256(content).hexdigest(), created=len(lines), made_by_id=by.user_id,
        made_by=by.name, made_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    for line in lines:
        row = Commitment(
            country=line.country, code=line.code, pillar=line.pillar, commitment_class=line.commitment_class,
            text_es=line.text_es, text_en=line.text_en, owner=line.owner, partners=list(line.partners),
            starts_on=line.starts_on, due_on=line.due_on, source=made.file_name, import_id=made.id,
            made_by_id=by.user_id, made_at=now, changed_at=now,
        )  # fmt: skip
        session.add(row)
        _evidence_and_score(row, line, made, by)
        if line.cost is not None:
            year, currency, budgeted, funded, source = line.cost
            session.add(
                CommitmentCost(
                    commitment_id=row.id,
                    year=year,
                    currency=currency,
                    budgeted=budgeted,
                    funded=funded,
                    source=source,
                    made_by_id=by.user_id,
                    made_at=now,
                )
            )
        if line.target is not None:
            indicator, period, target = line.target
            session.add(
                CommitmentTarget(commitment_id=row.id, indicator=indicator, period=period, target=target)
            )
    session.flush()
    audit.record("imported", "commitment_import", made.id, str(len(lines)))


def _evidence_and_score(row: Commitment, line: Line, made: CommitmentImport, by: Principal) -> None:
    if line.score is None and not line.evidence:
        return
    now, today = clock.now(), clock.today()
    named = bool(line.evidence or line.evidence_url)
    proof = CommitmentEvidence(
        commitment_id=row.id, kind=(EvidenceKind.RECORD if named else EvidenceKind.MATRIX).value,
        title=line.evidence or line.evidence_url or made.file_name, url=line.evidence_url or None,
        issued_on=line.evidence_date or line.scored_on or today, added_by_id=by.user_id, added_at=now,
    )  # fmt: skip
    session.add(proof)
    if line.score is not None:
        session.add(
            CommitmentScore(
                commitment_id=row.id, score=line.score, scored_on=line.scored_on or today, reason=made.file_name,
                evidence_id=proof.id, author_id=by.user_id, made_at=now, import_id=made.id,
            )
        )  # fmt: skip
