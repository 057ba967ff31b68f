"""``souspli storage``: what an operator asks about the bucket that documents rest in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from souspli_cli.errors import Refused
from souspli_cli.serve import load_settings
from souspli_cli.storage_causes import storage_refused
from souspli_cli.terminal import Terminal
from souspli_cli.verb import Verbs, verb

if TYPE_CHECKING:
    from souspli_storage.s3_check import Tried

_PLACES = (
    click.option("--data", type=click.Path(path_type=Path), metavar="DIR"),
    click.option("--config", type=click.Path(path_type=Path), metavar="FILE"),
    click.option("--page", metavar="URL"),
)


def _settings_options(function: Any) -> Any:
    for option in reversed(_PLACES):
        function = option(function)
    return function


@verb("storage_cors", name="cors", results=False)
@click.option("--xml", "as_xml", is_flag=True)
@_settings_options
def cors(
    _terminal: Terminal, *, data: Path | None, config: Path | None, page: str | None, as_xml: bool
) -> None:
    """Print the rule that lets the page in, exactly as stores take it."""
    from souspli_storage.s3_cors import cors_json, cors_xml  # noqa: PLC0415  (not for --help)

    origin = load_settings(data, config, page=page).page_origin
    print(cors_xml(origin) if as_xml else cors_json(origin))  # noqa: T201  (for another program)


@verb("storage_check", name="check")
@_settings_options
def check(terminal: Terminal, *, data: Path | None, config: Path | None, page: str | None) -> None:
    """Try the store of the settings with an object of its own, and say what it does."""
    from souspli_mailbox.errors import SettingsError  # noqa: PLC0415  (as in serve)
    from souspli_storage.errors import StorageError  # noqa: PLC0415
    from souspli_storage.regions import is_allowed  # noqa: PLC0415
    from souspli_storage.s3 import open_s3  # noqa: PLC0415  (boto3: a third of a second)
    from souspli_storage.s3_check import NEEDED  # noqa: PLC0415

    settings = load_settings(data, config, page=page)
    if settings.store.kind != "s3":
        raise Refused("store_is_a_folder")
    try:
        store = open_s3(settings.store.location())
        state = store.look()
        tried: list[Tried] = []
        for one in store.try_out(page_origin=settings.page_origin):
            tried.append(one)
            _show(terminal, one, needed=one.trial in NEEDED)
    except SettingsError as wrong:
        raise Refused("service_settings", reason=str(wrong)) from None
    except StorageError as failed:
        raise storage_refused(settings, failed) from None
    region = state.region or settings.store.region or ""
    allowed = is_allowed(region, allowed=settings.store.allowed_regions)
    if not allowed:
        terminal.warn("storage.region_not_allowed", region=region)
    if state.object_lock:
        terminal.warn("storage.locks")
    terminal.give(
        {
            "region": region,
            "region_allowed": allowed,
            "versioning": state.versioning,
            "object_lock": state.object_lock,
            **{one.trial.value: one.passed for one in tried},
        }
    )
    if any(one.trial in NEEDED and not one.passed for one in tried):
        refused = Refused("store_unsuitable")
        refused.results_given = True
        raise refused


def _show(terminal: Terminal, tried: Tried, *, needed: bool) -> None:
    done = terminal.words(f"storage.tried_{tried.trial.value}")
    if tried.passed:
        terminal.show("storage.passed", what=done)
    else:
        terminal.show("storage.failed_needed" if needed else "storage.failed", what=done)
        terminal.show(f"storage.without_{tried.trial.value}")


VERBS = {
    "check": "souspli_cli.storage:check",
    "cors": "souspli_cli.storage:cors",
}

storage = Verbs("storage", VERBS, words_key="storage")
