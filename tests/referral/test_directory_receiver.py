"""A referral to an entry of the directory that no team of ours offers: from the file it came in to the closed loop, and what
the team that stands for it never is."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from caseapp.accounts import queries as accounts
from caseapp.accounts.models import Membership, Team
from caseapp.assistance.queries import providers
from caseapp.casefile.queries.handing import receivers
from caseapp.core import access, clock
from caseapp.core.db import session, uuid7
from caseapp.people import keys
from caseapp.people.models import Case, CaseAccess
from caseapp.places import queries as places
from caseapp.places.exchange import listing
from caseapp.places.models import Service, ServiceContact, Site
from caseapp.places.service import exchange
from caseapp.referral import errors, service
from caseapp.referral.models import Referral, ReferralNotice
from caseapp.referral.options import next_options
from caseapp.referral.service.receiving import receiver_of
from caseapp.shelter.network import queries as network
from tests.conftest import NOW
from tests.factories import make_site, make_team, make_user, principal_of
from tests.factories.directory import make_service
from tests.factories.referral import consent
from tests.referral.conftest import restart
from tests.statements import count_statements

MAP = """
source: prueba
country: MEX
timezone: America/Mexico_City
fields:
  key: [id]
  organisation: who
  site: where
  name: what
  kind: {column: kind, codes: {legal: LEGAL, salud: HEALTH, casa: SHELTER}}
  referral_method: {column: how, codes: {correo: EMAIL, teléfono: PHONE, 'no': NOT_ACCEPTED}}
