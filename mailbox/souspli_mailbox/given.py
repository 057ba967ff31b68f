"""Where each setting's value comes from: an option, the environment, the file, or a default."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from msgspec.inspect import is_struct_type

from souspli_mailbox.settings import ENVIRONMENT_PREFIX, Settings, read_toml, setting_of


class Source(StrEnum):
    """Who said so; the first one that did counts."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Given:
    """One setting. No value is a secret: passwords and keys stand in files of their own."""

    name: str
    """With its table: `mail.host`."""
    value: str
    source: Source


def given(
    settings: Settings,
    *,
    file: Path | None = None,
    environment: Mapping[str, str],
    options: Collection[str] = (),
) -> list[Given]:
    """Return every setting of `settings`, which `load` made of these sources."""
    from_environment = {
        ".".join(setting_of(name)) for name in environment if name.startswith(ENVIRONMENT_PREFIX)
    }
    from_file = {name for name, _ in _leaves({} if file is None else read_toml(file))}

    def source(name: str) -> Source:
        if name in options:
            return Source.OPTION
        if name in from_environment:
            return Source.ENVIRONMENT
        return Source.FILE if name in from_file else Source.DEFAULT

    return [Given(name, _text(value), source(name)) for name, value in _fields(settings)]


def _fields(settings: msgspec.Struct, prefix: str = "") -> Iterator[tuple[str, object]]:
    for field in msgspec.structs.fields(settings):
        value: object = getattr(settings, field.name)
        if is_struct_type(type(value)) and isinstance(value, msgspec.Struct):
            yield from _fields(value, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", value


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")  # pyright: ignore[reportUnknownArgumentType]  (TOML)
        else:
            yield f"{prefix}{name}", value


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
