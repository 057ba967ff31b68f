"""The searcher finds what was planted, in every encoding: only then does silence mean anything."""

from __future__ import annotations

import base64
import gzip
import json
import quopri
import random
import sqlite3
import zlib
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from product.searcher import CHARACTER_SETS, Searcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "Lebœuf-Kerguélen"
# In every character set, unlike the name with its œ.
TITLE = "Anémie évoquée, à contrôler"


def raw_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezer.compress(data) + squeezer.flush()


def noise(length: int) -> bytes:
    """The same every time: a chance hit would come back."""
    return random.Random(length).randbytes(length)  # noqa: S311  (no secret)


def in_base64(data: bytes) -> bytes:
    return base64.b64encode(data)


def small_window(data: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 10)
    return squeezer.compress(data) + squeezer.flush()


LAYERS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": bytes,
    "lower case": bytes.lower,
    "base64, first alignment": in_base64,
    "base64, second alignment": lambda data: in_base64(b"x" + data),
    "base64, third alignment": lambda data: in_base64(b"xy" + data + b"z"),
    "base64 without padding": lambda data: in_base64(data).rstrip(b"="),
    "base64 behind other digits": lambda data: b"abcde" + in_base64(data),
    "base64 in lines": lambda data: base64.encodebytes(data * 9),
    "URL-safe base64": lambda data: base64.urlsafe_b64encode(b"\xfb\xff" + data),
    "hexadecimal": lambda data: data.hex().encode(),
    "hexadecimal capitals": lambda data: data.hex().upper().encode(),
    "hexadecimal behind a digit": lambda data: b"a" + data.hex().encode(),
    "percent": lambda data: quote(data).encode(),
    "form": lambda data: quote_plus(data).encode(),
    "every character percent": lambda data: b"".join(b"%%%02x" % byte for byte in data),
    "quoted-printable": quopri.encodestring,
    "zlib": zlib.compress,
    "zlib, fast": lambda data: zlib.compress(data, 1),
    "zlib, small window": small_window,
    "gzip": gzip.compress,
    "zlib with its end cut off": lambda data: zlib.compress(data)[:-6],
    "zlib in base64": lambda data: in_base64(zlib.compress(data)),
    "base64 in zlib": lambda data: zlib.compress(in_base64(data)),
    "gzip in hexadecimal": lambda data: gzip.compress(data).hex().encode(),
    "base64 in base64": lambda data: in_base64(in_base64(data)),
    "base64 in UTF-16": lambda data: in_base64(data).decode().encode("utf-16-le"),
}


@pytest.mark.parametrize("character_set", CHARACTER_SETS)
@pytest.mark.parametrize("layer", LAYERS)
def test_a_planted_text_is_found(layer: str, character_set: str) -> None:
    planted = LAYERS[layer](f"titre : {TITLE} ; fin".encode(character_set))
    searcher = Searcher({"title": TITLE, "another": "something else"})
    haystack = noise(1_000) + b'"' + planted + b'"' + noise(1_000)
    (found,) = searcher.search(haystack, place="here")
    assert (found.needle, found.place) == ("title", "here")


@pytest.mark.parametrize("character_set", CHARACTER_SETS)
@pytest.mark.parametrize("wrap", [bytes, in_base64], ids=["as it is", "in base64"])
def test_a_stream_without_a_header_is_found_by_the_slow_search(
    wrap: Callable[[bytes], bytes], character_set: str
) -> None:
    planted = wrap(raw_deflate(f"titre : {TITLE} ;".encode(character_set)))
    haystack = noise(1_000) + planted + noise(1_000)
    (found,) = Searcher({"title": TITLE}).search(haystack, place="", raw_deflate=True)
    assert "deflate" in found.how


@pytest.mark.parametrize("ensure_ascii", [True, False], ids=["escaped", "as it is"])
def test_a_name_inside_json_is_found(ensure_ascii: bool) -> None:
    written = json.dumps({"names": [NAME], "note": "\U0001d11e"}, ensure_ascii=ensure_ascii)
    for planted in (written, json.dumps(written)):
        assert Searcher({"name": NAME}).search(planted.encode(), place="")


@pytest.mark.parametrize("spelling", ["LEBŒUF-KERGUÉLEN", "lebœuf-kerguélen"])
def test_a_name_is_found_whatever_its_case(spelling: str) -> None:
    assert Searcher({"name": NAME}).search(spelling.encode(), place="")
    assert Searcher({"name": NAME}).search(spelling.encode("utf-16-le"), place="")


def test_a_name_is_found_with_its_accents_apart() -> None:
    assert Searcher({"name": NAME}).search("Lebœuf-Kergue\u0301len".encode(), place="")


def test_secret_bytes_are_found_whatever_they_are_written_in() -> None:
    secret = noise(32)
    searcher = Searcher({"secret": secret})
    for planted in (secret, in_base64(secret), secret.hex().encode(), zlib.compress(secret)):
        assert searcher.search(noise(100) + b"|" + planted + b"|", place="")


def test_a_row_is_found_in_a_database_its_log_and_across_its_pages(tmp_path: Path) -> None:
    """A blob longer than a page is cut up there: no search of the file alone puts it together."""
    path = tmp_path / "some.sqlite"
    blob = zlib.compress(noise(20_000).hex().encode() + TITLE.encode())
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=wal")
        with database:
            database.execute("CREATE TABLE rows (cell)")
            database.execute("INSERT INTO rows VALUES (?), (?)", (blob, NAME))
        found = Searcher({"title": TITLE, "name": NAME}).search_files(tmp_path)
    assert {(one.needle, one.place.rpartition("/")[2]) for one in found} == {
        ("title", "some.sqlite"),
        ("name", "some.sqlite"),
        ("name", "some.sqlite-wal"),
    }
    assert any("zlib" in one.how for one in found)


def test_a_file_name_is_found(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.pdf").touch()
    (found,) = Searcher({"name": NAME}).search_files(tmp_path)
    assert found.place.startswith("name of ")


def test_nothing_is_found_where_nothing_was_planted() -> None:
    data = noise(200_000)
    searcher = Searcher({"name": NAME, "date": "1948-03-07", "kind": "11502-2"})
    assert searcher.search(data + in_base64(data) + data.hex().encode(), place="") == []


def test_a_needle_that_chance_would_find_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        Searcher({"sex": "F"})
