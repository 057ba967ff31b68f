"""Terms: versions that are announced in time, and who accepted which text."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from simulation.databases import Place
from simulation.people import Practice
from simulation.quick import Claimant, invite, noise_account
from simulation.rows import Rows
from simulation.service import ORIGIN, Service, running

from souspli_exchange.port_errors import StatementNotTakenError, TermsChangedError
from souspli_keys.dsse import Envelope
from souspli_keys.identity import Identity
from souspli_keys.statements import Acceptance, Line, sign_statement
from souspli_mailbox.errors import SettingsError
from souspli_mailbox.records.terms import Altered, TooSoon, see
from souspli_mailbox.terms import NOTICE_SECONDS, load_terms

NOW = 1_800_000_000
DAY = 86_400


def write_version(folder: Path, version: str, begins: int, words: str = "Conditions") -> None:
    place = folder / version
    place.mkdir(parents=True, exist_ok=True)
    day = datetime.datetime.fromtimestamp(begins, datetime.UTC).date()
    (place / "terms.toml").write_text(f'version = "{version}"\nin_force_from = {day}\n')
    for language in ("fr", "en"):
        (place / f"{language}.md").write_text(f"{words} {version} {language} é", encoding="utf-8")


def test_a_new_version_is_in_force_thirty_days_after_it_was_seen(
    rows: Rows, tmp_path: Path
) -> None:
    def seen(now: int) -> TooSoon | Altered | None:
        terms = load_terms(tmp_path)
        return rows.database.write_now(see, versions=tuple(terms.versions), now=now)

    midnight = NOW - NOW % DAY
    write_version(tmp_path, "first", midnight - DAY)
    assert seen(NOW) is None  # a service that starts for the first time
    write_version(tmp_path, "second", midnight + 20 * DAY)
    assert seen(NOW) == TooSoon(version="second", earliest=NOW + NOTICE_SECONDS)
    write_version(tmp_path, "second", midnight + 31 * DAY)
    assert seen(NOW) is None
    assert seen(NOW + 40 * DAY) is None  # seen in time, whenever it starts again
    write_version(tmp_path, "second", midnight + 25 * DAY)
    assert isinstance(seen(NOW + DAY), TooSoon)  # nearer than it was announced
    write_version(tmp_path, "second", midnight + 31 * DAY, words="Autres conditions")
    assert seen(NOW + DAY) == Altered(version="second")


def test_the_version_in_force_changes_at_its_moment(tmp_path: Path) -> None:
    midnight = NOW - NOW % DAY
    write_version(tmp_path, "next", midnight + 40 * DAY)
    terms = load_terms(tmp_path)
    begins = midnight + 40 * DAY
    assert terms.in_force(begins - 1).version == "2026-12"
    announced = terms.announced(begins - 1)
    assert announced is not None
    assert announced.version == "next"
    assert terms.in_force(begins).version == "next"
    assert terms.announced(begins) is None


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("terms.toml", b"version = 1"),
        ("terms.toml", b'version = "x"\nin_force_from = "2027-01-01"'),
        ("terms.toml", b'version = "x"\nin_force_from = 2027-01-01\nlanguage = "fr"'),
        ("fr.md", b""),
        ("en.md", b"\xff"),
        ("en.md", None),
    ],
)
def test_a_folder_that_is_no_version_is_refused(
    tmp_path: Path, file: str, content: bytes | None
) -> None:
    write_version(tmp_path, "next", NOW)
    if content is None:
        (tmp_path / "next" / file).unlink()
    else:
        (tmp_path / "next" / file).write_bytes(content)
    with pytest.raises(SettingsError):
        load_terms(tmp_path)


async def test_a_service_does_not_start_with_terms_that_come_too_soon(
    place: Place, tmp_path: Path
) -> None:
    async with running(place.folder, database=place.settings) as service:
        now = service.clock.now
    folder = tmp_path / "terms"
    write_version(folder, "next", now + 5 * DAY)
    with pytest.raises(SettingsError, match="the first day possible is"):
        async with running(place.folder, database=place.settings, terms_folder=folder):
            pass


def acceptance(
    service: Service, signer: Identity, *, terms_hash: str, version: str = "2026-12"
) -> Envelope:
    line = Line.first(origin=ORIGIN, issued_at=service.clock.now)
    statement = Acceptance(line=line, terms_version=version, terms_hash=terms_hash)
    return sign_statement(statement, signer)


async def shown(service: Service) -> dict[str, object]:
    answer = await service.ask("GET", "/v1/terms")
    return answer.json["in_force"]


async def test_the_terms_are_accepted_in_the_transaction_that_makes_the_account(
    practice: Practice, service: Service
) -> None:
    claimant = await Claimant.arrive(service, await invite(practice))
    await claimant.pass_gates()
    text = (await shown(service))["fr"]
    assert isinstance(text, dict)
    claimant.account = noise_account(claimant.login_key)

    async def bind(signed: Envelope) -> None:
        assert claimant.account is not None
        await claimant.client.bind(
            claimant.invited.invitation_id,
            account=claimant.account,
            binding=binding,
            acceptance=signed,
        )

    binding = claimant.binding()
    with pytest.raises(TermsChangedError):
        await bind(acceptance(service, claimant.identity, terms_hash="ab" * 32))
    with pytest.raises(StatementNotTakenError):
        await bind(acceptance(service, Identity.generate(), terms_hash=text["sha256"]))
    assert service.rows("bindings") == []
    right = acceptance(service, claimant.identity, terms_hash=text["sha256"])
    await bind(right)
    (kept,) = service.rows("acceptances")
    assert kept["terms_hash"] == text["sha256"]
    answer = await service.ask("GET", "/v1/acceptance", as_=claimant.client)
    assert answer.json["acceptance"]["payload"] == right.to_json()["payload"]
