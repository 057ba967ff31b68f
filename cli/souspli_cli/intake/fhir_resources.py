"""FHIR's two spellings, JSON and XML, as one kind of value (docs/specs/intake.md §9).

A resource is a mapping whose values are texts, mappings and lists of either: what JSON
gives, numbers and booleans as texts. `one` and `many` take whatever stands there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from souspli_cli.intake.decoding import decode_text
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.xml import Element, local_name, namespace, read_xml

if TYPE_CHECKING:
    from souspli_cli.intake.limits import Limits

Value = object
Resource = Mapping[str, Value]

NAMESPACE: Final = "http://hl7.org/fhir"
_MOST_RESOURCES: Final = 5_000
_MOST_ITEMS: Final = 200
"""Of one list: identifiers, names, attachments."""
_HOLDS_RESOURCES: Final = frozenset({"contained", "resource"})
NOTHING: Final[Resource] = {}


def read_resource(content: bytes, *, limits: Limits) -> tuple[Resource, bool]:
    """Return the resource that a file is, and whether its character set had to be guessed.

    Raises NotThisFormatError if it is none, BeyondLimitsError if it has more values than
    `limits`.
    """
    if content[:200].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
        root, guessed = read_xml(content, limits=limits)
        if namespace(root) != NAMESPACE:
            raise NotThisFormatError("XML that is no FHIR")
        return _from_xml(root), guessed
    text, guessed = decode_text(content)
    # Every value stands behind one of these; a list of lists would be gigabytes otherwise.
    if sum(map(text.count, ",:[{")) > limits.elements:
        raise BeyondLimitsError("elements: JSON with too many values")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise NotThisFormatError("no JSON") from None
    if not isinstance(value, dict) or not text_at(cast("Resource", value), "resourceType"):
        raise NotThisFormatError("JSON that is no FHIR")
    return cast("Resource", value), guessed


def _object(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # One program would show the first, another the second.
        raise ValueError("an object with two values of one name")
    return found


def _from_xml(element: Element) -> Resource:
    """Turn an element into what its JSON would be, near enough for `one` and `many`."""
    found: dict[str, list[Value]] = {}
    for child in element:
        name = local_name(child)
        if name in _HOLDS_RESOURCES:
            inner = [item for item in child if namespace(item) == NAMESPACE]
            found.setdefault(name, []).extend(_from_xml(item) for item in inner[:1])
        elif namespace(child) == NAMESPACE:
            value = child.get("value")
            found.setdefault(name, []).append(_from_xml(child) if value is None else str(value))
    url = element.get("url")
    resource: dict[str, Value] = dict(found)
    resource.setdefault("resourceType", local_name(element))
    if url is not None:
        resource["url"] = str(url)
    return resource


def many(resource: Resource, name: str) -> list[Resource]:
    """Return the objects at a name, none if something else stands there."""
    return [cast("Resource", item) for item in _items(resource, name) if isinstance(item, Mapping)]


def one(resource: Resource, name: str) -> Resource:
    """Return the first object at a name, an empty one if there is none."""
    return next(iter(many(resource, name)), NOTHING)


def texts(resource: Resource, name: str) -> list[str]:
    """Return the texts at a name."""
    return [item for item in _items(resource, name) if isinstance(item, str)]


def text_at(resource: Resource, name: str) -> str:
    """Return the first text at a name, empty if there is none."""
    return next(iter(texts(resource, name)), "")


def _items(resource: Resource, name: str) -> list[Value]:
    value = resource.get(name)
    if isinstance(value, list):
        return cast("list[Value]", value)[:_MOST_RESOURCES]
    return [] if value is None else [value]


def kind_of(resource: Resource) -> str:
    """Return a resource's type."""
    return text_at(resource, "resourceType")


class Resources:
    """A resource with those that it holds, by what references call them."""

    def __init__(self, root: Resource) -> None:
        self.root = root
        self.all: list[Resource] = []
        self._known: dict[str, Resource] = {}
        if kind_of(root) == "Bundle":
            for entry in many(root, "entry"):
                if resource := one(entry, "resource"):
                    self._add(resource, text_at(entry, "fullUrl"))
        else:
            self._add(root, "")

    def _add(self, resource: Resource, url: str) -> None:
        self.all.append(resource)
        if url:
            self._known.setdefault(url, resource)
        if identifier := text_at(resource, "id"):
            self._known.setdefault(f"{kind_of(resource)}/{identifier}", resource)

    def resolve(self, owner: Resource, reference: str) -> Resource:
        """Return what `owner` refers to, an empty one if it is not in this file.

        Nothing is ever fetched.
        """
        if reference.startswith("#"):
            for inner in many(owner, "contained"):
                if text_at(inner, "id") in {reference, reference[1:]}:
                    return inner
            return NOTHING
        # A version is the server's matter; of an absolute reference the end is enough.
        plain = reference.partition("/_history/")[0]
        relative = "/".join(plain.split("/")[-2:])
        return self._known.get(plain) or self._known.get(relative, NOTHING)
