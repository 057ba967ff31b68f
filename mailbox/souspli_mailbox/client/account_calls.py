"""The service itself, accounts, signing in, the vault."""

from souspli_exchange.port_errors import BrokenAnswerError
from souspli_exchange.ports.accounts import NewAccount
from souspli_keys.dsse import Envelope
from souspli_keys.login import LoginChallenge, LoginPurpose
from souspli_mailbox.client import wire
from souspli_mailbox.client.calls import Calls, check_same
from souspli_mailbox.client.signing_in import Sign, SignedIn, SignInChallenge, StoredVault
from souspli_mailbox.protocol import organisations, service, sign_in


class AccountCalls(Calls):
    """What needs no port: programs call it by name."""

    async def service(self) -> service.ServiceAnswer:
        """Return what the service says about itself; BrokenAnswerError if it is another one."""
        answer = await self._transport.ask("GET", "/v1/service", service.ServiceAnswer)
        if answer.origin != self._origin:
            raise BrokenAnswerError("this is another service than the one this program is for")
        return answer

    async def create_organisation(
        self,
        *,
        admission_code: str,
        organisation: Envelope,
        member: Envelope,
        account: NewAccount,
    ) -> None:
        """Make an organisation, its first member and the member's account.

        Raises AdmissionCodeRefusedError, AccountNumberTakenError (draw another),
        AlreadyDifferentError, StatementNotTakenError. The same again succeeds again.
        """
        body = organisations.OrganisationRequest(
            admission_code=admission_code,
            organisation=wire.to_envelope(organisation),
            member=wire.to_envelope(member),
            account=wire.to_account(account),
        )
        answer = await self._transport.ask(
            "POST", "/v1/organisations", organisations.OrganisationAnswer, body=body
        )
        check_same(answer.account_number, account.account_number)

    async def begin_sign_in(self, account: str) -> SignInChallenge:
        """Ask for a nonce, by account number or e-mail address."""
        answer = await self._transport.ask(
            "POST",
            "/v1/sign-in/start",
            sign_in.SignInStartAnswer,
            body=sign_in.SignInStartRequest(account=account),
        )
        if "@" not in account:
            check_same(answer.account_number, account)
        return SignInChallenge(answer.account_number, answer.nonce, answer.expires_at)

    async def finish_sign_in(
        self, challenge: SignInChallenge, *, kind: str, login_public_key: bytes, sign: Sign
    ) -> SignedIn:
        """Sign the nonce and open a session; SignatureRefusedError, ThrottledError."""
        to_sign = LoginChallenge(
            purpose=LoginPurpose.SIGN_IN,
            origin=self._origin,
            subject=challenge.account_number,
            login_public_key=login_public_key,
            nonce=challenge.nonce,
        )
        body = sign_in.SignInRequest(
            account_number=challenge.account_number,
            kind=wire.to_kind(kind),
            login_public_key=login_public_key,
            nonce=challenge.nonce,
            signature=sign(to_sign),
            client="program",
        )
        answer = await self._transport.ask("POST", "/v1/sign-in", sign_in.SignInAnswer, body=body)
        check_same(answer.account_number, challenge.account_number)
        self._transport.use_token(answer.token)
        return SignedIn(answer.account_number, answer.kind, answer.unlocker_id, answer.expires_at)

    async def sign_in(
        self, account_number: str, *, kind: str, login_public_key: bytes, sign: Sign
    ) -> SignedIn:
        """Do both steps, for an unlocker that is at hand."""
        challenge = await self.begin_sign_in(account_number)
        return await self.finish_sign_in(
            challenge, kind=kind, login_public_key=login_public_key, sign=sign
        )

    async def sign_out(self) -> None:
        """End the session, at the service as well."""
        await self._transport.tell("POST", "/v1/sign-out", headers={})
        self._transport.use_token(None)

    async def vault(self) -> StoredVault:
        """Return the account's vault and the vault key as this session's unlocker wraps it."""
        answer = await self._transport.ask("GET", "/v1/vault", sign_in.VaultAnswer)
        return StoredVault(
            account_number=answer.account_number,
            generation=answer.generation,
            sealed=answer.sealed,
            unlocker_id=answer.unlocker.unlocker_id,
            unlocker_kind=answer.unlocker.kind,
            wrapped_vault_key=answer.unlocker.wrapped_vault_key,
            saved_at=answer.saved_at,
        )
