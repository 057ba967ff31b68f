"""Imports point down, and the service cannot open a document.

Follows every import statement (also those inside functions) through our own
packages. See docs/architecture.md, "Floors".
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("cli", "exchange", "keys", "mailbox", "storage")
PACKAGES = {f"souspli_{room}": ROOT / room / f"souspli_{room}" for room in ROOMS}

# What each package may import of ours, directly.
MAY_IMPORT = {
    "souspli_keys": set[str](),
    "souspli_storage": set[str](),
    "souspli_exchange": {"souspli_keys"},
    "souspli_mailbox": {"souspli_keys", "souspli_exchange", "souspli_storage"},
    "souspli_cli": set(PACKAGES),
}

# Modules that can open a document or hold a secret key.
SECRET = {
    "souspli_keys.identity",
    "souspli_keys.unlockers",
    "souspli_keys.agekey",
    "souspli_keys.claimcode",
    "souspli_keys.enrolmentcode",
    "souspli_keys.vault",
    "souspli_exchange.sealed",
    "souspli_exchange.offline_open",
    "souspli_exchange.offline_seal",
    "souspli_exchange.offline_identity",
    "souspli_exchange.receive",
    "souspli_exchange.claim",
    "souspli_exchange.enrolment",
    "souspli_exchange.age.filekey",
    "souspli_exchange.age.stream",
    "souspli_exchange.age.unwrap",
}

# What age v1 has and the product doesn't use: classical recipients, passphrases, armor.
ONLY_FOR_AGE_S_VECTORS = {
    "souspli_exchange.age.any_file",
    "souspli_exchange.age.armor",
    "souspli_exchange.age.scrypt",
    "souspli_exchange.age.x25519",
}

# Of the service, the programs at the edge use what speaks to it, what `souspli serve`
# and `souspli demo` start, what `souspli check-config` asks, backups, and what speaks to
# a mail relay.
CLI_MAY_USE = {"protocol", "client", "app", "settings", "errors", "entry", "backup"} | {
    "check",
    "purge_now",
    "findings",
    "given",
    "logs",
    "relay_client",
}

NO_SOCKETS = {"socket", "ssl", "asyncio", "http", "urllib", "aiohttp", "requests", "smtplib"}


def _modules() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            name = ".".join((package, *parts)).removesuffix(".__init__")
            found[name] = path
    return found


MODULES = _modules()


@cache
def _imports(module: str) -> frozenset[str]:
    """Names of the modules that `module` imports, ours and others'."""
    path = MODULES[module]
    here = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = here.split(".")
                stem = ".".join(up[: len(up) - node.level + 1])
                base = f"{stem}.{base}".rstrip(".")
            for alias in node.names:
                full = f"{base}.{alias.name}"
                found.add(full if full in MODULES else base)
    # Importing a.b.c runs a and a.b as well.
    parents = {name.rsplit(".", depth)[0] for name in found for depth in range(1, 4)}
    return frozenset(found | {parent for parent in parents if parent in MODULES})


def _reach(module: str) -> dict[str, str]:
    """Every module of ours reached from `module`, with who imported it."""
    reached: dict[str, str] = {}
    waiting = [module]
    while waiting:
        current = waiting.pop()
        for name in _imports(current):
            if name in MODULES and name not in reached and name != module:
                reached[name] = current
                waiting.append(name)
    return reached


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_imports_only_what_stands_below_it(package: str) -> None:
    wrong = [
        f"{module} imports {name}"
        for module in MODULES
        if module.partition(".")[0] == package
        for name in _imports(module)
        if name.partition(".")[0] in PACKAGES
        and name.partition(".")[0] not in MAY_IMPORT[package] | {package}
    ]
    assert not wrong


def test_the_service_reaches_no_module_that_can_open_a_document() -> None:
    service = [module for module in MODULES if module.startswith("souspli_mailbox")]
    assert service
    wrong = [
        f"{module} reaches {secret} through {reached[secret]}"
        for module in service
        for reached in [_reach(module)]
        for secret in SECRET & reached.keys()
    ]
    assert not wrong


def test_the_product_reads_no_age_file_but_the_post_quantum_one() -> None:
    wrong = [
        f"{module} imports {name}"
        for module in MODULES.keys() - {"souspli_exchange.age.any_file"}
        for name in ONLY_FOR_AGE_S_VECTORS & _imports(module)
    ]
    assert not wrong
    assert "souspli_exchange.age.armor" in _imports("souspli_exchange.age.any_file")
    assert not ONLY_FOR_AGE_S_VECTORS - MODULES.keys()


