"""The table of settings in docs/operations.md, made of the structs and their docstrings.

    python tests/settings_table.py      writes it

`test_operations.py` compares.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.inspect import is_struct_type

from souspli_mailbox.settings import ENVIRONMENT_PREFIX, Settings

PAGE = Path(__file__).parent.parent / "docs" / "operations.md"
BEGIN = "<!-- settings: written by tests/settings_table.py -->\n"
END = "<!-- end of settings -->\n"

UNITS = {
    "seconds": "seconds",
    "bytes": "bytes",
    "timeout": "seconds",
    "port": "port",
    "a_day": "in 24 hours",
}


def tables(struct: type[msgspec.Struct] = Settings, name: str = "") -> Iterator[str]:
    """Yield a Markdown table for the struct, then one for each of those in it."""
    hints = typing.get_type_hints(struct)
    docstrings = field_docstrings(struct)
    inner = {field: hint for field, hint in hints.items() if is_struct_type(hint)}
    defaults = {
        field.name: None if field.required else field.default
        for field in msgspec.structs.fields(struct)
    }
    required = {field.name for field in msgspec.structs.fields(struct) if field.required}
    # The common settings need no title.
    title = f"### `[{name}]`\n{paragraph(struct.__doc__ or '')}\n\n" if name else ""
    yield (
        f"{title}| setting | is | default | for what, and why |\n|---|---|---|---|\n"
        + "".join(
            f"| `{field}` | {kind(field, hint)} "
            f"| {'*needed*' if field in required else default(defaults[field])} "
            f"| {docstrings[field]} |\n"
            for field, hint in hints.items()
            if field not in inner
        )
    )
    for field, hint in inner.items():
        yield from tables(hint, f"{name}.{field}" if name else field)


def field_docstrings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return what stands below each field, on one line."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str() as text)):
                    found[field.target.id] = paragraph(text)
                case _:
                    pass
    return found


def paragraph(text: str) -> str:
    return re.sub(r"\s+", " ", inspect.cleandoc(text)).replace("|", "\\|")


def kind(field: str, hint: object) -> str:
    """Say what the value is: its unit where there is one."""
    if typing.get_origin(hint) is typing.Annotated:
        return kind(field, typing.get_args(hint)[0])
    if typing.get_origin(hint) is tuple:
        return "list"
    if typing.get_origin(hint) is typing.Literal:
        return " or ".join(f"`{value}`" for value in typing.get_args(hint))
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        return kind(field, next(one for one in typing.get_args(hint) if one is not type(None)))
    if hint in {int, float}:
        unit = next((unit for end, unit in UNITS.items() if field.endswith(end)), None)
        return unit or "number"
    return {str: "text", bool: "`true` or `false`", Path: "path"}.get(hint, "text")  # type: ignore[call-overload]


def default(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "`true`" if value else "`false`"
        case "":
            return "empty"
        case tuple():
            return ", ".join(f"`{one}`" for one in value)
        case int():
            return f"{value:,}" if value >= 10_000 and value != 65_535 else str(value)
        case _:
            return f"`{value}`" if isinstance(value, str) else f"{value:g}"


def text() -> str:
    said = "\n".join(tables())
    return (
        f"{BEGIN}\nEach is also an environment variable: `{ENVIRONMENT_PREFIX}` and the path in "
        f"capitals, so `[mail] host` is `{ENVIRONMENT_PREFIX}MAIL_HOST`. A list has "
        f"commas there: `{ENVIRONMENT_PREFIX}STORE_ALLOWED_REGIONS=fr-par,eu-*`.\n\n{said}\n{END}"
    )


def names() -> set[str]:
    """Every setting, with its table."""
    return set(_names(Settings, ""))


def _names(struct: type[msgspec.Struct], prefix: str) -> Iterator[str]:
    for field, hint in typing.get_type_hints(struct).items():
        if is_struct_type(hint):
            yield from _names(hint, f"{prefix}{field}.")
        else:
            yield f"{prefix}{field}"


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + text() + after, encoding="utf-8")


if __name__ == "__main__":
    main()
