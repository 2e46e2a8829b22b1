"""Named points at which a test may kill the process, to see that a crash there loses nothing. Off unless KEPT_CRASH_AT names one."""

import os
import signal

_AT = os.environ.get("KEPT_CRASH_AT", "")


def crashpoint(name: str) -> None:
    """Kill this process at once, as a power cut would, if it was started with KEPT_CRASH_AT set to this name."""
    if name == _AT:
        os.kill(os.getpid(), signal.SIGKILL)