def test_the_secret_modules_are_named_as_they_are_called() -> None:
    assert not SECRET - MODULES.keys()


def test_nobody_imports_the_roof_and_the_roof_uses_only_the_service_s_doors() -> None:
    wrong = [
        f"{module} imports {name}"
        for module in MODULES
        for name in _imports(module)
        if module.startswith("souspli_cli")
        and name.startswith("souspli_mailbox.")
        and name.split(".")[1] not in CLI_MAY_USE
    ]
    assert not wrong


def test_keys_open_no_socket() -> None:
    wrong = [
        f"{module} imports {name}"
        for module in MODULES
        if module.startswith("souspli_keys")
        for name in _imports(module)
        if name.partition(".")[0] in NO_SOCKETS
    ]
    assert not wrong


# What reads a mail may import beside its own modules and ours below: no way to a file, a
# clock, an environment or another process.
INTAKE_MAY_USE = {
    *("__future__", "base64", "binascii", "codecs", "collections", "dataclasses", "enum"),
    *("base64", "encodings", "functools", "hashlib", "html", "io", "itertools", "json", "math"),
    *("re", "string", "struct", "typing", "unicodedata", "urllib", "zlib"),
    *("lxml", "stdnum", "souspli_keys", "souspli_exchange"),
}
# libmagic is loaded when it is first needed, and the environment put back that this changes.
MAGIC_MAY_USE = {"magic", "os", "importlib", "threading"}


def test_intake_opens_no_socket_and_no_file_reads_no_clock_and_knows_nothing_above_it() -> None:
    intake = [module for module in MODULES if module.startswith("souspli_cli.intake")]
    assert intake
    wrong = [
        f"{module} imports {name}"
        for module in intake
        for name in _imports(module)
        if name.partition(".")[0] not in INTAKE_MAY_USE
        and not (module.endswith(".magic_types") and name in MAGIC_MAY_USE)
        and name != "souspli_cli"
        and not f"{name}.".startswith("souspli_cli.intake.")
    ]
    wrong += [
        f"{module} calls {match[0]}"
        for module in intake
        if (match := OPENS_SOMETHING.search(MODULES[module].read_text(encoding="utf-8")))
    ]
    assert not wrong


# Of what it may import, the few names that would open something after all.
OPENS_SOMETHING = re.compile(
    r"(?<![\w.])open\(|\bio\.open|urllib\.request|urlopen|read_(?:text|bytes)\("
    r"|from_file\(|\b(?:etree|lxml)\.parse\("
)


def test_only_the_s3_driver_knows_boto3() -> None:
    users = {
        module
        for module in MODULES
        for name in _imports(module)
        if name.partition(".")[0] in {"boto3", "botocore"}
    }
    assert users <= {f"souspli_storage.{name}" for name in ("s3", "s3_bucket", "s3_errors")}
    assert {module for module in users if "boto3" in _imports(module)} == {"souspli_storage.s3"}


def test_only_settings_read_the_service_s_environment() -> None:
    readers = {
        module
        for module, path in MODULES.items()
        if module.startswith(("souspli_mailbox", "souspli_storage", "souspli_keys"))
        and re.search(r"\bos\.environ\b|\bgetenv\b", path.read_text(encoding="utf-8"))
    }
    assert readers <= {"souspli_mailbox.settings"}


def test_no_room_is_itself_a_package() -> None:
    assert not [room for room in ROOMS if (ROOT / room / "__init__.py").exists()]


IMPORT_FROM = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""")


def test_the_browser_client_s_imports_point_down() -> None:
    web = ROOT / "mailbox" / "web"
    floors = ["lib/", "lib/crypto", "lib/age", "lib/keys", "lib/exchange", "lib/mailbox", "app"]
    # keys stand on crypto (and on age's key strings); exchange on age and keys.
    wrong: list[str] = []
    for path in sorted([*web.glob("lib/**/*.ts"), *web.glob("app/**/*.ts*")]):
        here = path.relative_to(web).as_posix()
        own = max(n for n, floor in enumerate(floors) if here.startswith(floor))
        for target in IMPORT_FROM.findall(path.read_text(encoding="utf-8")):
            there = (path.parent / target.split("?")[0]).resolve()
            if not there.is_relative_to(web):
                continue
            name = there.relative_to(web).as_posix()
            theirs = [
                max((n for n, floor in enumerate(floors) if name.startswith(floor)), default=0)
            ]
            wrong += [f"{here} imports {name}" for n in theirs if n > own]
    assert not wrong
