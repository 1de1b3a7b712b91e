"""Run ``supervise`` on a home with a small site: ``launch.py HOME PORT [broken]``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from caseapp.core.launcher import LauncherError, supervise
from caseapp.core.launcher.children import web
from caseapp.core.launcher.processes import Child

SLEEPER = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"


def main(home: Path, port: int, *broken: str) -> int:
    application = "nowhere_to_be_found:application" if broken else "tests.launcher.site:application"

    def children(environment: dict[str, str]) -> list[Child]:
        site = web({**environment, "WEB_CONCURRENCY": "1"}, "127.0.0.1", port, application)
        return [site, Child("sleeper", [sys.executable, "-c", SLEEPER], dict(os.environ))]

    try:
        supervise(
            home,
            prepare=lambda _environment: None,
            children=children,
            announce=lambda _environment: print("ready", flush=True),
            listen=("127.0.0.1", port),
        )
    except LauncherError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
