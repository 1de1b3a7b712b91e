"""From arrival to solution, as far as published figures go: stages, and between them why one may not be divided by the
other. Nothing here follows a person; a stage is lost people only where both its numbers are of one cube."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caseapp.core.i18n import _l
from caseapp.publication.series import Told


@dataclass(frozen=True)
class Stage:
    """A stage: the indicator that counts it, the share of it that went on, the duration until it. `apart`: why the
    stage before is no denominator of it."""

    code: str
    name: Any
    counts: str
    share: str = ""
    lasts: str = ""
    beside: str = ""
    apart: Any = ""


OTHERS_LATER = _l("Son otras personas: quien llega en un periodo suele seguir en otro.")
STAGES = (
    Stage("ARRIVAL", _l("Registro"), "P1-00", share="P1-03"),
    Stage(
        "SCREENING", _l("Entrevista de protección"), "P1-02",
        apart=_l("No se dividen: a veces se entrevista a quien se registró en otro periodo."),
    ),
    Stage(
        "NEED", _l("Necesidades confirmadas"), "", share="P2-02",
        apart=_l("No se dividen: cuentan quienes cumplieron 30 días desde que se confirmó una necesidad."),
    ),
    Stage(
        "REFERRAL", _l("Referencias y su respuesta"), "", share="P2-03", beside="P2-05",
        apart=_l("No se dividen: aquí se cuentan referencias, no personas, cuando terminan."),
    ),
    Stage(
        "SERVICE", _l("Servicio concluido"), "", share="P2-04",
        apart=_l("Otra base: solo las referencias aceptadas o vencidas."),
    ),
    Stage(
        "CLAIM", _l("Solicitud"), "P1-01", lasts="P1-05",
        apart=_l("Son otras personas: no hace falta una referencia para pedir asilo, ni pedirlo para recibirla."),
    ),
    Stage("DECISION", _l("Resolución"), "", share="P1-11", lasts="P1-07", beside="P1-13", apart=OTHERS_LATER),
    Stage(
        "PLAN", _l("Plan de solución"), "", share="P4-08",
        apart=_l("No se dividen: es el último día del trimestre, y de todas las personas reconocidas con expediente abierto."),
    ),
    Stage(
        "DEPARTURE", _l("Salida por una vía segura"), "P4-09",
        apart=_l("Son otras personas: se sale con plan o sin él, y suele ser en otro periodo."),
    ),
)  # fmt: skip
CODES = tuple(
    sorted(
        {code for stage in STAGES for code in (stage.counts, stage.share, stage.lasts, stage.beside) if code}
    )
)


@dataclass(frozen=True)
class Step:
    """A stage in a period, with what is published of it."""

    stage: Stage
    counted: Told | None
    share: Told | None
    lasts: Told | None
    beside: Told | None

    @property
    def entered(self) -> int | None:
        """How many the stage is of: its count, or what its share is a share of."""
        if self.counted is not None:
            return int(self.counted.value) if self.counted.value is not None else None
        return self.share.denominator if self.share is not None else None

    @property
    def lost(self) -> int | None:
        """Of those of the share, how many did not go on: both numbers are sums of the same cells."""
        if self.share is None or self.share.denominator is None or self.share.numerator is None:
            return None
        return self.share.denominator - self.share.numerator


def steps(told: Mapping[str, Sequence[Told]], period: str) -> list[Step]:
    """Every stage in one period."""
    by = {code: {one.period: one for one in rows} for code, rows in told.items()}

    def of(code: str) -> Told | None:
        return by.get(code, {}).get(period)

    return [Step(one, of(one.counts), of(one.share), of(one.lasts), of(one.beside)) for one in STAGES]
