"""The settings reference, written from the models: `python -m bridge.settings_reference > docs/settings.md`.

Nothing about a setting is said twice: its meaning is the `#:` comment above its field, its type, limits and
default are those of the model.
"""

import ast
import functools
import inspect
import json
import re
import sys
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from worker.settings import Settings

_HEAD: Final = """\
# Settings

This page is written by `make reference` from the models; a test holds it against them.

Settings stand in `bridge.toml`: the file that `--config` or `BRIDGE_CONFIG` names, else the one here, else
that of the data directory. The environment wins: `BRIDGE_STORE_URL` sets `url` in `[store]`,
`BRIDGE_SERVICES='{"support": {...}}'` the whole table. A table's name stands in the heading; `NAME` is yours
to choose. What is not in the file has its default; a name that is not on this page is refused. Secrets never
stand in settings: `env:NAME` and `file:PATH` say where they are, and a changed file is read again without a
restart. `bridge check` says whether all of it makes sense. The `options` of a channel are described with its
[connector](connectors/README.md).
"""
_WORDS: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true`, `false`",
    "null": "",
    "object": "table",
}
_LIMITS: Final[Mapping[str, str]] = {
    "minimum": "≥",
    "exclusiveMinimum": ">",
    "maximum": "≤",
    "exclusiveMaximum": "<",
}
_COMMENT: Final = re.compile(r"^\s*#: ?")


def reference() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_table(Settings, "", Settings())])


def _table(model: type[BaseModel], path: str, default: BaseModel | None) -> Iterator[str]:
    """Yield the section of one table of settings, then those of the tables in it."""
    heading = f"[{path.replace('[]', '')}]"
    yield f"## `{f'[{heading}]' if '[]' in path else heading}`\n" if path else "## At the top\n"
    yield f"{inspect.cleandoc(model.__doc__ or '')}\n"
    inner = {name: _nested(field.annotation) for name, field in model.model_fields.items()}
    rows = [_row(model, name, default) for name, below in inner.items() if below is None]
    if rows:
        yield "| setting | type | default | meaning |\n|---|---|---|---|"
        yield from rows
        yield ""
    for name, below in inner.items():
        if below is None:
            continue
        named = "" if below.single else ".NAME" if below.keyed else "[]"
        found = getattr(default, name, model.model_fields[name].default)
        meaning = meanings(model).get(name, "")
        if meaning:
            yield f"`{path + '.' if path else ''}{name}`: {meaning}\n"
        inside = found if isinstance(found, BaseModel) else None
        yield from _table(below.model, f"{path + '.' if path else ''}{name}{named}", inside)


class _Below(typing.NamedTuple):
    """A table inside a table."""

    model: type[BaseModel]
    single: bool
    keyed: bool


def _nested(annotation: Any) -> _Below | None:  # noqa: ANN401 - an annotation is anything
    """Return the model of a field that is a table, a table of tables or a list of tables; else None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _Below(annotation, single=True, keyed=False)
    keyed = typing.get_origin(annotation) in (Mapping, dict)
    listed = typing.get_origin(annotation) is tuple
    for each in typing.get_args(annotation):
        if found := _nested(each):
            return found._replace(single=found.single and not (keyed or listed), keyed=keyed or found.keyed)
    return None


def _row(model: type[BaseModel], name: str, default: BaseModel | None) -> str:
    schema = _schema(model)["properties"][name]
    cells = (f"`{name}`", _type(schema, model), _default(model, name, default), meanings(model).get(name, ""))
    return "| " + " | ".join(each.replace("|", "\\|") for each in cells) + " |"


@functools.cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _default(model: type[BaseModel], name: str, default: BaseModel | None) -> str:
    field = model.model_fields[name]
    if default is None and field.is_required():
        return "must be set"
    found = getattr(default, name) if default is not None else field.get_default(call_default_factory=True)
    if found is None:
        return "unset"
    shown = found if isinstance(found, bool | int | float | str) else list(found) or None
    if shown is None or shown == "":
        return "none" if shown is None else "empty"
    return f"`{json.dumps(_whole(shown), default=str, ensure_ascii=False)}`"


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _type(schema: Mapping[str, Any], model: type[BaseModel]) -> str:
    if "$ref" in schema:
        return _type(_schema(model)["$defs"][schema["$ref"].rpartition("/")[2]], model)
    if "anyOf" in schema:
        kinds = [_type(each, model) for each in schema["anyOf"]]
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind))
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{each}`" for each in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}), model) or 'values'}"
    if str(schema.get("pattern", "")).startswith("^(env:"):
        return "reference to a secret"
    if str(schema.get("pattern", "")).startswith("^file:"):
        return "`file:PATH`"
    limits = [f"{sign} {_whole(schema[word])}" for word, sign in _LIMITS.items() if word in schema]
    return ", ".join([_WORDS.get(schema.get("type", ""), "any value"), *limits]).strip(", ")


@functools.cache
def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return what the comment above each field says; a like field right below one shares its comment."""
    inherited: dict[str, str] = {}
    for base in model.__bases__:
        if issubclass(base, BaseModel) and base.__module__.startswith("worker"):
            inherited |= meanings(base)
    return inherited | _own_meanings(model)


def _own_meanings(model: type[BaseModel]) -> dict[str, str]:
    source = inspect.getsource(model).splitlines()
    (tree,) = ast.parse("\n".join(source)).body
    found: dict[str, str] = {}
    before: ast.AnnAssign | None = None
    for node in tree.body if isinstance(tree, ast.ClassDef) else ():
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        said = _above(source, node.lineno - 1)
        adjoins = before is not None and before.end_lineno == node.lineno - 1
        if not said and adjoins and before and ast.dump(before.annotation) == ast.dump(node.annotation):
            said = found.get(before.target.id if isinstance(before.target, ast.Name) else "", "")
        found[node.target.id] = said
        before = node
    return found


def _above(source: list[str], line: int) -> str:
    """Return the `#:` comment that ends right above a line."""
    begin = line
    while begin and _COMMENT.match(source[begin - 1]):
        begin -= 1
    return " ".join(_COMMENT.sub("", each) for each in source[begin:line])


if __name__ == "__main__":
    sys.stdout.write(reference())
