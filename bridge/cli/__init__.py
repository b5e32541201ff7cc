"""The command line. Says what there is to say and to choose; everything is done elsewhere.

What a command needs is imported when it runs: `--help` and the start of each process stay quick.
"""

import sys

from bridge.cli.program import app
from worker.errors import BridgeError


def main() -> None:
    """Run the command line; what the bridge can name becomes one sentence and exit code 1."""
    try:
        app()
    except BridgeError as error:
        sys.stderr.write(f"bridge: {error}\n")
        sys.exit(1)
