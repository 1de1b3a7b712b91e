"""Narratives of the demo: what each country tells of two pillars this year, in two languages, with figures quoted from
its releases; the steward writes, the approver reads, and one text waits for a reader. All invented."""

from __future__ import annotations

from datetime import date

from caseapp.commitments.narrative import quoting, service
from caseapp.commitments.narrative.rules import Quote
from caseapp.commitments.narrative.service import Place
from caseapp.core.db import session
from workers.demo import places
from workers.demo.acting import acting
from workers.demo.calibration import COUNTRIES

#: (pillar, part): the codes quoted, and what is told of them; {0}, {1} are the quotes in their order.
TEXTS: dict[tuple[int, str], tuple[tuple[str, ...], str, str]] = {
    (1, "ACHIEVEMENTS"): (
        ("P1-00", "P1-02"),
        """Las sedes registraron a {0} personas y examinaron las necesidades de protección de {1}.

La entrevista se hace el mismo día en la mayoría de los puntos de llegada.""",
        """The sites registered {0} people and screened the protection needs of {1}.

At most points of arrival the interview is held on the same day.""",
    ),
    (1, "CHALLENGES"): (
        (),
        "Faltan intérpretes de lenguas indígenas de noche y la señal de los puntos fronterizos se corta varias horas al día.",
        "Interpreters of indigenous languages are missing at night, and the network of the border points is down for hours a day.",
    ),
    (1, "PRIORITIES"): (
        (),
        "Abrir turno de noche en dos puntos fronterizos y formar a treinta personas de primer contacto.",
        "Open a night shift at two border points and train thirty first-contact staff.",
    ),
    (2, "ACHIEVEMENTS"): (
        ("P2-03", "P2-01"),
        "De las referencias que debían responderse, {0} se respondió en su plazo; {1} personas recibieron asistencia.",
        "Of the referrals to be answered {0} were answered in time; {1} people received assistance.",
    ),
    (2, "CHALLENGES"): (
        (),
        "La mayoría de los rechazos de los albergues son por falta de lugar en temporada de lluvias.",
        "Most refusals of shelters are for lack of room in the rainy season.",
    ),
}  # fmt: skip
WAITS = (2, "CHALLENGES")


def narrate(today: date) -> None:
    """Write what each country tells; a code that the country has not published is left out with its text."""
    for country in COUNTRIES:
        team = f"{country}-COMMISSION_STATISTICS"
        steward, approver = (places.worker(role, team) for role in ("DATA_STEWARD", "RELEASE_APPROVER"))
        for (pillar, part), (codes, es, en) in TEXTS.items():
            place = Place(country, today.year, pillar, part)
            quotes = [Quote(code, str(today.year), country) for code in codes]
            with acting(steward):
                at = session.connection()
                if len(quoting.figures(quotes, at)) < len(quotes) or service.versions(place):
                    continue
                marks = [quote.code for quote in quotes]
                texts = {"es": es.format(*marks), "en": en.format(*marks)}
                row = service.save(place, texts, sends=True, at=at)
                written = row.id
                session.flush()
            if (pillar, part) != WAITS:
                with acting(approver):
                    waiting = next(v for v in service.versions(place) if v.id == written)
                    service.decide(waiting, agrees=True)
