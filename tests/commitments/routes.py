"""A valid request for each route of commitments, aimed at a record of the namespace's country (the region's for the
regional secretariat). Countries, not teams, keep commitments: a stranger of the same country with the role is none."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from caseapp.commitments import models
from caseapp.core import clock
from caseapp.core.db import session, uuid7
from tests.factories import make_user

DAY = date(2025, 10, 1)
PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n%%EOF"


def country_of(ns: Any) -> str:
    return "REG" if ns.role == "REGIONAL_ANALYST" else ns.team.country


def make_commitment(db: Any, country: str, **values: Any) -> models.Commitment:
    """A commitment, written as the owner."""
    regional = country == "REG"
    given = {
        "country": country, "code": f"P1-{uuid7().hex[-8:]}", "pillar": 5 if regional else 1,
        "commitment_class": "PILLAR_5" if regional else "COUNTRY", "text_es": "Abrir una oficina en la frontera sur.",
        "starts_on": date(2025, 1, 1), "due_on": date(2026, 1, 1), "made_at": clock.now(), "changed_at": clock.now(),
    } | values  # fmt: skip
    with db.as_owner():
        row = models.Commitment(**given)
        session.add(row)
    return row


def make_evidence(db: Any, commitment: models.Commitment, **values: Any) -> models.CommitmentEvidence:
    given = {
        "commitment_id": commitment.id, "kind": "RECORD", "title": "Acta 3 de la mesa", "issued_on": DAY, "added_at": clock.now(),
    } | values  # fmt: skip
    with db.as_owner():
        row = models.CommitmentEvidence(**given)
        session.add(row)
    return row


def make_score(
    db: Any, commitment: models.Commitment, score: int, *, on: date = DAY, author: UUID | None = None,
    reviewer: UUID | None = None, import_id: UUID | None = None,
) -> models.CommitmentScore:  # fmt: skip
    """A score, confirmed where a reviewer is given."""
    evidence = make_evidence(db, commitment)
    with db.as_owner():
        row = models.CommitmentScore(
            commitment_id=commitment.id, score=score, scored_on=on, reason="Según el acta.", evidence_id=evidence.id,
            author_id=author, made_at=clock.now(), import_id=import_id, state="CONFIRMED" if reviewer else "PROPOSED",
            reviewer_id=reviewer, reviewed_at=clock.now() if reviewer else None,
        )  # fmt: skip
        session.add(row)
    return row


def public(build: Callable[..., Any]) -> Any:
    build.public = True  # type: ignore[attr-defined]
    return build


def page(url: str) -> Any:
    return public(lambda db, ns: url)


def of(suffix: str = "", data: Callable[[Any, Any, Any], dict[str, Any]] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = make_commitment(db, country_of(ns))
        url = f"/commitments/{row.id}{suffix}"
        return url if data is None else (url, data(db, ns, row))

    return public(build)


TEXT = {"text_es": "Abrir dos oficinas.", "owner": "Oficina de refugio", "partners": "Agencia A; Agencia B"}


def texts(ns: Any) -> dict[str, str]:
    regional = country_of(ns) == "REG"
    return {
        **TEXT, "pillar": "P5" if regional else "P2", "commitment_class": "PILLAR_5" if regional else "COUNTRY",
        "starts_on": "2025-01-01", "due_on": "2025-12-31",
    }  # fmt: skip


def scored(db: Any, ns: Any, row: Any) -> dict[str, Any]:
    proof = make_evidence(db, row)
    return {"score": "3", "scored_on": "2025-11-01", "evidence": str(proof.id), "reason": "Según el acta."}


def waiting(suffix: dict[str, str] | None) -> Any:
    """A commitment whose score waits, proposed by another person of the country."""

    def build(db: Any, ns: Any) -> Any:
        row = make_commitment(db, country_of(ns))
        with db.as_owner():
            author = make_user("COMMISSION_ANALYST", ns.team)
        make_score(db, row, 3, author=author.id)
        url = f"/commitments/{row.id}/review"
        return url if suffix is None else (url, suffix)

    return public(build)


def imported(db: Any, ns: Any) -> Any:
    row = make_commitment(db, country_of(ns))
    with db.as_owner():
        batch = models.CommitmentImport(
            file_name="matriz.csv", sha256="0" * 64, created=1, made_by="system:command", made_at=clock.now()
        )
        session.add(batch)
        session.flush()
        session.get_one(models.Commitment, row.id).import_id = batch.id
    make_score(db, row, 2, import_id=batch.id)
    return f"/commitments/imports/{batch.id}/confirm", {}


def target(db: Any, ns: Any) -> Any:
    row = make_commitment(db, country_of(ns))
    with db.as_owner():
        made = models.CommitmentTarget(commitment_id=row.id, indicator="P1-06", period="2025", target=90)
        session.add(made)
    return f"/commitments/targets/{made.id}/remove", {}


def file_page(db: Any, ns: Any) -> str:
    row = make_commitment(db, country_of(ns))
    proof = make_evidence(
        db,
        row,
        kind="DOCUMENT",
        file_name="acta.pdf",
        media_type="application/pdf",
        sha256="0" * 64,
        content=PDF,
    )
    return f"/commitments/evidence/{proof.id}"


def matrix_file(db: Any, ns: Any) -> Any:
    kind = "REG,N-1,5,PILLAR_5" if country_of(ns) == "REG" else f"{country_of(ns)},N-1,1,COUNTRY"
    text = f"country,code,pillar,class,text_es,score\n{kind},Abrir una oficina,2\n"
    return "/commitments/import", {"file": (io.BytesIO(text.encode()), "matriz.csv")}


def made_actor(db: Any, ns: Any) -> models.CooperationActor:
    with db.as_owner():
        row = models.CooperationActor(
            country=country_of(ns), name=f"Agencia {uuid7().hex[-6:]}", kind="UN", made_at=clock.now()
        )
        session.add(row)
    return row


def actor(db: Any, ns: Any) -> str:
    return f"/cooperation/actors/{made_actor(db, ns).id}"


def changed_actor(db: Any, ns: Any) -> Any:
    row = made_actor(db, ns)
    data = {
        "country": row.country,
        "name": f"Agencia {uuid7().hex[-8:]}",
        "kind": "UN",
        "version": str(row.version),
    }
    return f"/cooperation/actors/{row.id}", data


def action(db: Any, ns: Any) -> Any:
    with db.as_owner():
        meeting = models.CooperationMeeting(
            country=country_of(ns), title="Mesa 3", body="Mesa técnica", held_on=DAY, made_at=clock.now()
        )
        session.add(meeting)
        session.flush()
        row = models.CooperationAction(
            country=country_of(ns), meeting_id=meeting.id, text="Enviar la minuta.", owner="Secretaría", due_on=DAY,
            made_at=clock.now(),
        )  # fmt: skip
        session.add(row)
    return f"/cooperation/actions/{row.id}/done", {}


def told(suffix: str, data: dict[str, str] | None = None) -> Any:
    """A narrative of the namespace's country; deciding needs one that somebody else sent."""

    def build(db: Any, ns: Any) -> Any:
        url = f"/narratives/{country_of(ns)}/2025/1/ACHIEVEMENTS"
        if suffix:
            with db.as_owner():
                author = make_user("COMMISSION_ANALYST", ns.team)
                mine = session.query(models.NarrativeVersion).filter_by(country=country_of(ns))
                if not mine.filter_by(state="WAITING").count():
                    session.add(
                        models.NarrativeVersion(
                            country=country_of(ns), year=2025, pillar=1, part="ACHIEVEMENTS", number=mine.count() + 1,
                            text_es="Texto.", text_en="Text.", state="WAITING", author_id=author.id, made_at=clock.now(),
                        )
                    )  # fmt: skip
        return url + suffix if data is None else (url + suffix, data)

    return public(build)


