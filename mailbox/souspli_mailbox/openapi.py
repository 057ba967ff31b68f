"""The service's description as an OpenAPI 3.1 document, made from the endpoints' rows.

Nothing is written twice: paths, methods, sessions and problems come from the rows,
schemas from the structs, words from the problems.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from souspli_mailbox.endpoints import PAGING, PATH_PATTERNS, Caller, Endpoint, Octets
from souspli_mailbox.protocol.problems import CONTENT_TYPE, ProblemDetails, ProblemKind

_COMPONENT: Final = "#/components/schemas/{name}"

# What any request may be answered with, whoever asks.
_EVERYWHERE: Final = (
    ProblemKind.BAD_REQUEST,
    ProblemKind.NOT_FOUND,
    ProblemKind.METHOD_NOT_ALLOWED,
    ProblemKind.TOO_MANY_TRIES,
    ProblemKind.INTERNAL,
    ProblemKind.UNAVAILABLE,
)
_WITH_SESSION: Final = (ProblemKind.NOT_SIGNED_IN, ProblemKind.NOT_ALLOWED)
_WITH_WRITE: Final = (
    ProblemKind.NOT_ALLOWED,  # another site's page
    ProblemKind.TOO_LARGE,
    ProblemKind.STORAGE_FULL,
)

_SECURITY: Final[dict[Caller, list[dict[str, list[str]]]]] = {
    Caller.ANYBODY: [],
    Caller.ACCOUNT: [{"session": []}, {"bearer": []}],
    Caller.MEMBER: [{"session": []}, {"bearer": []}],
    Caller.PATIENT: [{"session": []}, {"bearer": []}],
    Caller.CLAIM: [{"claim": []}, {"bearer": []}],
}


def describe_service(endpoints: Sequence[Endpoint], *, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of these endpoints."""
    messages: set[type[msgspec.Struct]] = {
        kind
        for endpoint in endpoints
        for kind in (endpoint.takes, *endpoint.gives.values())
        if isinstance(kind, type)
    }
    messages.add(ProblemDetails)
    ordered = sorted(messages, key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(ordered, ref_template=_COMPONENT)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Souspli mailbox service",
            "version": version,
            "description": "Stores and delivers sealed documents that it can't read.",
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-souspli"},
                "claim": {"type": "apiKey", "in": "cookie", "name": "__Host-souspli-claim"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": endpoint.handler.__name__,
        "description": f"Session: {endpoint.caller.value}.",
        "security": _SECURITY[endpoint.caller],
        "parameters": [_path_parameter(name) for name in endpoint.path_parameters],
        "responses": {
            **{str(status): _success(kind) for status, kind in endpoint.gives.items()},
            **_problems(endpoint),
        },
    }
    if endpoint.query == PAGING:
        operation["parameters"] += _PAGING_PARAMETERS
    if endpoint.takes is Octets.SEGMENT:
        operation["parameters"].append(_CHECKSUM_HEADER)
    if endpoint.takes is not None:
        operation["requestBody"] = {"required": True, "content": _content(endpoint.takes)}
    return operation


def _success(kind: type[msgspec.Struct] | Octets | None) -> dict[str, Any]:
    if kind is None:
        return {"description": "Done."}
    return {"description": _first_line(kind), "content": _content(kind)}


def _content(kind: type[msgspec.Struct] | Octets) -> dict[str, Any]:
    if isinstance(kind, Octets):
        return {"application/octet-stream": {}}
    return {"application/json": {"schema": {"$ref": _COMPONENT.format(name=kind.__name__)}}}


def _first_line(kind: type[msgspec.Struct] | Octets) -> str:
    text = kind.value if isinstance(kind, Octets) else (kind.__doc__ or kind.__name__)
    return text.splitlines()[0]


def _problems(endpoint: Endpoint) -> dict[str, Any]:
    kinds = {*_EVERYWHERE, *endpoint.problems}
    if endpoint.caller is not Caller.ANYBODY:
        kinds.update(_WITH_SESSION)
    if endpoint.method != "GET":
        kinds.update(_WITH_WRITE)
    by_status: dict[int, list[ProblemKind]] = {}
    for kind in ProblemKind:
        if kind in kinds:
            by_status.setdefault(kind.value.status, []).append(kind)
    return {str(status): _problem(by_status[status]) for status in sorted(by_status)}


def _problem(kinds: Iterable[ProblemKind]) -> dict[str, Any]:
    kinds = list(kinds)
    return {
        "description": " / ".join(f"`{kind.value.name}`: {kind.value.title}." for kind in kinds),
        "content": {
            CONTENT_TYPE: {
                "schema": {
                    "allOf": [
                        {"$ref": _COMPONENT.format(name=ProblemDetails.__name__)},
                        {"properties": {"type": {"enum": [kind.uri for kind in kinds]}}},
                    ]
                }
            }
        },
    }


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": f"^({PATH_PATTERNS[name]})$"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


_PAGING_PARAMETERS: Final = [
    {
        "name": "after",
        "in": "query",
        "description": "`next` of the page before.",
        "schema": {"type": "string", "maxLength": 200},
    },
    {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
    },
]

_CHECKSUM_HEADER: Final = {
    "name": "X-Checksum-Sha256",
    "in": "header",
    "required": True,
    "description": "SHA-256 of the body, base64.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$"},
}
