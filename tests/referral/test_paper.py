"""The inter-agency form on paper: what each copy says and, above all, what it does not."""

from __future__ import annotations

import io

import pypdf
import pytest
import sqlalchemy as sa

from caseapp.core import access, reference
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from caseapp.people.models import Case, Need
from caseapp.referral import errors, paper, service
from tests.conftest import NOW
from tests.pdf_ua import keeps_to_pdf_ua
from tests.referral.conftest import restart

#: Never on paper that a person carries (DO_NO_HARM): the words, the place, the need, who.
FORBIDDEN = (
    "asil",
    "asyl",
    "refug",
    "acogida",
    "albergue",
    "alojamiento",
    "shelter",
    "gradas",
    "step-free",
    "alerg",
    "cacahuate",
)


def read(pdf):
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return " ".join(page.extract_text() for page in reader.pages).replace("\n", " "), reader


@pytest.fixture
def number(world):
    with world.db.as_owner():
        session.add(
            Need(
                case_id=world.mother.case_id, person_id=world.mother.id, category="SM", code="SM-MI", priority="HIGH",
                recorded_on=NOW.date(),
            )
        )  # fmt: skip
    return world.refer(message="Llegan a pie, de noche.")


def copies(app, world, number, language="es"):
    with app.app_context(), access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, number)
        return {copy: read(paper.pdf(found, copy, language)) for copy in paper.COPIES}


@pytest.mark.parametrize("language", ["es", "en"])
def test_three_copies_from_the_same_data_in_two_languages(app, world, number, language):
    made = copies(app, world, number, language)
    for text, reader in made.values():
        assert number in text
        catalog = reader.trailer["/Root"]
        assert catalog["/MarkInfo"]["/Marked"] and str(catalog["/Lang"]).startswith(language)
        assert "pdfuaid" in reader.xmp_metadata.stream.get_data().decode() and reader.metadata.title
    words = {
        "es": ("Sin gradas", "copia de quien recibe", "Su comprobante"),
        "en": ("Step-free", "receiver's copy", "Your slip"),
    }
    requirement, receiver, slip = words[language]
    assert (
        requirement in made["receiver"][0] and receiver in made["receiver"][0] and slip in made["client"][0]
    )


def test_the_receivers_copy_has_requirements_and_chosen_items_and_no_code_of_a_need(app, world, number):
    text, _ = copies(app, world, number)["receiver"]
    assert "Sin gradas" in text and "cacahuate" in text and "3 noches" in text
    codes = {c.code for c in reference.codes("need_code")}
    assert not [c for c in codes if c in text.split()]
    assert reference.label("need_code", "SM-MI") not in text
    with world.db.as_owner():
        files = session.scalars(sa.select(Case.number)).all()
    assert not [f for f in files if f in text] and "Llegan a pie" not in text


def test_what_was_not_chosen_is_on_no_receivers_copy(app, world):
    with world.db.as_owner():
        surname = session.merge(world.mother).surname_1
    number = world.refer(items=["REQUIREMENTS"])
    text, _ = copies(app, world, number)["receiver"]
    assert "Lucha" in text and surname not in text and "33 años" not in text


def test_the_persons_copy_says_nothing_that_endangers(app, world, number):
    with world.db.as_owner():
        names = [
            session.merge(world.mother).full_name, "Lucha", world.desk.name, world.shelter.name, world.caseworker.name
        ]  # fmt: skip
    for language in ("es", "en"):
        text, reader = copies(app, world, number, language)["client"]
        lower = f"{text} {reader.metadata}".lower()
        assert not [w for w in (*FORBIDDEN, *(n.lower() for n in names)) if w in lower], lower
    assert len(reader.pages) == 1


def test_the_senders_copy_is_the_record(app, world, number):
    text, _ = copies(app, world, number)["sender"]
    with world.db.as_owner():
        file = session.get_one(Case, world.mother.case_id).number
    assert file in text and "Llegan a pie" in text and "Dio su consentimiento" in text
    assert "Va con el consentimiento de su madre" in text


def test_nothing_sealed_and_nothing_unsent_is_printed(world):
    with access.acting_as(world.caseworker):
        restart()
        draft = service.draft(
            world.family, from_team=session.merge(world.desk), to_team=session.merge(world.shelter), kind="SHELTER",
            priority="IMMEDIATE", **world.nights(),
        )  # fmt: skip
        with pytest.raises(errors.NotOnPaper):
            paper.pdf(draft, "client", "es")
        service.send(draft)
        assert paper.may_print(draft)
        draft.kind = "SAFE_SHELTER"
        for copy in paper.COPIES:
            with pytest.raises(errors.NotOnPaper):
                paper.pdf(draft, copy, "es")
        session.rollback()


def test_it_is_written_down_who_printed_which_copy_and_whether_it_was_taken(client, world, number, tmp_path):
    client.sign_in(world.caseworker)
    page = client.get(f"/referrals/{number}/form").get_data(as_text=True)
    assert page.count(".pdf") == 6
    answer = client.get(f"/referrals/{number}/form/receiver.pdf?lang=en")
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF")
    keeps_to_pdf_ua(tmp_path / "receiver.pdf", answer.data)
    assert client.get(f"/referrals/{number}/form/everybody.pdf").status_code == 404
    client.post(f"/referrals/{number}/form", data={"client_copy": "DECLINED"})
    assert "no quiso llevar su copia" in client.get(f"/referrals/{number}/form").get_data(as_text=True)
    with world.db.as_owner():
        rows = session.execute(
            sa.select(AuditRow.act, AuditRow.detail)
            .where(AuditRow.act.in_(("exported", "client_copy")))
            .order_by(AuditRow.id)
        ).all()
        assert rows == [("exported", "FORM:receiver:en"), ("client_copy", "DECLINED")]
    client.sign_in(world.coordinator)
    assert client.get(f"/referrals/{number}/form/receiver.pdf").status_code == 403
