"""The service over HTTP, for programs: implements the ports of `souspli_exchange.ports`.

    async with MailboxClient("https://…/", origin=origin) as client:
        await client.sign_in(account_number, kind=…, login_public_key=…, sign=key.sign)
        await client.deposits()

`transport` makes one attempt at one request; `errors` names what came back; `wire`
translates between structs and the ports' values; `…_calls` have the methods.
"""

from souspli_mailbox.client.errors import AdmissionCodeRefusedError, AlreadyDifferentError
from souspli_mailbox.client.mailbox import MailboxClient
from souspli_mailbox.client.signing_in import SignedIn, SignInChallenge, StoredVault

__all__ = [
    "AdmissionCodeRefusedError",
    "AlreadyDifferentError",
    "MailboxClient",
    "SignInChallenge",
    "SignedIn",
    "StoredVault",
]
