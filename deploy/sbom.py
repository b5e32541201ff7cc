"""Writes the bill of materials of the Python environment it runs in, as CycloneDX 1.5.

`python sbom.py > sbom.cdx.json`. Takes nothing but the standard library, so that it can run in the image's
own environment before the last tools go. The same environment gives the same bytes.
"""  # noqa: INP001 - a script, copied into the image

import json
import sys
import uuid
from importlib.metadata import Distribution, distributions
from typing import Any, Final

#: Some packages put the whole licence where its name belongs.
_WORDY: Final = 100


def component(found: Distribution) -> dict[str, Any]:
    """Return one package as CycloneDX has it."""
    name, version = found.metadata["Name"], found.version
    purl = f"pkg:pypi/{name.lower().replace('_', '-').replace('.', '-')}@{version}"
    stated = found.metadata.get("License-Expression") or found.metadata.get("License") or ""
    part: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }
    if stated and len(stated) <= _WORDY:
        part["licenses"] = [{"license": {"name": stated}}]
    return part


def bill() -> dict[str, Any]:
    """Return the whole bill; the bridge is its subject and the rest its components."""
    found = sorted((component(each) for each in distributions()), key=lambda each: each["purl"])
    subject = [each for each in found if each["name"] == "openmedia-bridge"]
    rest = [each for each in found if each["name"] != "openmedia-bridge"]
    identity = uuid.uuid5(uuid.NAMESPACE_URL, " ".join(each["purl"] for each in found))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{identity}",
        "version": 1,
        "metadata": {"component": {**subject[0], "type": "application"}} if subject else {},
        "components": rest,
    }


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, indent=2)
    sys.stdout.write("\n")
