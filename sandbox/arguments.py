"""The command line of `python -m sandbox`, read into settings. Reads key files; starts nothing."""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from sandbox.configuration import Configuration, read_configuration
from sandbox.settings import DEMO, Settings


def parse(arguments: Sequence[str] | None = None) -> Settings:
    """Turn command-line arguments into settings; exits with a usage message if they make no sense."""
    parser = _parser()
    given = parser.parse_args(arguments)
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for service, key in given.service:
        keys[service].add(key)
    for service, path in given.key_file:
        try:
            keys[service].update(Path(path).read_text(encoding="ascii").split())
        except (OSError, ValueError) as error:
            parser.error(f"--key-file {service}: {error}")
    start = _start(parser, given.config) if given.config else Configuration()
    return Settings(
        host=given.host,
        port=given.port,
        services={service: frozenset(known) for service, known in keys.items()} or DEMO,
        data=given.data,
        seed=given.seed,
        behaviour=start.behaviour,
        faults=start.faults,
        script=start.script,
    )


def _start(parser: argparse.ArgumentParser, path: Path) -> Configuration:
    try:
        return read_configuration(path)
    except (OSError, ValueError) as error:
        parser.error(f"--config {path}: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sandbox", description="A stand-in for the Open Media API.")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    parser.add_argument("--port", type=int, default=8099, help="0 is any free port (%(default)s)")
    parser.add_argument(
        "--service",
        type=_pair,
        action="append",
        default=[],
        metavar="NAME=KEY",
        help="a service and an API key that opens it; may be repeated, also for one service (demo=demo-key)",
    )
    parser.add_argument(
        "--key-file",
        type=_pair,
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="a service and a file with its keys, so that they do not show in the process list",
    )
    parser.add_argument("--data", type=Path, help="a journal that lets interactions survive a restart")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="behaviour, faults and script to start with, as TOML"
    )
    parser.add_argument("--seed", type=int, help="makes ids and the dice of faults repeatable")
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError("expected NAME=VALUE")
    return name, value
