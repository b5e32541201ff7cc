"""Registry: which schemes exist, as a table to be read. A new one is one line here."""

from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from connectors.explanation import explain
from connectors.signatures.keyed import Hmac
from connectors.signatures.scheme import Scheme
from connectors.signatures.unsigned import Unsigned
from worker.errors import SettingsError

SCHEMES: Mapping[str, type[Scheme]] = {
    scheme.name: scheme
    for scheme in (
        Hmac,
        Unsigned,
    )
}


def build_scheme(written: str | Mapping[str, JsonValue], path: str) -> Scheme:
    """Return the scheme that `verify = "NAME"` or `verify = { scheme = "NAME", … }` asks for.

    Raises SettingsError with the path of each wrong key.
    """
    options = {"scheme": written} if isinstance(written, str) else dict(written)
    name = options.pop("scheme", None)
    if not isinstance(name, str) or name not in SCHEMES:
        known = ", ".join(sorted(SCHEMES))
        raise SettingsError(f"{path} asks for the scheme {name!r}, but there is: {known}")
    try:
        return SCHEMES[name].model_validate(options)
    except ValidationError as error:
        raise SettingsError(explain(error, path)) from error
