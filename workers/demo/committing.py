"""Commitments of the demo: 180 invented ones, brought in by each country's steward as a matrix, confirmed by its approver,
and half of them scored again in the course of the year. Marked as demo in their source; nobody promised any of it."""

from __future__ import annotations

import csv
import io
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from caseapp.commitments import models, queries
from caseapp.commitments.matrix_file import COLUMNS
from caseapp.commitments.queries import Standing
from caseapp.commitments.service import cooperating, importing, keeping, scoring
from caseapp.core import access, clock
from workers.demo import places
from workers.demo.acting import acting
from workers.demo.calibration import stream

SHARES = {"BLZ": 12, "CRI": 30, "GTM": 28, "HND": 31, "MEX": 35, "PAN": 27, "SLV": 17}
FILE = "Matriz inventada (demo)"
#: Pillar: what is promised, in both languages. Invented.
TEXTS = {
    1: (
        ("Atender solicitudes todos los días en los puntos fronterizos.", "Take claims every day at the border points."),
        ("Publicar un protocolo común de identificación y referencia.", "Publish one protocol of identification and referral."),
        ("Dar un documento provisional el mismo día.", "Give a provisional document on the same day."),
        ("Duplicar las plazas de alojamiento con privacidad.", "Double the places of accommodation with privacy."),
        ("Asegurar intérpretes de lenguas indígenas.", "Provide interpreters of indigenous languages."),
        ("Formar cada año al personal de primer contacto.", "Train first-contact staff every year."),
        ("Nombrar tutoría para cada niña o niño sin familia en 24 horas.", "Name a guardian for every child alone within 24 hours."),
        ("Reducir a la mitad los expedientes fuera de plazo.", "Halve the files beyond their deadline."),
        ("Ofrecer asesoría jurídica gratuita en cada oficina.", "Offer free legal advice at every office."),
    ),
    2: (
        ("Abrir consulta de salud sin exigir documento.", "Open health care without asking for a document."),
        ("Guardar cupos escolares durante todo el ciclo.", "Keep school places all year round."),
        ("Atender la salud mental en los albergues.", "Care for mental health in shelters."),
        ("Entregar ayuda en efectivo en menos de diez días.", "Pay cash assistance within ten days."),
        ("Crear una ruta de atención para sobrevivientes de violencia.", "Set up a pathway for survivors of violence."),
        ("Incluir a personas refugiadas en el registro social.", "Include refugees in the social registry."),
        ("Adaptar dos albergues para personas con discapacidad.", "Adapt two shelters for persons with disabilities."),
        ("Distribuir artículos de higiene en puntos de paso.", "Hand out hygiene items at points of transit."),
        ("Coordinar la red de espacios seguros.", "Coordinate the network of safe spaces."),
    ),
    3: (
        ("Renovar parques y centros comunitarios.", "Renew parks and community centres."),
        ("Medir cada año lo que aporta el Estado.", "Measure each year what the State contributes."),
        ("Acordar planes de acogida con municipios.", "Agree reception plans with municipalities."),
        ("Ampliar el agua potable en barrios de acogida.", "Extend drinking water in host neighbourhoods."),
        ("Contratar personal docente en escuelas de acogida.", "Hire teachers in host schools."),
        ("Llevar la clínica móvil a comunidades fronterizas.", "Take the mobile clinic to border communities."),
        ("Organizar ferias de convivencia.", "Hold fairs that bring neighbours together."),
        ("Escuchar cada semestre a las comunidades.", "Listen to communities every half year."),
        ("Publicar una campaña contra la xenofobia.", "Publish a campaign against xenophobia."),
    ),
    4: (
        ("Emitir permisos de trabajo en siete días.", "Issue work permits within seven days."),
        ("Reconocer títulos y estudios previos.", "Recognise degrees and earlier studies."),
        ("Abrir una ventanilla de empleo en cada capital.", "Open an employment desk in every capital."),
        ("Facilitar cuentas bancarias con el documento de refugio.", "Make bank accounts possible with the refugee document."),
        ("Acompañar la reunificación de familias.", "Accompany the reunification of families."),
        ("Simplificar la naturalización.", "Simplify naturalisation."),
        ("Ofrecer crédito a pequeños negocios.", "Offer credit to small businesses."),
        ("Acompañar a quienes retornan durante un año.", "Accompany those who return for a year."),
        ("Enseñar el idioma en centros públicos.", "Teach the language in public centres."),
    ),
}  # fmt: skip
#: Pillar: indicators that a commitment names, and what it wants to reach in the year.
TARGETS = {
    1: (("P1-06", 90), ("P1-02", 400), ("P1-14", 75)),
    2: (("P2-03", 95), ("P2-01", 300), ("P2-04", 85)),
    3: (("P3-01", 500), ("P3-02", 50)),
    4: (("P4-01", 60), ("P4-03", 40)),
}
OWNERS = (
    "Oficina de refugio",
    "Ministerio de salud",
    "Ministerio de educación",
    "Ministerio de trabajo",
    "Instituto de niñez",
)
PARTNERS = ("Agencia Ceiba", "Red Maquilishuat", "Universidad del Istmo", "Fundación Jacaranda")


