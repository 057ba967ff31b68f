"""`souspli storage`: the rule for the page, and what a store is found to do."""

from __future__ import annotations

import hashlib
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from cli_world import Souspli
from s3_server import VERSIONED, S3Server
from s3_settings import environment

from souspli_storage.s3 import open_s3
from souspli_storage.s3_bucket import Bucket
from souspli_storage.s3_check import NEEDED, Trial
from souspli_storage.s3_location import S3Location

PAGE = "https://souspli.example/"
NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@pytest.fixture
def place(s3_server: S3Server) -> S3Location:
    return s3_server.place(VERSIONED)


def settings(place: S3Location, tmp_path: Path) -> dict[str, str]:
    return {
        **environment(place, tmp_path / "keys"),
        "SOUSPLI_MAILBOX_DATA": str(tmp_path / "data"),
        "SOUSPLI_MAILBOX_PAGE": PAGE,
    }


def let_in(server: S3Server, place: S3Location, rule: str) -> None:
    server.client.put_bucket_cors(Bucket=place.bucket, CORSConfiguration=json.loads(rule))


def test_the_rule_lets_in_the_page_s_origin_and_no_other(
    souspli: Souspli, place: S3Location, tmp_path: Path
) -> None:
    env = settings(place, tmp_path)
    (rule,) = json.loads(souspli("storage", "cors", env=env).out)["CORSRules"]
    assert rule["AllowedOrigins"] == ["https://souspli.example"]
    assert "*" not in json.dumps(rule)
    xml = ET.fromstring(souspli("storage", "cors", "--xml", env=env).out)  # noqa: S314  (our own)
    (in_xml,) = xml.findall(f"{NAMESPACE}CORSRule")
    for json_name, xml_name in (
        ("AllowedOrigins", "AllowedOrigin"),
        ("AllowedMethods", "AllowedMethod"),
        ("AllowedHeaders", "AllowedHeader"),
        ("ExposeHeaders", "ExposeHeader"),
    ):
        texts = [one.text for one in in_xml.findall(f"{NAMESPACE}{xml_name}")]
        assert texts == rule[json_name]
    other = souspli("storage", "cors", "--page", "http://127.0.0.1:8470/", env=env)
    assert json.loads(other.out)["CORSRules"][0]["AllowedOrigins"] == ["http://127.0.0.1:8470"]


def test_a_store_that_does_everything_passes_and_nothing_is_left_there(
    souspli: Souspli, s3_server: S3Server, place: S3Location, tmp_path: Path
) -> None:
    env = settings(place, tmp_path)
    let_in(s3_server, place, souspli("storage", "cors", env=env).out)
    done = souspli("storage", "check", "--json", env=env)
    assert (done.code, done.err) == (0, "")
    found = done.json
    assert {trial.value: found[trial.value] for trial in Trial} == dict.fromkeys(Trial, True)
    assert (found["region"], found["region_allowed"]) == ("eu-west-3", True)
    assert (found["versioning"], found["object_lock"]) == (True, False)
    assert s3_server.listing(place) == []


def test_what_a_store_does_not_do_is_told_with_what_follows(
    souspli: Souspli, s3_server: S3Server, place: S3Location, tmp_path: Path
) -> None:
    env = settings(place, tmp_path)
    let_in(s3_server, place, souspli("storage", "cors", env=env).out)
    done = souspli("storage", "check", "--page", "https://elsewhere.example/", env=env)
    assert done.code == 0
    assert "non   laisse entrer la page" in done.out
    assert "souspli storage cors" in done.out
    assert done.out.count("oui   ") == len(Trial) - 1


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"BUCKET": "no-such-bucket"}, (1, "store-refused")),
        ({"ENDPOINT": "http://127.0.0.1:9"}, (75, "store-away")),
        ({"KIND": "disk"}, (1, "store-is-a-folder")),
        ({"SECRET_KEY_FILE": "/nowhere"}, (1, "service-settings")),
    ],
)
def test_a_store_that_can_not_be_asked_ends_in_words(
    souspli: Souspli,
    place: S3Location,
    tmp_path: Path,
    changes: dict[str, str],
    end: tuple[int, str],
) -> None:
    env = settings(place, tmp_path)
    env |= {f"SOUSPLI_MAILBOX_STORE_{name}": text for name, text in changes.items()}
    done = souspli("storage", "check", "--json", env=env)
    assert (done.code, done.error) == end


def test_the_service_does_not_start_without_its_store(
    souspli: Souspli, place: S3Location, tmp_path: Path
) -> None:
    env = {
        **settings(place, tmp_path),
        "SOUSPLI_MAILBOX_PAGE": "http://127.0.0.1:8470/",
        "SOUSPLI_MAILBOX_SERVE_PAGE": "false",
        "SOUSPLI_MAILBOX_STORE_BUCKET": "no-such-bucket",
    }
    done = souspli("serve", "--listen", "127.0.0.1:0", "--json", env=env)
    assert (done.code, done.error) == (1, "store-refused")


@pytest.mark.parametrize(
    ("spoilt", "failing"),
    [
        ("souspli_storage.s3_bucket.Bucket.put_part", Trial.CHECKSUMS),
        ("souspli_storage.s3_bucket.Bucket.put_if_absent", Trial.CONDITIONS),
        ("souspli_storage.s3_bucket.Bucket.put_new", Trial.ONE_PIECE),
        ("souspli_storage.s3_check._reads", Trial.ADDRESSES),
    ],
)
def test_every_trial_can_fail(
    s3_server: S3Server,
    place: S3Location,
    monkeypatch: pytest.MonkeyPatch,
    spoilt: str,
    failing: Trial,
) -> None:
    put = Bucket.put_part
    unchecked: dict[str, Any] = {
        # Takes whatever comes, as a store that ignores the checksum would.
        "put_part": lambda bucket, name, upload, number, data, _: put(
            bucket, name, upload, number, data, hashlib.sha256(data).digest()
        ),
        "put_if_absent": lambda bucket, name, body: (bucket.put(name, body), True)[1],
        "put_new": lambda bucket, name, body, _: bucket.put(name, body),
        "_reads": lambda _: False,
    }
    monkeypatch.setattr(spoilt, unchecked[spoilt.rpartition(".")[2]])
    tried = list(open_s3(place).try_out(page_origin="https://souspli.example"))
    assert [one.trial for one in tried] == list(Trial)
    assert failing in {one.trial for one in tried if not one.passed}
    assert {one.trial for one in tried if not one.passed} & NEEDED <= {failing}
    assert s3_server.listing(place) == []
