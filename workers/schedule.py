"""What runs when. One line a job; every job may run twice without harm."""

from __future__ import annotations

from typing import Any

from config.settings import settings

SCHEDULE: dict[str, dict[str, Any]] = {
    "relay": {
        "task": "workers.outbox.relay",
        "schedule": 2.0,
        "options": {"queue": "casework", "expires": 10},
    },
    "clocks": {
        "task": "workers.deadline.look",
        "schedule": 60.0,
        "options": {"queue": "casework", "expires": 60},
    },
    "holds": {
        "task": "workers.shelter.release_holds",
        "schedule": 60.0,
        "options": {"queue": "casework", "expires": 60},
    },
    "facts": {
        "task": "workers.indicators.roll_up",
        "schedule": 5.0,
        "options": {"queue": "figures", "expires": 15},
    },
    "releases": {
        "task": "workers.publication.make_waiting",
        "schedule": 3.0,
        "options": {"queue": "figures", "expires": 10},
    },
    "pictures": {
        "task": "workers.publication.draw_waiting",
        "schedule": 4.0,
        "options": {"queue": "figures", "expires": 8},
    },
    "registers": {
        "task": "workers.publication.freeze_registers",
        "schedule": 21600.0,
        "options": {"queue": "figures", "expires": 3600},
    },
    "imports": {
        "task": "workers.reception.import_people",
        "schedule": 4.0,
        "options": {"queue": "casework", "expires": 4},
    },
    "directory": {
        "task": "workers.places.import_directory",
        "schedule": 4.0,
        "options": {"queue": "casework", "expires": 4},
    },
    "placements": {
        "task": "workers.placement.work",
        "schedule": 4.0,
        "options": {"queue": "casework", "expires": 4},
    },
    "caseworkers": {
        "task": "workers.indicators.count_caseworkers",
        "schedule": 21600.0,
        "options": {"queue": "casework", "expires": 3600},
    },
    "enquiries": {
        "task": "workers.oversight.wipe_enquiries",
        "schedule": 3600.0,
        "options": {"queue": "casework", "expires": 1800},
    },
    "accounts": {
        "task": "workers.accounts.sweep",
        "schedule": 86400.0,
        "options": {"queue": "casework", "expires": 3600},
    },
}

if settings().is_demo:
    SCHEDULE["demo"] = {
        "task": "workers.demo.fill",
        "schedule": 4.0,
        "options": {"queue": "casework", "expires": 4},
    }
