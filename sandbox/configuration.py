"""How a sandbox is to start out, read from a TOML file: the same levers that `/sandbox/*` has."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.behaviour import Behaviour
from sandbox.fault import Fault


class Configuration(BaseModel):
    """The levers as they stand when the sandbox starts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    behaviour: Behaviour = Behaviour()
    faults: tuple[Fault, ...] = ()
    script: tuple[Fault, ...] = ()


def read_configuration(path: Path) -> Configuration:
    """Read a file; OSError if there is none to read, ValueError with one sentence if it makes no sense."""
    try:
        return Configuration.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        reasons = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise ValueError("; ".join(reasons)) from error
