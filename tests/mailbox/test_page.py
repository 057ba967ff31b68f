"""The browser client as it is served, and the refusal to serve another service's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from simulation.service import Clock, Postbox, Service, free_port

from souspli_mailbox import entry
from souspli_mailbox.app import make_app
from souspli_mailbox.errors import PageError
from souspli_mailbox.page import load_page
from souspli_mailbox.settings import Settings

# docs/specs/mailbox.md §7, word for word: one word more would let something in.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "font-src 'self'; img-src 'self' blob:; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types souspli-worker"
)


def build(
    folder: Path, *, origin: str = "souspli.localhost", hosts: tuple[str, ...] = ("127.0.0.1",)
) -> Path:
    """Write what the build of mailbox/web writes, in small."""
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Souspli</title>")
    (folder / "assets" / "index-Ab12.js").write_text("export {}")
    (folder / "assets" / "worker-Cd34.wasm").write_bytes(b"\0asm")
    (folder / "origin.json").write_text(json.dumps({"origin": origin, "hosts": hosts}))
    return folder


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    port = free_port()
    settings = Settings(data=tmp_path / "data", page=f"http://127.0.0.1:{port}/", listen_port=port)
    postbox = Postbox()
    app = make_app(
        settings,
        clock=Clock(),
        webclient=build(tmp_path / "webclient"),
        open_relay=lambda _: postbox,
    )
    runner = entry.make_runner(app)
    await entry.start(runner, settings)
    yield Service(settings=settings, clock=Clock(), app=app, postbox=postbox)
    await runner.cleanup()


async def test_the_page_answers_itself_under_the_exact_policy(service: Service) -> None:
    """A redirect would carry the fragment, and the claim code in it, along."""
    answer = await service.ask("GET", "/")
    assert answer.status == 200
    assert answer.body == b"<!doctype html><title>Souspli</title>"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/assets/index-Ab12.js", "text/javascript; charset=utf-8"),
        ("/assets/worker-Cd34.wasm", "application/wasm"),
    ],
)
async def test_hashed_files_are_kept_by_browsers_for_ever(
    service: Service, path: str, content_type: str
) -> None:
    answer = await service.ask("GET", path)
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize("path", ["/", "/assets/index-Ab12.js", "/nothing", "/v1/service"])
async def test_every_answer_keeps_browsers_from_doing_harm(service: Service, path: str) -> None:
    headers = (await service.ask("GET", path)).headers
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] == "souspli"
    assert "'none'" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers  # on http it means nothing


async def test_an_answer_of_the_service_is_never_cached(service: Service) -> None:
    answer = await service.ask("GET", "/v1/service")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_an_unknown_path_is_a_page_for_people_and_a_problem_for_programs(
    service: Service,
) -> None:
    page = await service.ask("GET", "/compte", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.status == 404
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Page introuvable" in page.body.decode()
    assert (await service.ask("GET", "/compte")).problem == "not-found"
    api = await service.ask("GET", "/v1/nothing", headers={"Accept": "text/html"})
    assert api.problem == "not-found"


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/%2e%2e/settings.py", "/assets/", "/assets/nothing.js"]
)
async def test_nothing_beside_the_page_s_own_files_is_served(service: Service, path: str) -> None:
    answer = await service.ask("GET", path)
    assert answer.status == 404


async def test_a_page_on_https_asks_browsers_to_stay_there(tmp_path: Path) -> None:
    port = free_port()
    settings = Settings(
        data=tmp_path / "data",
        page="https://souspli.example/",
        listen_port=port,
        serve_page=False,
    )
    postbox = Postbox()
    app = make_app(settings, clock=Clock(), open_relay=lambda _: postbox)
    runner = entry.make_runner(app)
    await entry.start(runner, settings)
    try:
        local = Settings(data=tmp_path, page=f"http://127.0.0.1:{port}/")
        service = Service(settings=local, clock=Clock(), app=app, postbox=postbox)
        headers = (await service.ask("GET", "/v1/service")).headers
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
    finally:
        await runner.cleanup()


def test_a_page_that_is_not_built_is_said_so_in_words(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with pytest.raises(PageError, match="not built"):
        load_page(settings, folder=tmp_path / "nothing")
    assert load_page(Settings(data=tmp_path, serve_page=False), folder=tmp_path) is None


def test_a_page_for_another_origin_or_host_keeps_the_service_from_starting(
    tmp_path: Path,
) -> None:
    """It would derive other keys from the same password."""
    other_origin = build(tmp_path / "origin", origin="other.example")
    with pytest.raises(PageError, match=r"other\.example.*souspli\.localhost"):
        make_app(Settings(data=tmp_path), webclient=other_origin)
    other_host = build(tmp_path / "host", hosts=("other.example",))
    with pytest.raises(PageError, match=r"other\.example.*127\.0\.0\.1"):
        make_app(Settings(data=tmp_path), webclient=other_host)


async def test_without_the_page_only_programs_are_answered(tmp_path: Path) -> None:
    app = make_app(Settings(data=tmp_path, serve_page=False))
    resources = {resource.canonical for resource in app.router.resources()}
    assert "/" not in resources
    assert "/v1/service" in resources
    assert isinstance(app, web.Application)


def test_the_specification_tells_the_very_policy_that_is_sent() -> None:
    page = Path(__file__).parents[2] / "docs" / "specs" / "mailbox.md"
    assert POLICY in " ".join(page.read_text(encoding="utf-8").split())
