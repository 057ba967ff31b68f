"""Signing in says nothing about who has an account (docs/specs/mailbox.md §3 to §5)."""

from __future__ import annotations

import asyncio
import base64
import secrets

import pytest
from multidict import CIMultiDict
from simulation.databases import Place
from simulation.people import Practice
from simulation.quick import Claimant, claim, invite
from simulation.service import ORIGIN, Answer, Service, running
from sqlalchemy import Connection

from souspli_exchange.port_errors import (
    NotSignedInError,
    SignatureRefusedError,
    ThrottledError,
)
from souspli_keys import codes
from souspli_keys.login import NONCE_SECONDS, LoginChallenge, LoginPurpose
from souspli_keys.unlockers import LoginKey, new_device
from souspli_mailbox.app import ENDPOINTS
from souspli_mailbox.endpoints import Caller
from souspli_mailbox.records import nonces
from souspli_mailbox.records.nonces import MOST_NONCES, NoncePurpose
from souspli_mailbox.state import SECRETS
from souspli_mailbox.throttle import NETWORK_FREE_FAILURES, nonces_key

HOUR = 3_600


@pytest.fixture
async def patient(service: Service, practice: Practice) -> Claimant:
    return await claim(service, await invite(practice))


def shape(answer: Answer) -> object:
    """Return all of an answer but the values that are drawn."""
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in {"Date", "X-Request-ID"}
    }
    drawn = {
        key: "…" if key in {"nonce", "account_number"} else value
        for key, value in answer.json.items()
    }
    return answer.status, headers, drawn


async def start(service: Service, account: str) -> Answer:
    return await service.ask("POST", "/v1/sign-in/start", {"account": account})


async def try_key(
    service: Service, number: str, key: LoginKey, *, kind: str = "password", client: str = "program"
) -> Answer:
    """Sign in with a key, whoever's it is."""
    started = await start(service, number)
    nonce = base64.b64decode(started.json["nonce"])
    challenge = LoginChallenge(
        purpose=LoginPurpose.SIGN_IN,
        origin=ORIGIN,
        subject=number,
        login_public_key=key.public_key,
        nonce=nonce,
    )
    return await service.ask(
        "POST",
        "/v1/sign-in",
        {
            "account_number": number,
            "kind": kind,
            "login_public_key": base64.b64encode(key.public_key).decode(),
            "nonce": started.json["nonce"],
            "signature": base64.b64encode(key.sign(challenge)).decode(),
            "client": client,
        },
    )


async def test_an_unknown_address_gets_a_stable_well_formed_decoy(
    service: Service, patient: Claimant
) -> None:
    known = await start(service, patient.invited.address)
    unknown = await start(service, "nobody@example.org")
    assert shape(known) == shape(unknown)
    assert known.json["account_number"] == patient.number
    decoy = unknown.json["account_number"]
    assert codes.parse_account_number(decoy) == decoy
    assert (await start(service, " Nobody@EXAMPLE.org ")).json["account_number"] == decoy
    assert (await start(service, "nobody2@example.org")).json["account_number"] != decoy


async def test_an_unknown_number_is_echoed(service: Service, patient: Claimant) -> None:
    unknown = codes.draw_account_number()
    answers = [await start(service, number) for number in (patient.number, unknown)]
    assert [answer.json["account_number"] for answer in answers] == [patient.number, unknown]
    assert shape(answers[0]) == shape(answers[1])


async def test_an_address_with_several_accounts_answers_as_unknown(
    service: Service, practice: Practice, patient: Claimant
) -> None:
    other_practice = await Practice.found(service, name="Cabinet des Roses")
    partner = await claim(service, await invite(other_practice, address=patient.invited.address))
    decoy = (await start(service, patient.invited.address)).json["account_number"]
    assert decoy not in {patient.number, partner.number}


