"""Vectors of keys.md §7: sealed vaults and wrapped vault keys."""

import json
from typing import Any

from nacl import bindings
from vectors.making import accept, bytes_for, refuse
from vectors.reader import Vector

from souspli_keys import vault
from souspli_keys.codes import AccountNumber
from souspli_keys.identity import Identity
from souspli_keys.login import UnlockerKind
from souspli_keys.public import Fingerprint
from souspli_keys.unlockers import Unlocker
from souspli_keys.vault_contents import ClaimIdentity, KnownUnlocker, PinnedOrganisation, Vault

ACCOUNT = AccountNumber("1234567897")
OTHER_ACCOUNT = AccountNumber("0000000000")

Json = dict[str, Any]  # contents are taken apart and altered


def vault_vectors() -> list[Vector]:
    """Return all of them."""
    return [*_vaults(), *_wraps()]


def _contents() -> Json:
    unlocker = Unlocker(bytes_for("vault unlocker"))
    made = Vault(
        account=ACCOUNT,
        generation=2,
        identity=Identity.from_root(bytes_for("vault identity")),
        claims=(
            ClaimIdentity(
                identity=Identity.from_root(bytes_for("vault claim")),
                invitation_id=bytes_for("invitation", 16).hex(),
                keep_until=1_803_000_000,
            ),
        ),
        unlockers=(
            KnownUnlocker(
                unlocker_id=bytes_for("unlocker id", 16).hex(),
                kind=UnlockerKind.PASSWORD,
                login_public_key=unlocker.login_key.public_key,
                wrap_key=unlocker.wrap_key,
            ),
        ),
        pinned=(
            PinnedOrganisation(
                fingerprint=Fingerprint(bytes_for("organisation").hex()),
                name="Cabinet médical des Tilleuls",
                pinned_at=1_800_000_000,
            ),
        ),
        previous=bytes_for("previous vault").hex(),
        saved_at=1_800_000_100,
    )
    return made.to_json()


def _spelt(contents: Json) -> bytes:
    # Not by our own encoder: a vector may hold what that refuses to write.
    return json.dumps(contents, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        "utf-8"
    )


def _sealed(plaintext: bytes, name: str, *, account: str = ACCOUNT, generation: int = 2) -> bytes:
    parts = (b"souspli/v1/vault", account.encode(), generation.to_bytes(8, "big"))
    associated = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return vault._seal_with_nonce_for_vectors_only(
        plaintext, associated, nonce=bytes_for(f"nonce {name}", 24), key=bytes_for("vault key")
    )


def _padded(spelt: bytes) -> bytes:
    return spelt + b" " * (-len(spelt) % 1_024)


