"""Small cubes and made-up truths for the tests of the closed rounded cube."""

from __future__ import annotations

import numpy as np

from caseapp.publication.cube.definition import Cube, Dimension, Margin, Span
from caseapp.publication.cube.rounding import Truth

SECRET = b"only for the tests of the cube"
SEX = Dimension("sex", ("F", "M"))
ORIGIN = Dimension("origin", ("HND", "CUB", "OTHER"), rest="OTHER")
COUNTED = Dimension("counted", ("YEAR", "QUARTER", "MONTH", "SITE"))
LATE = Dimension("late", ("NO", "YES"))


def truth_of(count: np.ndarray, people_in_a_home: float = 1.0) -> Truth:
    """Every atom another person; as many homes as the mean size asks for, at least one."""
    count = np.asarray(count, dtype=np.int64)
    homes = np.where(count > 0, np.maximum(1, np.round(count / people_in_a_home)), 0).astype(np.int64)
    return Truth(count, count.copy(), homes)


def plain_cube(cells: int = 12, **more) -> Cube:
    """One dimension, no markers, no totals to hold: each cell is drawn by itself."""
    return Cube("plain", "MEX", (Dimension("cell", tuple(f"c{i:03}" for i in range(cells))),), **more)


def small_cube(**more) -> Cube:
    """sex × origin × counted × late with the totals that people look at."""
    persons = (("counted", ("YEAR", "QUARTER", "MONTH")),)
    margins = (
        Margin("month", (), persons, Span.MONTH, 0.1),
        Margin("month by sex", (("sex", SEX.labels),), persons, Span.MONTH, 0.05),
        Margin("month by origin", (("origin", ORIGIN.labels),), persons, Span.MONTH, 0.05),
        Margin("quarter", (), (("counted", ("YEAR", "QUARTER")),), Span.QUARTER, 0.1),
        Margin("year", (), (("counted", ("YEAR",)),), Span.YEAR, 0.1),
    )
    return Cube("small", "MEX", (SEX, ORIGIN, COUNTED, LATE), margins=margins, **more)
