"""What the generators share: writing facts down, and identities that sign repeatably."""

import base64
import json
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
from vectors.reader import Vector

from souspli_keys.identity import Identity
from souspli_keys.public import PublicIdentity

Header = str | int | bytes


def accept(name: str, what: str, body: bytes = b"", /, **headers: Header) -> Vector:
    """Return a fact about something that readers accept."""
    return _vector(name, what, "accept", body, headers)


def refuse(name: str, what: str, body: bytes = b"", /, **headers: Header) -> Vector:
    """Return a fact about something that readers refuse."""
    return _vector(name, what, "refuse", body, headers)


def bytes_for(name: str, length: int = 32) -> bytes:
    """Return bytes that depend on nothing but `name`: keys, nonces and ids of vectors."""
    found = b""
    while len(found) < length:
        found += sha256(f"souspli vectors: {name}, {len(found)}".encode()).digest()
    return found[:length]


def json_body(value: object) -> bytes:
    """Return JSON for a body of several parts; how it is written means nothing."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8")


class SignatureStore:
    """ML-DSA-65 signatures that were made before, so that a vector need not change.

    `cryptography` signs with fresh randomness and offers no other way. A signature is
    looked up by key and message; what is asked for the first time is signed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = {}
        self._used: dict[str, str] = {}
        if path.exists():
            for line in path.read_text(encoding="ascii").splitlines():
                name, _, signature = line.partition(" ")
                self._known[name] = signature

    def sign(self, message: bytes, identity: Identity) -> bytes:
        """Return the signature kept for this message, or a new one."""
        key = identity.public.ml_dsa_65
        name = sha256(key + message).hexdigest()
        if name in self._known:
            signature = base64.b64decode(self._known[name])
            MLDSA65PublicKey.from_public_bytes(key).verify(signature, message)
        else:
            signature = identity.sign_ml_dsa_65(message)
        # Known from now on: one message may stand in several vectors.
        self._known[name] = self._used[name] = base64.b64encode(signature).decode("ascii")
        return signature

    def save(self) -> None:
        """Keep the signatures that were asked for, and only them."""
        lines = [f"{name} {signature}\n" for name, signature in sorted(self._used.items())]
        self._path.write_text("".join(lines), encoding="ascii")


class VectorSigner:
    """The identity whose root is made from a name. Implements `dsse.Signer`."""

    def __init__(self, name: str, store: SignatureStore) -> None:
        self.identity = Identity.from_root(bytes_for(f"identity {name}"))
        self._store = store

    @property
    def public(self) -> PublicIdentity:
        """The public half."""
        return self.identity.public

    def sign_ed25519(self, message: bytes) -> bytes:
        """Return the signature, the same every time."""
        return self.identity.sign_ed25519(message)

    def sign_ml_dsa_65(self, message: bytes) -> bytes:
        """Return the signature that the store keeps."""
        return self._store.sign(message, self.identity)


def _vector(name: str, what: str, expect: str, body: bytes, headers: dict[str, Header]) -> Vector:
    texts = {
        header: value.hex() if isinstance(value, bytes) else str(value)
        for header, value in headers.items()
    }
    return Vector(name=name, headers={"what": what, "expect": expect} | texts, body=body)