def _vaults() -> list[Vector]:
    right = _contents()
    account_entry, claim_entry = right["identities"]
    unlocker_entry = right["unlockers"][0]
    pinned_entry = right["pinned"][0]
    plaintext = _padded(_spelt(right))
    sealed = _sealed(plaintext, "right")
    outside: dict[str, str | int | bytes] = {
        "vault_key": bytes_for("vault key"),
        "account": ACCOUNT,
        "generation": 2,
        "seen_generation": 1,
    }

    def inside(name: str, what: str, change: Json) -> Vector:
        body = _sealed(_padded(_spelt(right | change)), name)
        return refuse(f"vault/{name}", f"refused: {what}", body, error="contents", **outside)

    def around(name: str, what: str, body: bytes, **changed: str | int | bytes) -> Vector:
        return refuse(f"vault/{name}", f"refused: {what}", body, **(outside | changed))

    first = right | {"generation": 1, "previous": None}
    contents: dict[str, tuple[str, Json]] = {
        "version-2": ("another version", {"version": 2}),
        "unknown-field": ("an unknown field", {"notes": None}),
        "settings": ("a setting that nobody knows", {"settings": {"colour": "blue"}}),
        "checkpoint": ("a checkpoint, before there is a log", {"checkpoint": "x"}),
        "no-identity": ("a vault without identity", {"identities": []}),
        "no-account-identity": ("a vault without account identity", {"identities": [claim_entry]}),
        "two-account-identities": ("two account identities", {"identities": [account_entry, account_entry]}),
        "claim-identity-first": ("a claim identity in front", {"identities": [claim_entry, account_entry]}),
        "account-keep-until": ("an account identity that ends", {"identities": [account_entry | {"keep_until": 1}]}),
        "claim-without-invitation": ("a claim identity without invitation", {"identities": [account_entry, claim_entry | {"invitation_id": None}]}),
        "short-root": ("a root of 31 bytes", {"identities": [account_entry | {"root": "A" * 41 + "A=="}]}),
        "no-unlocker": ("a vault without unlocker", {"unlockers": []}),
        "unlocker-twice": ("two unlockers with one id", {"unlockers": [unlocker_entry, unlocker_entry]}),
        "nine-unlockers": ("nine unlockers", {"unlockers": [unlocker_entry | {"id": f"{n:032x}"} for n in range(9)]}),
        "unlocker-kind": ("a reserved kind of unlocker", {"unlockers": [unlocker_entry | {"kind": "passkey"}]}),
        "pinned-kind": ("an unknown kind of pin", {"pinned": [pinned_entry | {"kind": "patient"}]}),
        "no-previous": ("generation 2 that replaces nothing", {"previous": None}),
        "account-as-integer": ("an account number that is an integer", {"account": 1234567897}),
        "account-check-digit": ("an account number with another check digit", {"account": "1234567890"}),
    }  # fmt: skip
    return [
        accept(
            "vault/right",
            "a vault of generation 2",
            sealed,
            plaintext=plaintext.rstrip(b" "),
            **outside,
        ),
        accept(
            "vault/first-generation",
            "a vault of generation 1, to a client without memory",
            _sealed(_padded(_spelt(first)), "first", generation=1),
            plaintext=_spelt(first),
            **(outside | {"generation": 1, "seen_generation": 0}),
        ),
        *(inside(name, what, change) for name, (what, change) in contents.items()),
        around("other-key", "another vault key", sealed, vault_key=bytes(32), error="key"),
        around("other-account", "the vault of another account", sealed, account=OTHER_ACCOUNT, error="key"),
        around("other-generation", "another generation than announced", sealed, generation=3, error="key"),
        around("generation-0", "generation 0", sealed, generation=0, seen_generation=0, error="mismatch"),
        around("older-than-seen", "an older generation than seen", sealed, seen_generation=3, error="mismatch"),
        around("altered", "a vault that was altered", sealed[:-1] + bytes([sealed[-1] ^ 1]), error="key"),
        around("cut-off", "a vault that is cut off", sealed[:-1], error="key"),
        around("too-short", "fewer bytes than nonce and tag", sealed[:39], error="key"),
        around("empty", "no bytes at all", b"", error="key"),
        around("account-inside", "another account inside than outside", _sealed(_padded(_spelt(right | {"account": OTHER_ACCOUNT})), "account-inside"), error="mismatch"),
        around("generation-inside", "another generation inside than outside", _sealed(_padded(_spelt(right | {"generation": 3})), "generation-inside"), error="mismatch"),
        around("not-padded", "a vault that is not padded", _sealed(_spelt(right), "not-padded"), error="contents"),
        around("padded-further", "a vault that is padded too far", _sealed(plaintext + b" " * 1_024, "padded-further"), error="contents"),
        around("not-canonical", "a vault that is not canonical", _sealed(_padded(json.dumps(right).encode()), "not-canonical"), error="contents"),
        around("first-with-previous", "generation 1 that replaces another", _sealed(_padded(_spelt(right | {"generation": 1})), "first-with-previous", generation=1), generation=1, error="contents"),
    ]  # fmt: skip


def _wraps() -> list[Vector]:
    unlocker_id = bytes_for("unlocker id", 16).hex()
    key = bytes_for("vault key")
    wrap_key = bytes_for("wrap key")
    headers: dict[str, str | int | bytes] = {
        "wrap_key": wrap_key,
        "account": ACCOUNT,
        "kind": "password",
        "unlocker_id": unlocker_id,
    }

    def wrapped(secret: bytes) -> bytes:
        parts = (b"souspli/v1/vault-wrap", ACCOUNT.encode(), b"password", unlocker_id.encode())
        associated = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        nonce = bytes_for("wrap nonce", 24)
        return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            secret, associated, nonce, wrap_key
        )

    right = wrapped(key)

    def around(name: str, what: str, body: bytes = right, **changed: str | bytes) -> Vector:
        return refuse(f"vault-wrap/{name}", f"refused: {what}", body, **(headers | changed))

    return [
        accept("vault-wrap/right", "a vault key wrapped for a password", right, vault_key=key, **headers),
        around("other-key", "another wrap key", wrap_key=bytes(32)),
        around("other-account", "another account", account=OTHER_ACCOUNT),
        around("other-kind", "another kind of unlocker", kind="device"),
        around("other-unlocker", "another unlocker", unlocker_id="0" * 32),
        around("altered", "a wrapped key that was altered", right[:-1] + bytes([right[-1] ^ 1])),
        around("nonce-altered", "another nonce", bytes([right[0] ^ 1]) + right[1:]),
        around("cut-off", "a wrapped key that is cut off", right[:-1]),
        around("too-short", "fewer bytes than nonce and tag", right[:39]),
        around("31-bytes", "a vault key of 31 bytes", wrapped(key[:31])),
        around("33-bytes", "a vault key of 33 bytes", wrapped(key + b"\0")),
    ]  # fmt: skip
