"""`python -m sandbox`."""

import sys

from sandbox.arguments import parse
from sandbox.server import serve

if __name__ == "__main__":
    try:
        serve(parse())
    except OSError as error:
        sys.exit(f"sandbox: {error}")
