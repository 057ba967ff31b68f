"""Vaults and wrapped vault keys do what the vectors say."""

import pytest
from vectors.reader import Vector, read_vectors

from souspli_keys import canonical, vault
from souspli_keys.codes import parse_account_number
from souspli_keys.errors import (
    VaultContentsError,
    VaultError,
    VaultKeyError,
    VaultMismatchError,
)
from souspli_keys.login import UnlockerKind
from souspli_keys.unlockers import WrapKey
from souspli_keys.vault import VaultKey
from souspli_keys.vault_contents import Vault, read_vault

ERRORS: dict[str, type[VaultError]] = {
    "key": VaultKeyError,
    "mismatch": VaultMismatchError,
    "contents": VaultContentsError,
}


def _name(vector: Vector) -> str:
    return vector.name


def _open(vector: Vector) -> Vault:
    return vault.open_vault(
        vector.body,
        vault_key=VaultKey(vector.hex("vault_key")),
        account=parse_account_number(vector.text("account")),
        generation=vector.integer("generation"),
        seen_generation=vector.integer("seen_generation"),
    )


@pytest.mark.parametrize("vector", read_vectors("vault"), ids=_name)
def test_a_vault_opens_where_it_belongs_and_nowhere_else(vector: Vector) -> None:
    if vector.accepted:
        opened = _open(vector)
        assert canonical.encode(opened.to_json()) == vector.hex("plaintext")
        assert read_vault(canonical.decode(vector.hex("plaintext"))).saved_at == opened.saved_at
    else:
        with pytest.raises(ERRORS[vector.text("error")]):
            _open(vector)


@pytest.mark.parametrize("vector", read_vectors("vault-wrap"), ids=_name)
def test_a_vault_key_unwraps_where_it_belongs_and_nowhere_else(vector: Vector) -> None:
    def unwrap() -> VaultKey:
        return vault.unwrap_vault_key(
            vector.body,
            wrap_key=WrapKey(vector.hex("wrap_key")),
            account=parse_account_number(vector.text("account")),
            kind=UnlockerKind(vector.text("kind")),
            unlocker_id=vector.text("unlocker_id"),
        )

    if vector.accepted:
        assert unwrap().secret_bytes() == vector.hex("vault_key")
    else:
        with pytest.raises(VaultKeyError):
            unwrap()