def commit(seed: int, today: date) -> None:
    """A year of every country's commitments, and of the region's cooperation."""
    began = today.replace(day=1) - timedelta(days=250)
    for country, count in SHARES.items():
        random = stream("commitments", seed, country)
        team = f"{country}-COMMISSION_STATISTICS"
        steward, approver = (places.worker(role, team) for role in ("DATA_STEWARD", "RELEASE_APPROVER"))
        with _at(began), acting(steward) as who:
            importing.take_in(_matrix(country, count, random, began), file_name=FILE, by=who)
        with _at(began + timedelta(days=3)), acting(approver) as who:
            [waiting] = [row for row in queries.waiting_imports(who) if row.file_name == FILE]
            scoring.confirm_import(waiting.id, by=who)
            rows = [row for row in queries.standings(who, today) if row.country == country]
        for row in rows:
            if row.score is not None and row.score < 5 and random.random() < 0.55:
                _advance(row, random, steward, approver, today)
    _cooperate(stream("cooperation", seed), today)


def _at(day: date) -> AbstractContextManager[None]:
    return clock.held_at(datetime(day.year, day.month, day.day, 16, 0, tzinfo=UTC))


def _matrix(country: str, count: int, random: Random, began: date) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for number in range(count):
        pillar = number % 4 + 1
        es, en = TEXTS[pillar][number // 4]
        budget = random.randrange(20, 900) * 1000
        writer.writerow(
            {
                "country": country, "code": f"P{pillar}-{number // 4 + 1:02d}", "pillar": pillar, "class": "COUNTRY", "text_es": es,
                "text_en": en, "owner": random.choice(OWNERS), "partners": "|".join(random.sample(PARTNERS, random.randrange(3))),
                "start": began - timedelta(days=120), "due": began + timedelta(days=random.randrange(150, 700)),
                "score": random.choices(range(6), (10, 22, 26, 22, 14, 6))[0], "scored_on": began, "evidence": "Informe de avance (demo)",
                "evidence_date": began - timedelta(days=10), "year": began.year, "currency": "USD", "budgeted": budget,
                "funded": int(budget * random.uniform(0.1, 1.0)), "cost_source": "Presupuesto (demo)",
            }
        )  # fmt: skip
    return text.getvalue().encode()


def _advance(
    row: Standing, random: Random, steward: access.Principal, approver: access.Principal, today: date
) -> None:
    """One step on, with evidence by the steward; the approver confirms it, or has not yet."""
    assert row.score is not None
    day = today - timedelta(days=random.randrange(15, 150))
    with _at(day), acting(steward) as who:
        proof = scoring.add_evidence(
            row.id, kind="RECORD", title="Acta de la mesa técnica (demo)", issued_on=day, by=who
        )
        made = scoring.propose(
            row.id, score=min(5, row.score + random.choice((1, 1, 2))), reason="Según el acta de la mesa técnica.",
            evidence_id=proof.id, scored_on=day, by=who,
        )  # fmt: skip
        if random.random() < 0.3:
            indicator, target = random.choice(TARGETS[row.pillar])
            keeping.set_target(
                row.id, indicator=indicator, period=str(day.year), target=Decimal(target), by=who
            )
        if random.random() < 0.1:
            _put_off(row, day, who)
    if random.random() < 0.9:
        with _at(day + timedelta(days=4)), acting(approver) as who:
            scoring.review(made.id, confirm=True, by=who)


def _put_off(row: Standing, day: date, by: access.Principal) -> None:
    """Half a year more; what was promised first stays in its history."""
    told = queries.commitment(by, row.id)
    values = {name: getattr(told, name) for name in keeping.EDITABLE}
    values["due_on"] = (told.due_on or day) + timedelta(days=182)
    keeping.change(row.id, values, version=told.version, by=by)


def _cooperate(random: Random, today: date) -> None:
    """The region's own: two commitments of pillar 5 and of the platform, actors, pledges, places, a meeting."""
    regional = places.worker("REGIONAL_ANALYST", "GTM-REGIONAL_SECRETARIAT")
    day = today - timedelta(days=90)
    with _at(day), acting(regional) as who:
        for code, kind, pillar, text in (
            ("P5-01", "PILLAR_5", 5, "Publicar cada año el informe regional (demo)."),
            ("SP-01", "SUPPORT_PLATFORM", 2, "Financiar la red de espacios seguros (demo)."),
        ):
            platform = keeping.create(
                {
                    "country": "REG", "code": code, "pillar": pillar, "commitment_class": kind, "text_es": text, "text_en": None,
                    "owner": "Secretaría técnica", "partners": [], "starts_on": day, "due_on": day + timedelta(days=365), "source": FILE,
                },
                by=who,
            )  # fmt: skip
        for name, kind in (("País amigo Uno", "STATE"), ("Agencia Ceiba", "UN"), ("Banco del Istmo", "BANK")):
            actor = cooperating.write(
                models.CooperationActor, {"country": "REG", "name": name, "kind": kind, "website": None, "source": FILE}, by=who
            )  # fmt: skip
            pledged = Decimal(random.randrange(5, 40) * 100_000)
            cooperating.write(
                models.CooperationPledge,
                {
                    "country": "REG", "actor_id": actor.id, "purpose": "Espacios seguros", "pledged_on": day, "currency": "USD",
                    "pledged": pledged, "received": pledged * random.randrange(2, 9) / 10, "commitment_id": platform.id,
                    "source": FILE,
                },
                by=who,
            )  # fmt: skip
        for scheme, offered_by, offered, used in (
            ("PTA", "URY", 40, 31), ("PTA", "CAN", 120, 88), ("RESETTLEMENT", "USA", 300, 174), ("RESETTLEMENT", "AUS", 60, 60),
        ):  # fmt: skip
            cooperating.write(
                models.CooperationPlaces,
                {"country": "REG", "scheme": scheme, "offered_by": offered_by, "period": str(day.year), "offered": offered, "used": used, "source": FILE},
                by=who,
            )  # fmt: skip
        meeting = cooperating.write(
            models.CooperationMeeting,
            {"country": "REG", "title": "Reunión técnica regional", "body": "Presidencia pro témpore", "held_on": day, "source": FILE},
            by=who,
        )  # fmt: skip
        for number, (text, done) in enumerate(
            (("Enviar las matrices del año.", True), ("Acordar el calendario del informe.", False))
        ):
            cooperating.write(
                models.CooperationAction,
                {
                    "country": "REG", "meeting_id": meeting.id, "commitment_id": None, "text": text, "owner": "Secretaría técnica",
                    "due_on": day + timedelta(days=30 + 20 * number), "done_on": day + timedelta(days=20) if done else None, "source": FILE,
                },
                by=who,
            )  # fmt: skip
        cooperating.write(
            models.CooperationExchange,
            {"country": "REG", "topic": "Permisos de trabajo en siete días", "held_on": day, "with_countries": ["GTM", "CRI"], "follow_up": "Visita en diciembre.", "source": FILE},
            by=who,
        )  # fmt: skip
        cooperating.write(
            models.CooperationTraining,
            {"country": "REG", "topic": "Protocolo común de referencia", "held_on": day, "institution": "Autoridades migratorias", "participants": 42, "source": FILE},
            by=who,
        )  # fmt: skip
