"""A reader that goes away (`| head`) is no error: what is still to be printed has nowhere to go, and the work goes on."""

from __future__ import annotations

import os
import sys


def let_go_of_stdout() -> None:
    """From here on standard output goes nowhere; without this the interpreter complains on its way out."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
