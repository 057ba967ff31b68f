"""Identity files: what is taken, and what is refused. docs/specs/identity-file.md."""

from collections.abc import Callable
from typing import Any

from vectors.making import accept, bytes_for, refuse
from vectors.reader import Vector

from souspli_keys import canonical
from souspli_keys.identity import Identity
from souspli_keys.values import encode_base64

Json = dict[str, Any]
Cases = dict[str, tuple[str, Callable[[Json], object]]]

_OWN = Identity.from_root(bytes_for("identity file"))
_PRACTICE = Identity.from_root(bytes_for("identity file, practice"))


def identity_file_vectors() -> list[Vector]:
    """Return the vectors of both kinds of file."""
    return [
        *_vectors("identity-file", _secret, ACCEPTED, {**REFUSED, **REFUSED_SECRET}, _public),
        *_vectors("public-identity-file", _public, ACCEPTED | MEMBER, {**REFUSED, **REFUSED_PUBLIC},
                  _secret),
    ]  # fmt: skip


def _secret() -> Json:
    return {
        "address": "anne@exemple.fr",
        "name": "Dr Anne Dupont",
        "origin": "offline.invalid",
        "root": encode_base64(_OWN.secret_root()),
        "version": 1,
    }


def _public() -> Json:
    return {
        "address": "anne@exemple.fr",
        "name": "Dr Anne Dupont",
        "organisation": _OWN.public.fingerprint,
        "origin": "offline.invalid",
        "public": _OWN.public.to_json(),
        "version": 1,
    }


def _without_a_name(file: Json) -> None:
    digits = _OWN.public.fingerprint[:16]
    groups = " ".join(digits[at : at + 4] for at in range(0, 16, 4))
    file.update(name=groups, address=f"{digits}@offline.invalid")


ACCEPTED: Cases = {
    "whole": ("a name and an address that were given", lambda _: None),
    "unnamed": ("called by the fingerprint", _without_a_name),
    "name-of-200-emoji": ("characters are code points", lambda f: f.update(name="🦴" * 200)),
}
MEMBER: Cases = {
    "member": (
        "a member of a practice",
        lambda f: f.update(organisation=_PRACTICE.public.fingerprint),
    ),
}
REFUSED: Cases = {
    "unknown-field": ("an unknown field", lambda f: f.update(note="x")),
    "missing-name": ("a field is never left out", lambda f: f.pop("name")),
    "name-empty": ("a name has a character", lambda f: f.update(name="")),
    "name-long": ("a name has 200 characters", lambda f: f.update(name="x" * 201)),
    "address-capitals": ("an address in its one spelling", lambda f: f.update(address="A@b.fr")),
    "address-none": ("an address is one", lambda f: f.update(address="nobody")),
    "origin-service": ("no service's name", lambda f: f.update(origin="souspli.example")),
    "version-2": ("an unknown version", lambda f: f.update(version=2)),
    "version-true": ("true is not 1", lambda f: f.update(version=True)),
    "version-missing": ("a version is needed", lambda f: f.pop("version")),
}
REFUSED_SECRET: Cases = {
    "root-short": ("a root has 32 bytes", lambda f: f.update(root=encode_base64(bytes(31)))),
    "root-hexadecimal": ("a root is base64", lambda f: f.update(root="0" * 64)),
    "organisation": (
        "an organisation is for public files",
        lambda f: f.update(organisation=_OWN.public.fingerprint),
    ),
}
REFUSED_PUBLIC: Cases = {
    "organisation-short": ("a fingerprint", lambda f: f.update(organisation="0" * 63)),
    "key-missing": ("all three keys", lambda f: f["public"].pop("ed25519")),
    "key-capitals": (
        "a recipient is lower case",
        lambda f: f["public"].update(recipient=f["public"]["recipient"].upper()),
    ),
    "both": ("a secret in a public file", lambda f: f.update(root=_secret()["root"])),
}


def _vectors(
    group: str, make: Callable[[], Json], accepted: Cases, refused: Cases, other: Callable[[], Json]
) -> list[Vector]:
    def body(alter: Callable[[Json], object]) -> bytes:
        file = make()
        alter(file)
        return canonical.encode(file) + b"\n"

    good = body(lambda _: None)
    spelt = {
        "no-line-feed": ("the line feed is missing", good[:-1]),
        "two-line-feeds": ("bytes after the end", good + b"\n"),
        "carriage-return": ("another line ending", good[:-1] + b"\r\n"),
        "space-for-line-feed": ("another last byte", good[:-1] + b" "),
        "space": ("white space", good.replace(b":", b": ", 1)),
        "duplicate": ("a field twice", good.replace(b'"version":1', b'"version":1,"version":1')),
        "empty": ("nothing", b""),
        "other-kind": ("the other kind of file", canonical.encode(other()) + b"\n"),
        "too-long": ("more than 16,384 bytes", b" " * 16_384 + good),
    }
    fingerprint = _OWN.public.fingerprint
    return [
        *(
            accept(f"{group}/{slug}", what, body(alter), fingerprint=fingerprint)
            for slug, (what, alter) in accepted.items()
        ),
        *(refuse(f"{group}/{slug}", what, body(alter)) for slug, (what, alter) in refused.items()),
        *(refuse(f"{group}/{slug}", what, content) for slug, (what, content) in spelt.items()),
    ]
