"""A made-up matrix of 180 commitments over the seven countries, as a national secretariat would send it: our own
wording, invented scores. `rows()` is what tests read and what `files/matrix_180.csv` holds."""

from __future__ import annotations

import csv
import io

from caseapp.commitments.matrix_file import COLUMNS

SHARES = {"BLZ": 18, "CRI": 30, "GTM": 27, "HND": 30, "MEX": 35, "PAN": 26, "SLV": 14}
SUBJECTS = {
    1: ("Ampliar los turnos de atención en el punto fronterizo", "Publicar un protocolo de identificación", "Capacitar al personal de primer contacto"),
    2: ("Abrir un servicio de salud para personas recién llegadas", "Asegurar cupos escolares todo el año", "Coordinar una red de albergues"),
    3: ("Dar mantenimiento a espacios públicos en comunidades de acogida", "Medir el aporte del Estado", "Acordar un plan con municipios"),
    4: ("Abrir una ventanilla de empleo", "Reconocer estudios previos", "Acompañar a quienes se integran"),
}  # fmt: skip

#: Two of Mexico's commitments name what they want to reach.
TARGETS = {
    ("MEX", 0): {"indicator": "P1-00", "target_period": "2025", "target": "500"},
    ("MEX", 4): {"indicator": "P1-06", "target_period": "2025", "target": "90"},
}


def rows() -> list[dict[str, str]]:
    found = []
    for country, count in SHARES.items():
        for number in range(count):
            pillar = number % 4 + 1
            found.append(
                {
                    "country": country, "code": f"P{pillar}-{number + 1:02d}", "pillar": str(pillar), "class": "COUNTRY",
                    "text_es": f"{SUBJECTS[pillar][number % 3]} (etapa {number // 4 + 1}).", "start": "2024-11-01", "due": "2026-10-26",
                    "owner": "Institución responsable", "score": str((number * 7 + len(found)) % 6), "scored_on": "2025-06-01",
                    "evidence": "Acta de la mesa técnica", "evidence_date": "2025-05-20", "year": "2025", "currency": "USD",
                    "budgeted": str(1000 * (number + 1)), "funded": str(400 * (number + 1)), "cost_source": "Presupuesto",
                    **TARGETS.get((country, number), {}),
                }
            )  # fmt: skip
    return found


def as_csv(lines: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()
