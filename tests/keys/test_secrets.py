"""Secrets print as `…`, whatever prints them, and are not written out."""

import copy
import pickle

import pytest

from souspli_keys.address import parse_origin
from souspli_keys.claimcode import ClaimCode, ClaimKeys
from souspli_keys.codes import draw_account_number
from souspli_keys.enrolmentcode import EnrolmentCode
from souspli_keys.identity import Identity
from souspli_keys.login import UnlockerKind
from souspli_keys.operator import OperatorKey
from souspli_keys.public import parse_fingerprint
from souspli_keys.secret import Secret
from souspli_keys.unlockers import LoginKey, Unlocker, WrapKey, new_device
from souspli_keys.vault import VaultKey
from souspli_keys.vault_contents import ClaimIdentity, KnownUnlocker, Vault


def _secrets() -> list[Secret]:
    identity = Identity.generate()
    device = new_device()
    code = ClaimCode.draw()
    claim = ClaimIdentity(identity=identity, invitation_id="ab" * 16, keep_until=1)
    known = KnownUnlocker(
        unlocker_id="cd" * 16,
        kind=UnlockerKind.DEVICE,
        login_public_key=device.login_key.public_key,
        wrap_key=device.wrap_key,
    )
    vault = Vault(
        account=draw_account_number(),
        generation=1,
        identity=identity,
        claims=(claim,),
        unlockers=(known,),
        pinned=(),
        previous=None,
        saved_at=1,
    )
    keys = ClaimKeys(
        code,
        origin=parse_origin("souspli.localhost"),
        invitation_id="ab" * 16,
        organisation=parse_fingerprint("ab" * 32),
    )
    login, wrap = device.login_key, device.wrap_key
    operator = OperatorKey(b"o" * 32)
    vault_key = VaultKey.generate()
    enrolment = EnrolmentCode.draw()
    people = [identity, device, login, wrap, code, keys, enrolment]
    return [*people, vault_key, claim, known, vault, operator]


SECRETS = _secrets()


def _subclasses(of: type[Secret]) -> set[type[Secret]]:
    found = set[type[Secret]]()
    for kind in of.__subclasses__():
        found |= {kind} | _subclasses(kind)
    return found


def test_every_class_of_secrets_is_tried_here() -> None:
    ours = {
        name.__name__
        for name in (
            Identity, Unlocker, LoginKey, WrapKey, ClaimCode, ClaimKeys, VaultKey,
            ClaimIdentity, KnownUnlocker, Vault, OperatorKey, EnrolmentCode,
        )
    }  # fmt: skip
    keys = {kind for kind in _subclasses(Secret) if kind.__module__.startswith("souspli_keys")}
    assert {kind.__name__ for kind in keys} == ours
    assert {type(secret).__name__ for secret in SECRETS} == ours


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: type(secret).__name__)
def test_a_secret_prints_as_dots(secret: Secret) -> None:
    name = f"{type(secret).__name__}(…)"
    assert repr(secret) == str(secret) == f"{secret}" == f"{secret:>3}" == f"{secret!r}" == name


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: type(secret).__name__)
def test_a_secret_is_not_pickled_or_copied(secret: Secret) -> None:
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            write(secret)


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: type(secret).__name__)
def test_a_secret_has_no_dictionary_to_dump(secret: Secret) -> None:
    assert not hasattr(secret, "__dict__")