"""
FILE = """id,who,where,what,kind,how
1,Clínica Inventada,Centro,Defensa de familias,legal,correo
2,Clínica Inventada,Centro,Consulta del barrio,salud,teléfono
3,Clínica Inventada,Centro,No recibe,salud,no
"""


def text(answer):
    return answer.get_data(as_text=True)


@pytest.fixture
def imported(world):
    """The entries of the file, by key."""
    with world.db.as_owner():
        with access.acting_as(access.system("import")):
            exchange.take_in(
                listing.read_list(FILE.encode(), listing.map_of(MAP, "map")).directory, exchange.Report()
            )
        consent(world.mother, "REFER_HEALTH")
        consent(world.mother, "REFER_LEGAL")
        found = dict(
            session.execute(sa.select(Service.source_key, Service.id).where(Service.source == "prueba")).all()
        )
        session.add(ServiceContact(service_id=found["2"], kind="DUTY", phone="962 000 0102"))
        session.commit()
    return found


def number_of(world, person):
    with world.db.as_owner():
        return session.get_one(Case, person.case_id).number


def refer(world, entry_id, *, kind="HEALTH", sends=True, **values):
    """Referred by the caseworker, committed; returns the number."""
    with access.acting_as(world.caseworker):
        restart()
        act = service.refer if sends else service.draft
        found = act(
            [world.mother.case_id], from_team=session.merge(world.desk), to_team=receiver_of(entry_id), kind=kind,
            priority=values.pop("priority", "URGENT"), **values,
        )  # fmt: skip
        number = found.number
        restart()
    return number


# -- the story ------------------------------------------------------------------------------------------
def test_from_the_file_to_the_closed_loop(client, world, imported):
    """What a desk does in a browser, page by page."""
    client.sign_in(world.caseworker)
    case, mother = number_of(world, world.mother), world.mother.case_id
    # From the entry of the directory to the form, with the entry chosen.
    entry = text(client.get(f"/directory/{imported['2']}"))
    assert f"/refer/{imported['2']}" in entry and "Referir aquí" in entry
    assert "Referir aquí" not in text(client.get(f"/directory/{imported['3']}"))
    chooser = text(client.get(f"/refer/{imported['2']}"))
    assert case in chooser and client.get(f"/refer/{imported['2']}?case=X").status_code == 422
    answer = client.get(f"/refer/{imported['2']}?case={case}")
    form_url = answer.headers["Location"]
    page = text(client.get(form_url))
    chosen = re.search(r"<input[^>]*checked[^>]*name=\"to_team\"[^>]*>", page).group(0)
    assert str(imported["2"]) in chosen and "Consulta del barrio" in page and "No recibe" not in page
    assert "sin cuenta" in page
    with world.db.as_owner():  # looking made nothing
        assert session.scalar(sa.select(sa.func.count()).where(Team.stands_for_id.is_not(None))) == 0
    data = {
        "kind": "HEALTH", "members": str(mother), "to_team": str(imported["2"]), "priority": "URGENT",
        "items": ["NAME", "AGE", "REQUIREMENTS"],
    }  # fmt: skip
    answer = client.post(f"/cases/{case}/refer", data=data)
    assert answer.status_code == 302, text(answer)
    shown = answer.headers["Location"]
    draft = text(client.get(shown))
    assert "Esto verá Clínica Inventada · Consulta del barrio" in draft and "962 000 0102" in draft
    assert client.post(f"{shown}/send").status_code == 302
    sent = text(client.get(shown))
    assert (
        "Página de un solo uso" in sent
        and "Anotar respuesta por teléfono o en papel" in sent
        and "Formulario en papel" in sent
    )
    # The page with its code.
    made = text(client.post(f"{shown}/link"))
    token, code = (
        re.search(r"/r/([\w-]{43})", made).group(1),
        re.search(r"<strong>(\d{3} \d{3})</strong>", made).group(1),
    )
    client.sign_out()
    opened = text(client.post(f"/r/{token}", data={"code": code}))
    assert "¿Puede recibir?" in opened and "Lucha" in opened
    ticket = re.search(r'name="ticket" value="([^"]+)"', opened).group(1)
    said = text(
        client.post(
            f"/r/{token}", data={"ticket": ticket, "verb": "accept", "answered_by_name": "Hna. Inventada"}
        )
    )
    assert "Usted aceptó" in said
    assert "Se anotó que llegaron" in text(
        client.post(f"/r/{token}", data={"ticket": ticket, "verb": "start"})
    )
    # The sender closes the loop with what the clinic says on the telephone.
    client.sign_in(world.caseworker)
    assert "Llegó" in text(client.get(shown))
    with world.db.as_owner():
        version = session.scalar(sa.select(Referral.version))
    result = {
        "answer": "complete", "channel": "PHONE_RECORDED_BY_SENDER", "reason": "DELIVERED_FULL", "version": str(version),
    }  # fmt: skip
    assert client.post(f"{shown}/record", data=result).status_code == 302
    with world.db.as_owner():
        found = session.scalars(sa.select(Referral)).one()
        assert (found.state, found.result, found.answer_channel) == (
            "COMPLETED",
            "DELIVERED_FULL",
            "ONE_TIME_PAGE",
        )
        assert session.scalars(sa.select(CaseAccess.id).where(CaseAccess.ended_at.is_(None))).all() == []
        team = session.get_one(Team, found.to_team_id)
        site = session.get_one(Site, team.site_id)
        assert (team.stands_for_id, team.country, site.timezone) == (
            imported["2"],
            "MEX",
            "America/Mexico_City",
        )
        assert team.name == "Clínica Inventada · Consulta del barrio"


def test_answered_by_telephone_declined_with_the_entrys_own_rule(client, world, imported):
    with world.db.as_owner():
        session.get_one(Service, imported["2"]).age_from = 90
        session.commit()
    number = refer(world, imported["2"])
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, number)
        with pytest.raises(errors.RuleNotPublished):
            service.decline(
                found, "NOT_ELIGIBLE", unlocks_code="RULE_AREA", channel="PHONE_RECORDED_BY_SENDER",
                answered_by_name="Hna. Inventada", read_back=True,
            )  # fmt: skip
        restart()
        service.decline(
            world.open(world.caseworker, number), "NOT_ELIGIBLE", unlocks_code="RULE_AGE", channel="PHONE_RECORDED_BY_SENDER",
            answered_by_name="Hna. Inventada", read_back=True,
        )  # fmt: skip
        restart()


def test_clocks_reminders_lapse_and_withdrawal_are_those_of_everybody(world, imported):
    lapses, withdrawn = (
        refer(world, imported["2"], priority="URGENT"),
        refer(world, imported["1"], kind="LEGAL"),
    )
    with access.acting_as(world.caseworker):
        restart()
        service.withdraw(world.open(world.caseworker, withdrawn), "NEED_ENDED")
        restart()
    for minutes in (60 * 73, 60 * 145):
        with (
            world.db.as_owner(),
            clock.held_at(NOW + timedelta(minutes=minutes)),
            access.acting_as(access.system("clocks")),
        ):
            session.commit()
            service.look_at_clocks()
            session.commit()
    with world.db.as_owner():
        found = {r.number: r.state for r in session.scalars(sa.select(Referral))}
        assert found == {lapses: "LAPSED", withdrawn: "WITHDRAWN"}
        kinds = session.scalars(
            sa.select(ReferralNotice.kind).where(ReferralNotice.team_id == world.desk.id)
        ).all()
        assert {"NOBODY_THERE", "ESCALATED", "LAPSED"} <= set(kinds)


def test_after_a_no_the_directory_is_among_the_next_options(world, imported):
    number = refer(world, imported["2"])
    with world.db.as_owner():
        other = make_service(None, "HEALTH", name="Otra consulta", referral_method="PHONE", hours=())
        hidden = make_service(
            None, "HEALTH", name="Oculta", site_id=make_site(kind="SAFE_HOUSE").id, referral_method="PHONE"
        )
        session.commit()
    with access.acting_as(world.caseworker):
        restart()
        options = next_options(world.open(world.caseworker, number))
        assert other.id in [o.key for o in options] and hidden.id not in [o.key for o in options]
        assert imported["2"] not in [o.key for o in options]
        assert [o.ours for o in options] == sorted((o.ours for o in options), reverse=True)


# -- who can be chosen ------------------------------------------------------------------------------------
def closed_site(entry, site):
    site.closed_on = date(2025, 1, 1)


def ended(entry, site):
    entry.offered_to = date(2025, 1, 1)


def off(entry, site):
    entry.active = False


def no_referrals(entry, site):
    entry.referral_method = "NOT_ACCEPTED"


def way_not_known(entry, site):
    entry.referral_method = "SYSTEM"


def safe_house(entry, site):
    site.kind = "SAFE_HOUSE"


def abroad(entry, site):
    site.country = "GTM"


@pytest.mark.parametrize("change", [closed_site, ended, off, no_referrals, way_not_known, safe_house, abroad])
def test_an_entry_that_cannot_be_used_is_no_choice(client, world, change):
    with world.db.as_owner():
        site = make_site(kind="OFFICE")
        entry = make_service(None, "HEALTH", name="Consulta X", referral_method="PHONE", site_id=site.id)
        session.flush()
    client.sign_in(world.caseworker)
    url = f"/cases/{number_of(world, world.mother)}/refer?kind=HEALTH"
    assert "Consulta X" in text(client.get(url))
    with world.db.as_owner():
        change(session.get_one(Service, entry.id), session.get_one(Site, site.id))
        session.commit()
    assert "Consulta X" not in text(client.get(url))


@pytest.mark.parametrize("change", [off, no_referrals, way_not_known, safe_house])
def test_the_database_makes_no_receiver_of_it_either(world, change):
    with world.db.as_owner():
        site = make_site(kind="OFFICE")
        entry = make_service(None, "HEALTH", referral_method="PHONE", site_id=site.id)
        change(entry, site)
        session.commit()
    with access.acting_as(world.caseworker):
        restart()
        with pytest.raises(errors.ReceiverDoesNotOffer):
            receiver_of(entry.id)
    with world.db.as_owner(), pytest.raises(IntegrityError, match="nobody is referred"):
        make_team(session.get_one(Site, site.id), "DIRECTORY", stands_for_id=entry.id)


@pytest.mark.parametrize("kind", ["GBV", "SAFE_SHELTER", "ADDICTION"])
def test_a_protected_kind_has_a_team_of_its_own(world, kind):
    with world.db.as_owner():
        entry = make_service(None, kind, referral_method="PHONE")
        session.commit()
    with access.acting_as(world.caseworker):
        restart()
        with pytest.raises(errors.ReceiverDoesNotOffer):
            receiver_of(entry.id)


def test_many_entries_are_found_by_name_and_cost_the_same(client, world):
    with world.db.as_owner():
        for n in range(20):
            make_service(
                None, "HEALTH", name=f"Consulta {n:02}", referral_method="PHONE", terms=[("SEX", "F")]
            )
        make_service(None, "HEALTH", name="Zaguán de salud", referral_method="PHONE", hours=())
        session.commit()
    client.sign_in(world.caseworker)
    url = f"/cases/{number_of(world, world.mother)}/refer?kind=HEALTH"
    page = text(client.get(url))
    assert page.count("Consulta ") <= 24 and "Zaguán" not in page and "Buscar una entidad" in page
    found = text(client.get(f"{url}&q=zaguan"))
    assert "Zaguán de salud" in found and "Consulta 03" not in found

    def cost():
        with count_statements(world.db.connection) as statements:
            client.get(url)
        return len([s for s in statements if s.startswith("SELECT")])

    cost()
    many = cost()
    with world.db.as_owner():
        session.execute(sa.update(Service).where(Service.name.like("Consulta 1%")).values(active=False))
        session.commit()
    assert cost() == many


# -- the team that stands for it --------------------------------------------------------------------------
def test_it_is_made_once_and_called_as_the_entry_is_called_today(world, imported):
    first, second = refer(world, imported["2"]), refer(world, imported["1"], kind="LEGAL")
    assert first != second
    with world.db.as_owner():
        session.get_one(Service, imported["2"]).name = "Consulta nueva"
        session.commit()
    refer(world, imported["2"], sends=False)
    with world.db.as_owner():
        names = session.scalars(
            sa.select(Team.name).where(Team.stands_for_id.is_not(None)).order_by(Team.name)
        ).all()
        assert names == ["Clínica Inventada · Consulta nueva", "Clínica Inventada · Defensa de familias"]
        with pytest.raises(IntegrityError, match="uq_team_stands_for_id"), session.begin_nested():
            made = session.scalars(sa.select(Team).where(Team.stands_for_id == imported["2"])).one()
            make_team(session.get_one(Site, made.site_id), "DIRECTORY", stands_for_id=imported["2"])


def test_type_and_entry_go_together(world, imported):
    with world.db.as_owner():
        for values in ({"type": "DIRECTORY"}, {"type": "HEALTH", "stands_for_id": imported["2"]}):
            site = session.get_one(Site, session.get_one(Service, imported["2"]).site_id)
            with pytest.raises(IntegrityError, match="stands_for_by_type"), session.begin_nested():
                make_team(site, **values)


def test_nobody_is_ever_in_it_and_no_list_of_teams_holds_it(client, world, imported):
    refer(world, imported["2"])
    with world.db.as_owner():
        made = session.scalars(sa.select(Team).where(Team.stands_for_id.is_not(None))).one()
        user = make_user("CASEWORKER", session.merge(world.desk))
        session.commit()
        for role in ("CASEWORKER", "SERVICE_FOCAL_POINT", "ADMINISTRATOR"):
            with pytest.raises(IntegrityError, match="nobody signs in"), session.begin_nested():
                session.add(
                    Membership(user_id=user.id, team_id=made.id, role=role, valid_from=date(2025, 1, 1))
                )
                session.flush()
        national = make_team(None, "RECEPTION_DESK", country="MEX")
        keeper = make_user("ADMINISTRATOR", national)
        administrator = principal_of(keeper, ("ADMINISTRATOR", national))
        case = session.get_one(Case, world.mother.case_id)
        session.commit()
        name = made.name
        lists = {
            "teams": [t.id for t in session.scalars(accounts.teams_of(administrator))],
            "consents by name": [i for i, _ in keys.recipients(case)],
            "providers": [i for i, _ in providers("MEX")],
            "network": [t.id for t in network.shelters(world.coordinator)],
            "hand-over": [t.id for t in receivers(world.desk.id)],
            "offering": [o.team.id for o in accounts.teams_offering("HEALTH", "MEX")],
        }
        assert {what for what, ids in lists.items() if made.id in ids} == set()
    client.sign_in(administrator)
    for url in ("/account/teams", "/account/users/new"):
        answer = client.get(url)
        assert name not in text(answer), url


def test_whoever_works_for_no_team_of_the_country_makes_none(world, imported):
    with world.db.as_owner():
        abroad = make_team(make_site(code="GT-901", country="GTM"), "RECEPTION_DESK")
        counts = make_team(make_site(code="MX-902"), "COMMISSION_STATISTICS")
        others = [
            principal_of(make_user(role, team), (role, team))
            for role, team in (("CASEWORKER", abroad), ("COMMISSION_ANALYST", counts))
        ]
    for nobody in (access.ANONYMOUS, access.Principal(name="x", kind="user"), *others):
        with access.acting_as(nobody):
            restart()
            with (
                pytest.raises(DBAPIError, match="only a team that works with people refers"),
                session.begin_nested(),
            ):
                session.scalar(
                    sa.text("SELECT receiver_of_service(:s, :i)"), {"s": imported["2"], "i": uuid7()}
                )


def test_once_a_team_of_ours_offers_it_referrals_go_there(client, world, imported):
    before = refer(world, imported["2"])
    waiting = refer(world, imported["2"], sends=False)
    with world.db.as_owner():
        entry = session.get_one(Service, imported["2"])
        team = make_team(session.get_one(Site, entry.site_id), "HEALTH", name="Equipo verdadero")
        entry.team_id = team.id
        session.execute(
            sa.update(Referral)
            .where(Referral.number == before)
            .values(state="WITHDRAWN", withdraw_reason="NEED_ENDED", ended_at=NOW)
        )
        session.commit()
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, waiting)
        service.send(found)
        assert found.to_team_id == team.id
        assert receiver_of(imported["2"]).id == team.id
        restart()
    client.sign_in(world.caseworker)
    page = text(client.get(f"/cases/{number_of(world, world.mother)}/refer?kind=HEALTH"))
    assert page.count("Consulta del barrio") == 1
    with world.db.as_owner():
        assert (
            places.is_reached(session.get_one(Service, imported["2"]), session.get_one(Site, team.site_id))
            is False
        )
