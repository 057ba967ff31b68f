"""From an account as it is sent to an account as it is kept."""

import json

from souspli_keys.codes import parse_account_number
from souspli_keys.public import PublicIdentity
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol import organisations as wire
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records.accounts import NewAccount, NewUnlocker


def new_account(account: wire.NewAccount, *, identity: PublicIdentity) -> NewAccount:
    """Return the account, bound to the identity that its statement or binding names.

    Raises CodeError for a number whose check digit is wrong, Refusal `bad-request`
    for an unlocker that is named twice.
    """
    ids = {unlocker.unlocker_id for unlocker in account.unlockers}
    if len(ids) < len(account.unlockers):
        raise Refusal(ProblemKind.BAD_REQUEST)
    return NewAccount(
        account_number=parse_account_number(account.account_number),
        fingerprint=identity.fingerprint,
        identity=json.dumps(identity.to_json()).encode("ascii"),
        generation=account.vault.generation,
        sealed_vault=account.vault.sealed,
        unlockers=tuple(
            NewUnlocker(
                unlocker_id=unlocker.unlocker_id,
                kind=unlocker.kind,
                login_public_key=unlocker.login_public_key,
                wrapped_vault_key=unlocker.wrapped_vault_key,
            )
            for unlocker in account.unlockers
        ),
    )
