"""Options and arguments that several commands share."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from bridge.cli.completion import services

EXIT_CODES: Final = (
    "Exit codes: 0 all is well, 1 something is wrong and one sentence says what, 2 wrong usage."
)
#: For commands that hand what they do not know to another program.
PASS_ON: Final = {"allow_extra_args": True, "ignore_unknown_options": True}
PASS_ALL: Final = {**PASS_ON, "help_option_names": []}
DEFAULT_DATA: Final = Path("bridge-data")

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The settings file; otherwise the one BRIDGE_CONFIG names, else ./bridge.toml, "
        "else that of the data directory.",
    ),
]
Data = Annotated[
    Path, typer.Option("--data", metavar="DIR", envvar="BRIDGE_DATA", help="The data directory.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one line of JSON.")]
Service = Annotated[
    str,
    typer.Argument(
        metavar="SERVICE", help="The open media service, as in the settings.", autocompletion=services
    ),
]
Utc = Annotated[bool, typer.Option("--utc", help="Times in UTC instead of this machine's.")]
Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; whoever looks next will read it.")
]
ExternalId = Annotated[str, typer.Argument(metavar="EXTERNAL_ID", help="The conversation's external id.")]


def choose(config: Path | None, data: Path | None = None) -> None:
    """Let whatever reads the environment see what the command line says."""
    if data is not None:
        os.environ["BRIDGE_DATA"] = str(data)
    if config is not None:
        os.environ["BRIDGE_CONFIG"] = str(config)
