"""Evidence, proposals and their review by another person."""

from __future__ import annotations

import hashlib
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.commitments import rules
from caseapp.commitments.access import written_by
from caseapp.commitments.models import Commitment, CommitmentEvidence, CommitmentScore
from caseapp.commitments.rules import EvidenceKind, ScoreState
from caseapp.commitments.service.keeping import for_writing
from caseapp.core import audit, clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours, says

says("ck_commitment_score_reviewed_by_another", rules.SamePerson)
says("uq_commitment_score_waiting", rules.AlreadyProposed)


def add_evidence(
    commitment_id: UUID, *, kind: str, title: str, issued_on: date, url: str = "", file_name: str = "",
    content: bytes = b"", by: Principal,
) -> CommitmentEvidence:  # fmt: skip
    """Paper of an institution: a link, a file, or (RECORD) a reference in the title alone. Raises EvidenceEmpty,
    LinkUnfit, FileUnfit, ScoredAhead."""
    row = for_writing(commitment_id, by)
    url = rules.link(url)
    if not url and not content and kind != EvidenceKind.RECORD:
        raise rules.EvidenceEmpty
    if issued_on > clock.today():
        raise rules.ScoredAhead(field="issued_on")
    made = CommitmentEvidence(
        commitment_id=row.id, kind=kind, title=title.strip(), issued_on=issued_on, url=url or None,
        added_by_id=by.user_id, added_at=clock.now(),
    )  # fmt: skip
    if content:
        made.media_type, made.content = rules.media_type(content), content
        made.file_name, made.sha256 = _plain(file_name), hashlib.sha256(content).hexdigest()
    session.add(made)
    session.flush()
    audit.record("evidence_added", "commitment", row.id, kind)
    return made


def _plain(name: str) -> str:
    """A file's name without folders or signs that a header or a shell could take amiss."""
    kept = "".join(c for c in name.replace("\\", "/").rsplit("/", 1)[-1] if c.isalnum() or c in " ._-")
    return kept.strip(". ")[-100:] or "evidencia"


def propose(
    commitment_id: UUID, *, score: int, reason: str, evidence_id: UUID | None, scored_on: date, by: Principal
) -> CommitmentScore:  # fmt: skip
    """Propose a score with evidence; another person confirms it. Raises the refusals of `rules.may_propose`."""
    row = for_writing(commitment_id, by)
    if not reason.strip():
        raise rules.ReasonNeeded
    last = session.execute(
        sa.select(CommitmentScore.score, CommitmentScore.scored_on)
        .where(CommitmentScore.commitment_id == row.id, CommitmentScore.state == ScoreState.CONFIRMED)
        .order_by(CommitmentScore.scored_on.desc(), CommitmentScore.id.desc())
        .limit(1)
    ).one_or_none()
    waiting = session.scalar(
        sa.select(CommitmentScore.id).where(
            CommitmentScore.commitment_id == row.id, CommitmentScore.state == ScoreState.PROPOSED
        )
    )
    known = session.scalar(
        sa.select(CommitmentEvidence.id).where(
            CommitmentEvidence.id == evidence_id, CommitmentEvidence.commitment_id == row.id
        )
    )
    rules.may_propose(
        score, now=last.score if last else None, last_on=last.scored_on if last else None, is_waiting=waiting is not None,
        is_withdrawn=False, has_evidence=known is not None, scored_on=scored_on, today=clock.today(),
    )  # fmt: skip
    made = CommitmentScore(
        commitment_id=row.id, score=score, scored_on=scored_on, reason=reason.strip(), evidence_id=known,
        author_id=by.user_id, made_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record("score_proposed", "commitment", row.id, str(score))
    return made


def review(score_id: UUID, *, confirm: bool, note: str = "", by: Principal) -> CommitmentScore:
    """Another person confirms a proposal, or returns it with a reason. Raises NotYours, NotProposed, SamePerson,
    ReasonNeeded."""
    of = session.execute(
        sa.select(Commitment.id)
        .join(CommitmentScore, CommitmentScore.commitment_id == Commitment.id)
        .where(CommitmentScore.id == score_id, Commitment.country.in_(written_by(by)))
    ).scalar_one_or_none()
    if of is None:
        raise NotYours
    for_writing(of, by)
    row = session.get_one(CommitmentScore, score_id, populate_existing=True)
    rules.may_review(row.state, author=row.author_id, reviewer=by.user_id)
    if not confirm and not note.strip():
        raise rules.ReasonNeeded(field="note")
    row.state = ScoreState.CONFIRMED if confirm else ScoreState.RETURNED
    row.reviewer_id, row.reviewed_at, row.review_note = by.user_id, clock.now(), note.strip() or None
    session.flush()
    audit.record("score_confirmed" if confirm else "score_returned", "commitment", of, str(row.score))
    return row


def confirm_import(import_id: UUID, *, by: Principal) -> int:
    """Another person confirms every score of an imported matrix that still waits, of the countries they keep; how many.
    Raises SamePerson where all that wait are their own, NotYours where nothing waits."""
    waiting = session.scalars(
        sa.select(CommitmentScore)
        .join(Commitment, Commitment.id == CommitmentScore.commitment_id)
        .where(
            CommitmentScore.import_id == import_id, CommitmentScore.state == ScoreState.PROPOSED,
            Commitment.country.in_(written_by(by)), Commitment.withdrawn_on.is_(None),
        )
        .with_for_update(of=CommitmentScore)
    ).all()  # fmt: skip
    theirs = [row for row in waiting if row.author_id is None or row.author_id != by.user_id]
    if not waiting:
        raise NotYours
    if not theirs:
        raise rules.SamePerson
    now = clock.now()
    session.execute(
        sa.update(CommitmentScore)
        .where(CommitmentScore.id.in_([row.id for row in theirs]))
        .values(state=ScoreState.CONFIRMED.value, reviewer_id=by.user_id, reviewed_at=now)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    audit.record("import_confirmed", "commitment_import", import_id, str(len(theirs)))
    return len(theirs)
