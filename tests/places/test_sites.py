"""Sites of a country: sorted, without the closed ones unless asked."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.places import queries
from tests.factories import make_site


def test_sites_of_a_country_by_sort_key(db):
    with db.as_owner():
        last = make_site(country="CRI", code="CR-ZZZ", sort_key="zz")
        first = make_site(country="CRI", code="CR-AAA", sort_key="aa")
        closed = make_site(country="CRI", code="CR-CCC", closed_on=date(2025, 11, 23))
        closing = make_site(country="CRI", code="CR-DDD", sort_key="mm", closed_on=date(2025, 11, 24))
        make_site(country="PAN", code="PA-AAA")
    assert [s.id for s in queries.sites("CRI")] == [first.id, closing.id, last.id]
    assert closed in queries.sites("CRI", closed=True)
    assert {s.country for s in queries.sites()} >= {"CRI", "PAN"}
    assert queries.site(first.id) is first
    assert queries.site_of_code("CR-AAA") is first and queries.site_of_code("CR-QQQ") is None


@pytest.mark.parametrize("values", [{"code": "TAPACHULA"}, {"kind": "PALACE"}, {"rollover_hour": 24}])
def test_a_site_that_makes_no_sense_is_refused(db, values):
    with pytest.raises(sa.exc.IntegrityError), db.as_owner():
        make_site(**values)
