"""Why something could not be started, in one sentence for the person at the terminal."""

from __future__ import annotations


class LauncherError(Exception):
    """A process of ours cannot be started or kept; ``str(error)`` is one sentence without line breaks."""

    def __init__(self, sentence: str) -> None:
        super().__init__(" ".join(sentence.split()))
