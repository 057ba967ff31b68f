"""The vault: generations follow each other, keys are replaced, and nothing repeats."""

from dataclasses import replace

import pytest

from souspli_keys import vault
from souspli_keys.address import parse_origin
from souspli_keys.codes import draw_account_number
from souspli_keys.errors import (
    CanonicalError,
    MisuseError,
    VaultError,
    VaultKeyError,
    VaultMismatchError,
)
from souspli_keys.identity import Identity
from souspli_keys.login import LoginChallenge, LoginPurpose, UnlockerKind
from souspli_keys.public import parse_fingerprint
from souspli_keys.unlockers import LoginKey, Unlocker, WrapKey, new_device
from souspli_keys.vault import VaultKey
from souspli_keys.vault_contents import KnownUnlocker, PinnedOrganisation, Vault

ACCOUNT = draw_account_number()
UNLOCKER_ID = "cd" * 16


def _known(unlocker: Unlocker, unlocker_id: str = UNLOCKER_ID) -> KnownUnlocker:
    return KnownUnlocker(
        unlocker_id=unlocker_id,
        kind=UnlockerKind.DEVICE,
        login_public_key=unlocker.login_key.public_key,
        wrap_key=unlocker.wrap_key,
    )


def _first(unlocker: Unlocker) -> Vault:
    return Vault(
        account=ACCOUNT,
        generation=1,
        identity=Identity.generate(),
        claims=(),
        unlockers=(_known(unlocker),),
        pinned=(),
        previous=None,
        saved_at=1_800_000_000,
    )


def _wrap(vault_key: VaultKey, wrap_key: WrapKey) -> bytes:
    return vault.wrap_vault_key(
        vault_key,
        wrap_key=wrap_key,
        account=ACCOUNT,
        kind=UnlockerKind.DEVICE,
        unlocker_id=UNLOCKER_ID,
    )


def _unwrap(wrapped: bytes, wrap_key: WrapKey) -> VaultKey:
    return vault.unwrap_vault_key(
        wrapped,
        wrap_key=wrap_key,
        account=ACCOUNT,
        kind=UnlockerKind.DEVICE,
        unlocker_id=UNLOCKER_ID,
    )


def _open(sealed: bytes, vault_key: VaultKey, *, generation: int, seen: int = 0) -> Vault:
    return vault.open_vault(
        sealed,
        vault_key=vault_key,
        account=ACCOUNT,
        generation=generation,
        seen_generation=seen,
    )


def test_an_unlocker_opens_the_vault_that_it_belongs_to() -> None:
    device, vault_key = new_device(), VaultKey.generate()
    first = _first(device)
    sealed = vault.seal_vault(first, vault_key=vault_key)
    wrapped = _wrap(vault_key, device.wrap_key)
    again = Unlocker(device.secret_bytes())
    opened = _open(sealed, _unwrap(wrapped, again.wrap_key), generation=1)
    assert opened.to_json() == first.to_json()


def test_a_changed_unlocker_s_old_key_opens_no_later_generation() -> None:
    old, new = new_device(), new_device()
    old_key, new_key = VaultKey.generate(), VaultKey.generate()
    first = _first(old)
    sealed = vault.seal_vault(first, vault_key=old_key)
    second = replace(
        first,
        generation=2,
        previous=vault.sealed_vault_hash(sealed),
        unlockers=(_known(new),),
    )
    resealed = vault.seal_vault(second, vault_key=new_key)
    assert _open(resealed, new_key, generation=2, seen=1).previous == second.previous
    with pytest.raises(VaultKeyError):
        _open(resealed, old_key, generation=2)
    with pytest.raises(VaultKeyError):
        _unwrap(_wrap(new_key, new.wrap_key), old.wrap_key)
    with pytest.raises(VaultMismatchError):
        _open(sealed, old_key, generation=1, seen=2)


def test_sealing_the_same_twice_gives_different_bytes() -> None:
    device, vault_key = new_device(), VaultKey.generate()
    first = _first(device)
    assert vault.seal_vault(first, vault_key=vault_key) != vault.seal_vault(
        first, vault_key=vault_key
    )
    assert _wrap(vault_key, device.wrap_key) != _wrap(vault_key, device.wrap_key)


def test_a_sealed_vault_s_length_is_padded() -> None:
    device, vault_key = new_device(), VaultKey.generate()
    first = _first(device)
    pin = PinnedOrganisation(fingerprint=parse_fingerprint("ab" * 32), name="x", pinned_at=1)
    lengths = {
        len(vault.seal_vault(replace(first, pinned=pins), vault_key=vault_key))
        for pins in ((), (pin,))
    }
    assert lengths == {vault.NONCE_BYTES + vault.PADDING_BYTES + vault.TAG_BYTES}


def test_what_no_reader_would_open_is_not_sealed() -> None:
    first, vault_key = _first(new_device()), VaultKey.generate()
    for wrong in (
        replace(first, generation=2),
        replace(first, previous="ab" * 32),
        replace(first, unlockers=()),
        replace(first, unlockers=first.unlockers * 2),
    ):
        with pytest.raises(MisuseError):
            vault.seal_vault(wrong, vault_key=vault_key)


def test_a_name_with_a_bidirectional_control_is_not_sealed() -> None:
    pin = PinnedOrganisation(fingerprint=parse_fingerprint("ab" * 32), name="\u202e", pinned_at=1)
    with pytest.raises(CanonicalError):
        vault.seal_vault(
            replace(_first(new_device()), pinned=(pin,)), vault_key=VaultKey.generate()
        )


@pytest.mark.parametrize("length", [0, 31, 33])
def test_keys_of_other_lengths_are_refused(length: int) -> None:
    for take in (VaultKey, WrapKey, LoginKey, Unlocker):
        with pytest.raises(MisuseError):
            take(bytes(length))


def test_a_vault_of_any_random_bytes_is_refused() -> None:
    for length in (0, 1, 24, 39, 40, 41, 1_064):
        with pytest.raises(VaultError):
            _open(bytes(length), VaultKey.generate(), generation=1)


def test_a_login_key_signs_only_challenges_that_name_it() -> None:
    one, other = new_device().login_key, new_device().login_key
    challenge = LoginChallenge(
        purpose=LoginPurpose.SIGN_IN,
        origin=parse_origin("souspli.localhost"),
        subject=ACCOUNT,
        login_public_key=one.public_key,
        nonce=bytes(32),
    )
    with pytest.raises(MisuseError):
        other.sign(challenge)
