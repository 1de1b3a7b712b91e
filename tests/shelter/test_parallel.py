"""Many clients at once for the last places: exactly as many win as fit, and nobody is told of a deadlock. The bench
(`python -m tests.bench.parallel`) does the same with two hundred."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from caseapp.core import access
from caseapp.shelter import errors
from caseapp.shelter.service.asking import once_more
from tests.bench import parallel

CLIENTS = 40


def test_as_many_win_as_fit(committed_db):
    scene = parallel.arrange(committed_db.owner, CLIENTS)
    told = parallel.compete(scene)
    fit = parallel.ROOMS * parallel.BEDS // parallel.EACH
    assert told.words == {"booked": fit, "no place": CLIENTS - fit}
    assert set(told.attempts) <= {"booked", "refused"}  # the neutral reason, and nothing else
    assert parallel.given(scene) == (fit * parallel.EACH, fit * parallel.EACH)


class Crossed(Exception):
    sqlstate = "40P01"


def crossing(times):
    """A verb that meets somebody else so many times."""
    met = []

    @once_more
    def verb():
        met.append(1)
        if len(met) <= times:
            raise sa.exc.OperationalError("INSERT", {}, Crossed())
        return "done"

    return verb, met


@pytest.mark.parametrize("times", [0, 1, 2])
def test_who_met_somebody_else_does_it_once_more(db, times):
    verb, met = crossing(times)
    with access.acting_as(access.system("test")):
        assert verb() == "done" and len(met) == times + 1


def test_after_three_times_somebody_else_has_the_place(db):
    verb, met = crossing(9)
    with pytest.raises(errors.PlaceTaken):
        verb()
    assert len(met) == 3


def test_any_other_fault_is_not_hidden(db):
    @once_more
    def verb():
        raise sa.exc.OperationalError("INSERT", {}, Exception("disk full"))

    with pytest.raises(sa.exc.OperationalError):
        verb()
