"""How long does the command line take before it does anything?"""

from __future__ import annotations

import sys

from measure import command, medians, show

BASELINE = "python -c 'import typer'"

if __name__ == "__main__":
    jobs = {
        BASELINE: command([sys.executable, "-c", "import typer"]),
        "scientist --help": command([sys.executable, "-m", "scientist", "--help"]),
        "scientist kit list": command([sys.executable, "-m", "scientist", "kit", "list"]),
    }
    show(medians(jobs), BASELINE)
