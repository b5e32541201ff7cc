"""The screen: where a person reads what the bridge says. Colours only on a terminal."""

import json
import sys
from typing import Final

from rich.console import Console
from rich.text import Text

_COLOURS: Final = ("cyan", "green", "magenta", "blue", "yellow")
_WIDEST: Final = 7


class Screen:
    """Standard output for what was asked for, standard error for everything else."""

    def __init__(self, *, as_json: bool = False) -> None:
        """`as_json` writes on standard output one line of JSON instead of what a person reads."""
        self._as_json = as_json
        self.out = Console(soft_wrap=True, highlight=False, quiet=as_json)
        self.err = Console(soft_wrap=True, highlight=False, stderr=True)
        self._colours: dict[str, str] = {}

    @property
    def shows_names(self) -> bool:
        """Whether a person watches the log lines, who wants to know whose they are."""
        return self.err.is_terminal

    def say(self, text: str, *, style: str = "") -> None:
        """Write one sentence about the bridge itself."""
        self.err.print(Text(f"bridge: {text}", style=style))

    def tell(self, facts: object) -> None:
        """Write what a script wants to know, where a script asked."""
        if self._as_json:
            sys.stdout.write(json.dumps(facts) + "\n")

    def log(self, name: str, line: str) -> None:
        """Write a child's line, its name in front."""
        colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        with self.err.capture() as prefix:
            self.err.print(Text(f"{name:<{_WIDEST}} | ", style=colour), end="")
        sys.stderr.write(f"{prefix.get()}{line}\n")
        sys.stderr.flush()
