"""The command line ``aimc``: data on stdout, messages and progress on stderr.

Exit codes: 0 good, 1 a check failed, 2 usage, 3 malformed input, 4 unsupported or a limit, 6 input or output, 70 a
defect of this program; 5 is reserved for keys and authentication.
"""

from __future__ import annotations

import sys

__all__ = ["main"]

EXTRA = ("typer", "rich")


def main() -> int:
    """Runs the command line of this process; returns the exit code."""
    try:
        from aimcodec.cli.app import run
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRA:
            raise
        print(f"aimc: {package} is not installed; pip install 'aimcodec[cli]' brings it", file=sys.stderr)
        return 4
    return run(sys.argv[1:])
