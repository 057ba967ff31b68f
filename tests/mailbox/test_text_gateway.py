"""What a gateway's answers mean: one suite for the simulated one and for the real adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from simulation.gateway import GatewayServer, SimulatedGateway

from souspli_mailbox.errors import SettingsError, TextDelayedError, TextError, TextRefusedError
from souspli_mailbox.settings import TextSettings
from souspli_mailbox.text_gateway import HttpTextGateway, TextGateway
from souspli_mailbox.text_words import TEXT, waiting_text

PHONE = "+33612345678"
SPECIFICATION = Path(__file__).parents[2] / "docs" / "specs" / "mails.md"

# 3GPP TS 23.038 §6.2.1, the basic set: one septet each.
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWO_PARTS = 2 * 153


@dataclass
class Side:
    """A gateway from both sides."""

    gateway: TextGateway
    taken: list[tuple[str, str]]
    refuse: Callable[[], None]
    go_away: Callable[[], None]


@pytest.fixture(params=["simulated", "http"])
async def side(request: pytest.FixtureRequest) -> AsyncIterator[Side]:
    if request.param == "simulated":
        simulated = SimulatedGateway()
        yield Side(
            simulated,
            simulated.taken,
            lambda: setattr(simulated, "refuses", True),
            lambda: setattr(simulated, "away", True),
        )
        return
    async with GatewayServer().running() as server:
        gateway = HttpTextGateway(TextSettings(url=server.url, timeout=5))
        yield Side(
            gateway,
            server.taken,
            lambda: setattr(server, "status", 422),
            lambda: setattr(server, "status", 503),
        )
        await gateway.close()


async def test_a_message_that_is_taken_is_taken_once_and_whole(side: Side) -> None:
    await side.gateway.send(to=PHONE, text="médical & à")
    assert side.taken == [(PHONE, "médical & à")]


async def test_a_number_that_is_refused_is_refused_for_good(side: Side) -> None:
    side.refuse()
    with pytest.raises(TextRefusedError):
        await side.gateway.send(to=PHONE, text="words")
    assert side.taken == []


async def test_a_gateway_that_is_away_is_tried_again(side: Side) -> None:
    side.go_away()
    with pytest.raises(TextDelayedError):
        await side.gateway.send(to=PHONE, text="words")
    assert side.taken == []


async def test_closing_twice_is_fine(side: Side) -> None:
    await side.gateway.close()
    await side.gateway.close()


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (400, TextRefusedError),
        (410, TextRefusedError),
        (401, TextDelayedError),
        (403, TextDelayedError),
        (404, TextDelayedError),
        (429, TextDelayedError),
        (500, TextDelayedError),
        (302, TextDelayedError),
    ],
)
async def test_every_other_answer_is_for_good_or_for_now(
    status: int, raised: type[TextError]
) -> None:
    async with GatewayServer(status=status, location="/send").running() as server:
        gateway = HttpTextGateway(TextSettings(url=server.url, timeout=5))
        with pytest.raises(raised) as caught:
            await gateway.send(to=PHONE, text="words")
        await gateway.close()
    assert caught.value.status == status
    assert PHONE not in str(caught.value)
    # A redirection is not followed.
    assert len(server.authorizations) == 1


async def test_a_gateway_that_is_silent_or_away_may_have_the_message() -> None:
    async with GatewayServer(silent=True).running() as server:
        gateway = HttpTextGateway(TextSettings(url=server.url, timeout=0.2))
        with pytest.raises(TextDelayedError):
            await gateway.send(to=PHONE, text="words")
        assert server.taken
    with pytest.raises(TextDelayedError) as caught:
        await gateway.send(to=PHONE, text="words")
    await gateway.close()
    assert caught.value.__cause__ is None


async def test_the_token_goes_with_the_message_and_rests_in_a_file(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret-of-the-gateway\n", encoding="utf-8")
    async with GatewayServer().running() as server:
        settings = TextSettings(url=server.url, token_file=token)
        gateway = HttpTextGateway(settings)
        await gateway.send(to=PHONE, text="words")
        await gateway.close()
    assert server.authorizations == ["Bearer secret-of-the-gateway"]
    assert "secret-of" not in repr(settings)


@pytest.mark.parametrize(
    "url", ["http://gateway.example/", "ftp://a.example/", "https://user@a.example/", "nonsense"]
)
def test_numbers_go_nowhere_in_the_clear(url: str) -> None:
    with pytest.raises(SettingsError, match=r"text\.url"):
        TextSettings(url=url)


def test_the_words_are_the_specification_s() -> None:
    page = SPECIFICATION.read_text(encoding="utf-8")
    first, second = TEXT.split("\n")
    assert f"\n    {first}\n    {second}\n" in page


def test_a_message_fits_two_parts_of_the_gsm_alphabet() -> None:
    # 31 characters: longer names of hosts than that are rare, and cost a third part.
    text = waiting_text(host="documents.hopital-de-brest.fr")
    assert set(text) <= GSM
    assert len(text) <= TWO_PARTS
