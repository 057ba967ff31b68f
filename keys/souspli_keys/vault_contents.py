"""What a vault holds, and its JSON (keys.md §7). All of it is secret."""

from dataclasses import dataclass
from enum import StrEnum

from souspli_keys.codes import AccountNumber, parse_account_number
from souspli_keys.errors import SchemaError
from souspli_keys.fields import Fields, read_object
from souspli_keys.identity import ROOT_BYTES, Identity
from souspli_keys.login import UnlockerKind
from souspli_keys.public import ED25519_PUBLIC_BYTES, Fingerprint, read_fingerprint
from souspli_keys.secret import Secret
from souspli_keys.unlockers import SECRET_BYTES, WrapKey
from souspli_keys.values import encode_base64

VERSION = 1
MAX_UNLOCKERS = 8
MAX_NAME_CHARACTERS = 200


class IdentityKind(StrEnum):
    """What an identity in a vault is for."""

    ACCOUNT = "account"
    CLAIM = "claim"


class PinKind(StrEnum):
    """What is pinned."""

    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True, repr=False, eq=False, kw_only=True)
class ClaimIdentity(Secret):
    """A claim identity, kept until every cover sealed to it has been sealed again."""

    identity: Identity
    invitation_id: str
    keep_until: int
    """Moment: the invitation's end and 7 days (claim.md §4)."""


@dataclass(frozen=True, slots=True, repr=False, eq=False, kw_only=True)
class KnownUnlocker(Secret):
    """An unlocker that this account made: a new vault key is wrapped for it too."""

    unlocker_id: str
    kind: UnlockerKind
    login_public_key: bytes
    wrap_key: WrapKey


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedOrganisation:
    """An organisation that the account trusts, by its root's fingerprint."""

    fingerprint: Fingerprint
    name: str
    pinned_at: int


@dataclass(frozen=True, slots=True, repr=False, eq=False, kw_only=True)
class Vault(Secret):
    """One generation of an account's secrets. `dataclasses.replace` makes the next."""

    account: AccountNumber
    generation: int
    """1, 2, …: one more with each change."""
    identity: Identity
    """The account's own."""
    claims: tuple[ClaimIdentity, ...]
    unlockers: tuple[KnownUnlocker, ...]
    pinned: tuple[PinnedOrganisation, ...]
    previous: str | None
    """Hash of the sealed vault that this one replaces; None in generation 1."""
    saved_at: int

    def to_json(self) -> dict[str, object]:
        """Return the object that `read_vault` reads. It holds every secret in the clear."""
        return {
            "account": self.account,
            "checkpoint": None,
            "generation": self.generation,
            "identities": [_account_to_json(self.identity), *map(_claim_to_json, self.claims)],
            "pinned": [_pinned_to_json(pin) for pin in self.pinned],
            "previous": self.previous,
            "saved_at": self.saved_at,
            "settings": {},
            "unlockers": [_unlocker_to_json(unlocker) for unlocker in self.unlockers],
            "version": VERSION,
        }


def read_vault(value: object) -> Vault:
    """Return the vault that a JSON object holds, or raise a FormatError."""
    vault = read_object(value, _read_vault)
    if (vault.generation == 1) != (vault.previous is None):
        raise SchemaError("generation 1, and only it, replaces no vault")
    if len({unlocker.unlocker_id for unlocker in vault.unlockers}) != len(vault.unlockers):
        raise SchemaError("two unlockers with one id")
    return vault


def _read_vault(fields: Fields) -> Vault:
    fields.constant("version", VERSION)
    fields.constant("checkpoint", None)
    fields.parsed("settings", lambda value: read_object(value, lambda _: None))
    first, *others = fields.list("identities", least=1)
    return Vault(
        account=fields.parsed("account", _read_account_number),
        generation=fields.integer("generation", least=1),
        identity=read_object(first, _read_account_identity),
        claims=tuple(read_object(other, _read_claim) for other in others),
        unlockers=tuple(
            read_object(entry, _read_unlocker)
            for entry in fields.list("unlockers", least=1, most=MAX_UNLOCKERS)
        ),
        pinned=tuple(read_object(entry, _read_pinned) for entry in fields.list("pinned")),
        previous=fields.or_null("previous", fields.hash),
        saved_at=fields.integer("saved_at"),
    )


def _read_account_number(value: object) -> AccountNumber:
    if not isinstance(value, str) or parse_account_number(value) != value:
        raise SchemaError("no account number")
    return AccountNumber(value)


def _account_to_json(identity: Identity) -> dict[str, object]:
    return {
        "invitation_id": None,
        "keep_until": None,
        "kind": IdentityKind.ACCOUNT.value,
        "root": encode_base64(identity.secret_root()),
    }


def _read_account_identity(fields: Fields) -> Identity:
    fields.constant("kind", IdentityKind.ACCOUNT.value)
    fields.constant("invitation_id", None)
    fields.constant("keep_until", None)
    return Identity(fields.base64("root", length=ROOT_BYTES))


def _claim_to_json(claim: ClaimIdentity) -> dict[str, object]:
    return {
        "invitation_id": claim.invitation_id,
        "keep_until": claim.keep_until,
        "kind": IdentityKind.CLAIM.value,
        "root": encode_base64(claim.identity.secret_root()),
    }


def _read_claim(fields: Fields) -> ClaimIdentity:
    fields.constant("kind", IdentityKind.CLAIM.value)
    return ClaimIdentity(
        identity=Identity(fields.base64("root", length=ROOT_BYTES)),
        invitation_id=fields.id("invitation_id"),
        keep_until=fields.integer("keep_until"),
    )


def _unlocker_to_json(unlocker: KnownUnlocker) -> dict[str, object]:
    return {
        "id": unlocker.unlocker_id,
        "kind": unlocker.kind.value,
        "login_public_key": encode_base64(unlocker.login_public_key),
        "wrap_key": encode_base64(unlocker.wrap_key.secret_bytes()),
    }


def _read_unlocker(fields: Fields) -> KnownUnlocker:
    return KnownUnlocker(
        unlocker_id=fields.id("id"),
        kind=fields.choice("kind", UnlockerKind),
        login_public_key=fields.base64("login_public_key", length=ED25519_PUBLIC_BYTES),
        wrap_key=WrapKey(fields.base64("wrap_key", length=SECRET_BYTES)),
    )


def _pinned_to_json(pin: PinnedOrganisation) -> dict[str, object]:
    return {
        "fingerprint": pin.fingerprint,
        "kind": PinKind.ORGANISATION.value,
        "name": pin.name,
        "pinned_at": pin.pinned_at,
    }


def _read_pinned(fields: Fields) -> PinnedOrganisation:
    fields.constant("kind", PinKind.ORGANISATION.value)
    return PinnedOrganisation(
        fingerprint=read_fingerprint(fields, "fingerprint"),
        name=fields.text("name", most=MAX_NAME_CHARACTERS),
        pinned_at=fields.integer("pinned_at"),
    )
