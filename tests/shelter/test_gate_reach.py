"""What the night role holds and reaches: these permissions, these pages, and no export (VOCABULARY A6)."""

from __future__ import annotations

from caseapp.core.access import permissions
from tests.architecture.test_routes import APP, GUARDED, permission_of

GATE = "GATE_NIGHT"


def test_the_gate_holds_these_permissions_and_no_others():
    held = {p.name for p in permissions().values() if GATE in p.roles}
    assert held == {
        "signed_in", "shelter.tonight", "shelter.check_in", "shelter.check_out", "shelter.walk_in", "casefile.log_enquiry",
    }  # fmt: skip


def test_the_gate_reaches_these_pages_and_no_others():
    reached = {endpoint for endpoint, _method in GUARDED if GATE in permission_of(endpoint).roles}
    areas = {e for e in reached if not e.startswith(("account.", "shelter."))}
    assert areas == {"casefile.today", "casefile.today_list", "casefile.log_enquiry", "casefile.save_enquiry"}
    assert {e for e in reached if e.startswith("shelter.")} == {
        "shelter.tonight", "shelter.check_in", "shelter.roll", "shelter.call_roll", "shelter.mark_absent",
        "shelter.mark_back", "shelter.paper", "shelter.save_paper", "shelter.print_tonight", "shelter.departure",
        "shelter.walk_in", "shelter.receive_walk_in",
    }  # fmt: skip
    assert APP.view_functions["shelter.see_network"].permission.roles == {"SHELTER_COORDINATOR"}
