"""Measures: the types of which settings are made."""

from typing import Annotated

from pydantic import Field, StringConstraints

#: Where a secret is to be found: `env:NAME` or `file:PATH`.
SecretReference = Annotated[str, StringConstraints(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")]

#: Where a file is to be found: `file:PATH`.
FileReference = Annotated[str, StringConstraints(pattern=r"^file:.+$")]

Seconds = Annotated[float, Field(gt=0, le=31 * 24 * 3600)]
Port = Annotated[int, Field(ge=0, le=65535)]
