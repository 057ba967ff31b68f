"""What docs/operations.md and docs/deploy/ say of settings, metrics and limits is so."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import settings_table
import yaml

from souspli_mailbox.answers import MAX_REQUEST_BYTES
from souspli_mailbox.metrics import LABELS, Metrics
from souspli_mailbox.process import STOP_SECONDS
from souspli_mailbox.routes.deposits import MAX_COMPLETE_BYTES
from souspli_mailbox.settings import ENVIRONMENT_PREFIX, load, setting_of

DEPLOY = Path(__file__).parent.parent / "docs" / "deploy"
PAGE = settings_table.PAGE.read_text(encoding="utf-8")
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DEPLOY.iterdir()}
VARIABLE = re.compile(rf"\b{ENVIRONMENT_PREFIX}[A-Z_]+")


def test_the_table_of_settings_is_what_the_settings_are() -> None:
    """After a change: python tests/settings_table.py."""
    begin, end = PAGE.index(settings_table.BEGIN), PAGE.index(settings_table.END)
    assert PAGE[begin : end + len(settings_table.END)] == settings_table.text()


def test_every_setting_says_what_it_is_for() -> None:
    rows = re.findall(r"^\| `\w+` \| .* \| (.*) \|$", settings_table.text(), re.MULTILINE)
    assert len(rows) == len(settings_table.names())
    assert all(len(row) > 15 for row in rows)


@pytest.mark.parametrize("name", TEXTS)
def test_every_variable_in_a_file_is_a_setting(name: str) -> None:
    variables = VARIABLE.findall(TEXTS[name])
    wrong = [one for one in variables if ".".join(setting_of(one)) not in settings_table.names()]
    assert not wrong


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(TEXTS[name]))


def test_the_settings_files_are_read_by_the_service_s_own_reader(tmp_path: Path) -> None:
    (manifest,) = [one for one in documents("kubernetes.yaml") if one["kind"] == "ConfigMap"]
    for text in (TEXTS["souspli.toml"], manifest["data"]["souspli.toml"]):
        file = tmp_path / "souspli.toml"
        file.write_text(text)
        settings = load(file, {})
        assert settings.behind_proxy
        assert tomllib.loads(text)["origin"] == settings.origin


def test_compose_s_environment_is_a_service_s(tmp_path: Path) -> None:
    (composed,) = documents("compose.yaml")
    service = composed["services"]["service"]
    settings = load(None, {f"{ENVIRONMENT_PREFIX}DATA": "/data", **service["environment"]})
    assert settings.store.kind == "s3"
    assert settings.database.address is not None
    # Each file that is named is one that is mounted.
    mounted = {f"/run/secrets/{name}" for name in service["secrets"]}
    named = {value for value in service["environment"].values() if value.startswith("/run/")}
    assert named <= mounted
    declared = composed["secrets"].keys()
    assert {one for each in composed["services"].values() for one in each.get("secrets", ())} <= (
        declared
    )
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def seconds_to_stop() -> Iterator[tuple[str, float]]:
    """How long each manager waits before it kills."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names are as they are
    unit.read_string(TEXTS["souspli.service"])
    yield "systemd", float(unit["Service"]["TimeoutStopSec"])
    (composed,) = documents("compose.yaml")
    yield "compose", float(composed["services"]["service"]["stop_grace_period"].removesuffix("s"))
    (deployment,) = [one for one in documents("kubernetes.yaml") if one["kind"] == "Deployment"]
    yield "kubernetes", deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]


@pytest.mark.parametrize(("manager", "seconds"), [*seconds_to_stop()])
def test_nobody_kills_before_the_service_has_had_its_time(manager: str, seconds: float) -> None:
    assert seconds > STOP_SECONDS + 5, manager


def test_proxies_take_the_largest_body_and_no_address_from_a_client() -> None:
    largest = max(MAX_COMPLETE_BYTES, MAX_REQUEST_BYTES, 8 * 2**20 + 65_536)
    nginx = TEXTS["nginx.conf"]
    (size,) = re.findall(r"client_max_body_size (\d+)m;", nginx)
    assert int(size) * 2**20 >= largest
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in nginx
    for directive in ("proxy_request_buffering off;", "proxy_buffering off;"):
        assert directive in nginx
    assert not re.search(r"add_header|proxy_hide_header", nginx)
    for name in ("Caddyfile", "Caddyfile.compose"):
        (size,) = re.findall(r"max_size (\d+)MB", TEXTS[name])
        assert int(size) * 10**6 >= largest - 1_048_576
        assert not re.search(r"^\s*header\b", TEXTS[name], re.MULTILINE)


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile", "Caddyfile.compose"])
def test_blocks_are_closed(name: str) -> None:
    plain = re.sub(r"#.*", "", TEXTS[name])
    assert plain.count("{") == plain.count("}") > 0


def test_the_image_runs_as_nobody_and_is_checked_by_hashes() -> None:
    text = TEXTS["Containerfile"]
    instructions = re.findall(r"^([A-Z]+)\s", text, re.MULTILINE)
    known = {"ARG", "FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE"}
    assert set(instructions) <= known | {"STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert "--require-hashes --requirement requirements.lock" in text
    assert re.search(r"^USER [1-9]\d+:[1-9]\d+$", text, re.MULTILINE)
    # Whatever is copied exists.
    assert (DEPLOY.parent.parent / "requirements.lock").exists()


def test_pods_have_no_more_than_they_need() -> None:
    (deployment,) = [one for one in documents("kubernetes.yaml") if one["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}


def metric_names() -> set[str]:
    """Every series, as Prometheus names them."""
    names: set[str] = set()
    for family in Metrics().registry.collect():
        names |= {family.name, *(f"{family.name}_{end}" for end in ("total", "count", "sum"))}
        names.add(f"{family.name}_bucket")
    return names


def test_alerts_ask_for_metrics_and_labels_that_exist() -> None:
    (rules,) = documents("alerts.yaml")
    asked = " ".join(rule["expr"] for group in rules["groups"] for rule in group["rules"])
    assert set(re.findall(r"souspli_[a-z_]+", asked)) <= metric_names()
    assert set(re.findall(r"(\w+)(?:!=|=)\"", asked)) <= LABELS | {"job"}


def test_every_metric_stands_in_the_documentation() -> None:
    # Those of the bridge are another program's: tests/bridge/test_metrics.py.
    documented = set(re.findall(r"`(souspli_(?!bridge_)[a-z_]+)`", PAGE))
    ours = {family.name for family in Metrics().registry.collect() if "process" not in family.name}
    missing = {
        name
        for name in ours
        if not {name, f"{name}_total"} & documented
        # Written with their siblings: `…_reruns_total`.
        and not re.search(rf"`…_{name.removeprefix('souspli_database_')}(_total)?`", PAGE)
    }
    assert not missing
    assert documented - metric_names() - {"souspli_process_", "souspli_jobs_"} == set()


def test_every_message_of_the_log_that_is_documented_is_written() -> None:
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (Path(__file__).parent.parent / "mailbox" / "souspli_mailbox").rglob("*.py")
    )
    table = PAGE[PAGE.index("### The log") : PAGE.index("**Pseudonyms.**")]
    messages = [
        message
        for first in re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
        for message in re.findall(r"`([^`]+)`", first)
    ]
    assert len(messages) > 10
    assert [message for message in messages if f'"{message}"' not in source] == []
