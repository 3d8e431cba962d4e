"""The command `scientist`; `python -m scientist` is the same."""

from __future__ import annotations

import sys


def main() -> None:
    """Run one command; a Ctrl-C that comes while the program loads ends it without a traceback."""
    try:
        from scientist.cli import main as run
    except BaseException as fault:
        from scientist.errors import interrupted

        if not interrupted(fault):
            raise
        sys.stderr.write("error: interrupted\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
