"""schemathesis against every operation of the open interface, with all its checks on: no fault of ours, answers as the
OpenAPI document says, wrong requests refused and right ones answered, other methods refused, keys asked for."""

from __future__ import annotations

import hypothesis
import schemathesis

from caseapp import create_app

SCHEMA = schemathesis.openapi.from_wsgi(
    "/api/v1/openapi.json", create_app({"TESTING": True, "RATELIMIT_ENABLED": False})
)
#: Records that the house has, so that many examples are answered and not only refused.
KNOWN = {"release": "MEX-2025-09", "cube": "arrivals.site", "file": "coverage.csv", "code": "P1-00"}
CODES: dict[str, set[int]] = {}


@SCHEMA.parametrize()
@hypothesis.settings(
    max_examples=20, derandomize=True, database=None, suppress_health_check=list(hypothesis.HealthCheck)
)
def test_every_operation_keeps_its_word(opened, case):
    answer = case.call_and_validate(headers={"Authorization": f"Bearer {opened.key}"})
    CODES.setdefault(case.operation.label, set()).add(answer.status_code)


def test_known_records_keep_it_too(opened):
    for found in SCHEMA.get_all_operations():
        operation = found.ok()
        path = {name: value for name, value in KNOWN.items() if f"{{{name}}}" in operation.path}
        case = operation.Case(path_parameters=path)
        answer = case.call_and_validate(headers={"Authorization": f"Bearer {opened.key}"})
        assert answer.status_code == 200, operation.label