async def test_a_wrong_key_is_refused_alike_for_known_and_unknown_accounts(
    service: Service, patient: Claimant
) -> None:
    known = await try_key(service, patient.number, LoginKey(secrets.token_bytes(32)))
    unknown = await try_key(service, codes.draw_account_number(), LoginKey(secrets.token_bytes(32)))
    assert known.problem == unknown.problem == "signature-refused"
    assert shape(known) == shape(unknown)


async def test_known_and_unknown_accounts_are_throttled_alike(
    service: Service, patient: Claimant
) -> None:
    async def waits(number: str) -> list[tuple[int, str | None]]:
        seen = []
        for _ in range(8):
            answer = await try_key(service, number, LoginKey(secrets.token_bytes(32)))
            seen.append((answer.status, answer.headers.get("Retry-After")))
        # Long enough for the network's bucket to be forgotten as well.
        service.clock.pass_seconds(3 * HOUR)
        return seen

    expected = [(401, None)] * 5 + [(429, "60")] * 3
    assert await waits(patient.number) == expected
    assert await waits(codes.draw_account_number()) == expected


async def test_delays_grow_up_to_an_hour(service: Service) -> None:
    number = codes.draw_account_number()
    delays = []
    for _ in range(13):
        answer = await try_key(service, number, LoginKey(secrets.token_bytes(32)))
        if answer.status == 429:
            delays.append(int(answer.headers["Retry-After"]) // 60)
            service.clock.pass_seconds(int(answer.headers["Retry-After"]))
            await try_key(service, number, LoginKey(secrets.token_bytes(32)))
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_one_kind_s_failures_never_delay_another(
    service: Service, practice: Practice, tmp_path: object
) -> None:
    number = practice.founding.account.account_number
    throttles = service.rows("throttles")
    for _ in range(4):
        await try_key(service, number, LoginKey(secrets.token_bytes(32)), kind="password")
    assert len(service.rows("throttles")) == len(throttles) + 2  # the kind's and the network's
    await practice.sign_in()  # by device


async def test_a_success_forgets_the_account_s_failures_and_not_the_network_s(
    service: Service, patient: Claimant
) -> None:
    for _ in range(4):
        await try_key(service, patient.number, LoginKey(secrets.token_bytes(32)))
    assert (await try_key(service, patient.number, patient.login_key)).status == 200
    failures = {
        row["throttle_key"].partition("-")[0]: row["failures"] for row in service.rows("throttles")
    }
    assert failures["network"] == 4
    assert "account" not in failures


async def test_the_right_key_under_another_kind_or_account_is_refused(
    service: Service, practice: Practice, patient: Claimant
) -> None:
    device = practice.founding.device.login_key
    for number, key, kind in (
        (patient.number, patient.login_key, "device"),
        (patient.number, device, "device"),
        (practice.founding.account.account_number, patient.login_key, "password"),
    ):
        answer = await try_key(service, number, key, kind=kind)
        assert answer.problem == "signature-refused"


async def test_a_signature_for_another_nonce_or_purpose_is_refused_and_uses_the_nonce_up(
    service: Service, practice: Practice
) -> None:
    key = practice.founding.device.login_key
    challenge = await practice.client.begin_sign_in(practice.founding.account.account_number)

    async def finish(purpose: LoginPurpose) -> None:
        def sign(asked: LoginChallenge) -> bytes:
            return key.sign(
                LoginChallenge(
                    purpose=purpose,
                    origin=asked.origin,
                    subject=asked.subject,
                    login_public_key=asked.login_public_key,
                    nonce=asked.nonce,
                )
            )

        await practice.client.finish_sign_in(
            challenge, kind="device", login_public_key=key.public_key, sign=sign
        )

    with pytest.raises(SignatureRefusedError):
        await finish(LoginPurpose.CLAIM)
    with pytest.raises(SignatureRefusedError):
        await finish(LoginPurpose.SIGN_IN)  # right now, but the nonce is gone
    assert service.rows("nonces") == []


async def test_an_account_number_with_a_wrong_check_digit_is_malformed(service: Service) -> None:
    assert (await start(service, "1234567890")).problem == "bad-request"
    assert (await start(service, "not an address@@")).problem == "bad-request"


async def test_a_session_ends_after_twelve_hours_however_busy(
    service: Service, practice: Practice
) -> None:
    for _ in range(11):
        service.clock.pass_seconds(HOUR)
        await practice.client.deposits()
    service.clock.pass_seconds(HOUR)
    with pytest.raises(NotSignedInError):
        await practice.client.deposits()


async def test_a_program_may_idle_and_a_browser_may_not(
    service: Service, practice: Practice, patient: Claimant
) -> None:
    answer = await try_key(service, patient.number, patient.login_key, client="browser")
    cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
    service.clock.pass_seconds(HOUR - 1)
    assert (await service.ask("GET", "/v1/session", headers=cookie)).status == 200
    service.clock.pass_seconds(HOUR - 1)
    assert (await service.ask("GET", "/v1/session", headers=cookie)).status == 200
    # Asking in vain is no idling either.
    missing = f"/v1/deliveries/{32 * '0'}/cover"
    assert (await service.ask("GET", missing, headers=cookie)).problem == "not-found"
    service.clock.pass_seconds(HOUR - 1)
    assert (await service.ask("GET", missing, headers=cookie)).problem == "not-found"
    service.clock.pass_seconds(HOUR)
    assert (await service.ask("GET", missing, headers=cookie)).problem == "not-signed-in"
    await patient.client.deliveries()


def test_only_endpoints_of_accounts_look_something_up() -> None:
    """There is no account to look it up for otherwise."""
    looking = [endpoint for endpoint in ENDPOINTS if endpoint.look_up is not None]
    assert len(looking) > 6
    assert {one.caller for one in looking} <= {Caller.ACCOUNT, Caller.MEMBER, Caller.PATIENT}


async def test_a_browser_gets_a_cookie_and_never_a_token(
    service: Service, patient: Claimant
) -> None:
    answer = await try_key(service, patient.number, patient.login_key, client="browser")
    assert answer.json["token"] is None
    name, _, attributes = answer.headers["Set-Cookie"].partition("=")
    token, *words = [word.strip() for word in attributes.split(";")]
    assert name == "__Host-souspli"
    assert {word.lower() for word in words} == {"httponly", "path=/", "samesite=strict", "secure"}
    assert token not in answer.body.decode()
    assert token not in str(service.rows("sessions"))


async def test_a_write_with_a_cookie_needs_the_page_s_own_origin(
    service: Service, patient: Claimant
) -> None:
    answer = await try_key(service, patient.number, patient.login_key, client="browser")
    cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
    page = service.page.rstrip("/")
    for headers in (
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": page},
        {"Sec-Fetch-Site": "none"},
    ):
        refused = await service.ask("POST", "/v1/sign-out", headers=cookie | headers)
        assert refused.problem == "not-allowed", headers
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": page}):
        answer = await try_key(service, patient.number, patient.login_key, client="browser")
        cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
        left = await service.ask("POST", "/v1/sign-out", headers=cookie | headers)
        assert left.status == 204
        assert (await service.ask("GET", "/v1/session", headers=cookie)).status == 401


async def test_signing_out_ends_the_session_at_the_service(practice: Practice) -> None:
    token = practice.client._transport._token
    await practice.client.sign_out()
    practice.client._transport.use_token(token)
    with pytest.raises(NotSignedInError):
        await practice.client.deposits()


async def test_the_vault_comes_with_the_session_s_own_unlocker(
    practice: Practice,
) -> None:
    stored = await practice.client.vault()
    account = practice.founding.account
    assert (stored.sealed, stored.generation) == (account.sealed_vault, 1)
    assert stored.unlocker_id == account.unlockers[0].unlocker_id
    assert stored.wrapped_vault_key == account.unlockers[0].wrapped_vault_key


async def test_a_thousand_tries_at_once_are_counted_like_tries_in_a_row(
    service: Service, patient: Claimant
) -> None:

    answers = await asyncio.gather(
        *(try_key(service, patient.number, LoginKey(secrets.token_bytes(32))) for _ in range(20))
    )
    assert sorted(answer.status for answer in answers) == [401] * 5 + [429] * 15


async def test_a_member_throttled_hears_when_to_come_back(service: Service) -> None:
    client = await service.client()
    key = new_device().login_key
    number = codes.draw_account_number()
    for _ in range(5):
        with pytest.raises(SignatureRefusedError):
            await client.sign_in(
                number, kind="device", login_public_key=key.public_key, sign=key.sign
            )
    with pytest.raises(ThrottledError) as throttled:
        await client.sign_in(number, kind="device", login_public_key=key.public_key, sign=key.sign)
    assert throttled.value.retry_after == 60


async def test_behind_a_proxy_failures_count_for_the_address_that_the_proxy_saw(
    place: Place,
) -> None:
    """What the client itself wrote before it is not believed."""
    async with running(place.folder, database=place.settings, behind_proxy=True) as service:

        async def look_up(forwarded: str) -> int:
            answer = await service.ask(
                "POST",
                "/v1/claims/lookup",
                {"letter_number": "0000000000"},
                headers={"X-Forwarded-For": forwarded},
            )
            return answer.status

        for guess in range(NETWORK_FREE_FAILURES):
            assert await look_up(f"198.51.100.{guess}, 192.0.2.1") == 404
        assert await look_up("198.51.100.9, 192.0.2.1") == 429
        assert await look_up("192.0.2.1, 192.0.2.2") == 404


async def test_a_proxy_that_adds_a_header_of_its_own_is_the_one_that_is_believed(
    place: Place,
) -> None:
    async with running(place.folder, database=place.settings, behind_proxy=True) as service:
        statuses = []
        for guess in range(NETWORK_FREE_FAILURES + 1):
            answer = await service.ask(
                "POST",
                "/v1/claims/lookup",
                {"letter_number": "0000000000"},
                headers=CIMultiDict(
                    [
                        ("X-Forwarded-For", f"198.51.100.{guess}"),  # the client's own
                        ("X-Forwarded-For", "192.0.2.1"),
                    ]
                ),
            )
            statuses.append(answer.status)
        assert statuses == [404] * NETWORK_FREE_FAILURES + [429]


async def test_without_a_proxy_nobody_escapes_by_a_header(service: Service) -> None:
    statuses = []
    for guess in range(NETWORK_FREE_FAILURES + 1):
        answer = await service.ask(
            "POST",
            "/v1/claims/lookup",
            {"letter_number": "0000000000"},
            headers={"X-Forwarded-For": f"192.0.2.{guess}"},
        )
        statuses.append(answer.status)
    assert statuses == [404] * NETWORK_FREE_FAILURES + [429]


async def test_nobody_fills_the_disk_with_nonces(service: Service, practice: Practice) -> None:
    """Neither with an account's nor with a letter's; in the next two minutes there are more."""
    letter = f"/v1/claims/{(await invite(practice)).invitation_id}/nonce"
    service.clock.now += NONCE_SECONDS - service.clock.now % NONCE_SECONDS
    here = nonces_key(service.app[SECRETS].throttles, address="127.0.0.1")

    def draw_at_another_process(connection: Connection) -> None:
        for _ in range(MOST_NONCES - 1):
            nonces.keep_nonce(
                connection,
                nonce=secrets.token_bytes(32),
                purpose=NoncePurpose.SIGN_IN,
                subject="1234567897",
                drawn_by=here,
                now=service.clock.now,
            )

    service.database.write_now(draw_at_another_process)
    assert (await start(service, "1234567897")).status == 200
    kept = len(service.rows("nonces"))
    for refused in (
        await start(service, "1234567897"),
        await service.ask("POST", letter, {}),
    ):
        assert (refused.status, refused.headers["Retry-After"]) == (429, str(NONCE_SECONDS))
    assert len(service.rows("nonces")) == kept

    service.clock.now += NONCE_SECONDS
    assert (await start(service, "1234567897")).status == 200
    assert (await service.ask("POST", letter, {})).status == 200