def report(suffix: str) -> Any:
    return public(lambda db, ns: f"/reports/annual/{_report_of(ns)}/2025{suffix}")


def _report_of(ns: Any) -> str:
    return "regional" if country_of(ns) == "REG" else country_of(ns)


ROUTES = {
    ("commitments.narratives", "GET"): page("/narratives"),
    ("commitments.narrative", "GET"): told(""),
    ("commitments.write_narrative", "POST"): told("", {"text_es": "Texto.", "text_en": "Text.", "do": "save"}),
    ("commitments.decide_narrative", "POST"): told("/approve", {}),
    ("commitments.annual_reports", "GET"): page("/reports/annual"),
    ("commitments.annual_go", "GET"): page("/reports/annual/go?country=MEX&year=2025"),
    ("commitments.annual", "GET"): report(""),
    ("commitments.annual_pdf", "GET"): report(".pdf"),
    ("commitments.matrix", "GET"): page("/commitments?with=PILLAR_5"),
    ("commitments.listing", "GET"): page("/commitments/list?country=MEX&pillar=1"),
    ("commitments.costs", "GET"): page("/commitments/costs"),
    ("commitments.baseline", "GET"): page("/commitments/baseline"),
    ("commitments.show", "GET"): of(),
    ("commitments.new", "GET"): page("/commitments/new"),
    ("commitments.new", "POST"): public(
        lambda db, ns: ("/commitments/new", {**texts(ns), "country": country_of(ns), "code": "X-1"})
    ),
    ("commitments.edit", "GET"): of("/edit"),
    ("commitments.edit", "POST"): of("/edit", lambda db, ns, row: {**texts(ns), "version": str(row.version)}),
    ("commitments.add_evidence", "GET"): of("/evidence"),
    ("commitments.add_evidence", "POST"): of(
        "/evidence",
        lambda db, ns, row: {
            "kind": "DOCUMENT", "title": "Acta", "issued_on": "2025-11-01", "file": (io.BytesIO(PDF), "acta.pdf"),
        },
    ),
    ("commitments.evidence_file", "GET"): public(file_page),
    ("commitments.score", "GET"): of("/score"),
    ("commitments.score", "POST"): of("/score", scored),
    ("commitments.review", "GET"): waiting(None),
    ("commitments.review", "POST"): waiting({"outcome": "CONFIRM"}),
    ("commitments.target", "GET"): of("/target"),
    ("commitments.target", "POST"): of(
        "/target", lambda db, ns, row: {"indicator": "P1-06", "period": "2025", "target": "90"}
    ),
    ("commitments.remove_target", "POST"): public(target),
    ("commitments.cost", "GET"): of("/cost"),
    ("commitments.cost", "POST"): of(
        "/cost",
        lambda db, ns, row: {
            "year": "2025", "currency": "USD", "budgeted": "1000", "funded": "400", "source": "Presupuesto",
        },
    ),
    ("commitments.withdraw", "GET"): of("/withdraw"),
    ("commitments.withdraw", "POST"): of(
        "/withdraw", lambda db, ns, row: {"withdrawn_on": "2025-11-01", "reason": "Se unió a otro."}
    ),
    ("commitments.bring", "GET"): page("/commitments/import"),
    ("commitments.bring", "POST"): public(matrix_file),
    ("commitments.template", "GET"): page("/commitments/template.csv"),
    ("commitments.confirm_import", "POST"): public(imported),
    ("commitments.cooperation", "GET"): page("/cooperation"),
    ("commitments.lines", "GET"): page("/cooperation/actors"),
    ("commitments.new_line", "GET"): page("/cooperation/places/new"),
    ("commitments.new_line", "POST"): public(
        lambda db, ns: (
            "/cooperation/actors/new",
            {"country": country_of(ns), "name": "Agencia A", "kind": "UN"},
        )
    ),
    ("commitments.edit_line", "GET"): public(actor),
    ("commitments.edit_line", "POST"): public(changed_actor),
    ("commitments.action_done", "POST"): public(action),
}  # fmt: skip
