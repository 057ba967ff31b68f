"""What a look at the settings can find, and how bad each of it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Level(StrEnum):
    """What a finding means."""

    OK = "ok"
    WARNING = "warning"
    """Runs, and is not as it should be for real patients."""
    ERROR = "error"
    """Does not run, or must not."""


class Topic(StrEnum):
    """Everything that can be found. The words are the command line's: `check.<topic>`."""

    CLOCK_RIGHT = "clock_right"
    PAGE_SERVED = "page_served"
    PAGE_ELSEWHERE = "page_elsewhere"
    TLS_RIGHT = "tls_right"
    FILE_PRIVATE = "file_private"
    DATA_PRIVATE = "data_private"
    DATA_ROOM = "data_room"
    DATABASE_ANSWERS = "database_answers"
    STORE_ANSWERS = "store_answers"
    RELAY_ANSWERS = "relay_answers"
    TERMS_RIGHT = "terms_right"

    PAGE_HTTP = "page_http"
    ORIGIN_ELSEWHERE = "origin_elsewhere"
    LISTENS_OPENLY = "listens_openly"
    FORWARDED_BY_ANYBODY = "forwarded_by_anybody"
    PROXY_NOT_TOLD = "proxy_not_told"
    METRICS_OPENLY = "metrics_openly"
    TLS_SOON = "tls_soon"
    MAIL_WITHOUT_TLS = "mail_without_tls"
    DATA_MISSING = "data_missing"
    DATA_LITTLE_ROOM = "data_little_room"
    DESCRIPTORS_FEW = "descriptors_few"
    WORKERS_MANY = "workers_many"
    DATABASE_NEW = "database_new"
    STORE_NEW = "store_new"
    REGION_ELSEWHERE = "region_elsewhere"

    CLOCK_WRONG = "clock_wrong"
    PAGE_WRONG = "page_wrong"
    TLS_WRONG = "tls_wrong"
    TLS_OTHER_NAME = "tls_other_name"
    FILE_UNREADABLE = "file_unreadable"
    FILE_OPEN = "file_open"
    MAIL_WITHOUT_TLS_AFAR = "mail_without_tls_afar"
    DATA_UNUSABLE = "data_unusable"
    DATA_OPEN = "data_open"
    DATABASE_AWAY = "database_away"
    STORE_AWAY = "store_away"
    RELAY_CERTIFICATE = "relay_certificate"
    RELAY_AWAY = "relay_away"
    TERMS_WRONG = "terms_wrong"


LEVELS: Final[Mapping[Topic, Level]] = MappingProxyType(
    {
        **dict.fromkeys(Topic, Level.OK),
        **dict.fromkeys(
            (
                Topic.PAGE_HTTP,
                Topic.ORIGIN_ELSEWHERE,
                Topic.LISTENS_OPENLY,
                Topic.FORWARDED_BY_ANYBODY,
                Topic.PROXY_NOT_TOLD,
                Topic.METRICS_OPENLY,
                Topic.TLS_SOON,
                Topic.MAIL_WITHOUT_TLS,
                Topic.DATA_MISSING,
                Topic.DATA_LITTLE_ROOM,
                Topic.DESCRIPTORS_FEW,
                Topic.WORKERS_MANY,
                Topic.DATABASE_NEW,
                Topic.STORE_NEW,
                Topic.REGION_ELSEWHERE,
            ),
            Level.WARNING,
        ),
        **dict.fromkeys(
            (
                Topic.CLOCK_WRONG,
                Topic.PAGE_WRONG,
                Topic.TLS_WRONG,
                Topic.TLS_OTHER_NAME,
                Topic.FILE_UNREADABLE,
                Topic.FILE_OPEN,
                Topic.MAIL_WITHOUT_TLS_AFAR,
                Topic.DATA_UNUSABLE,
                Topic.DATA_OPEN,
                Topic.DATABASE_AWAY,
                Topic.STORE_AWAY,
                Topic.RELAY_CERTIFICATE,
                Topic.RELAY_AWAY,
                Topic.TERMS_WRONG,
            ),
            Level.ERROR,
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, with values that an operator may see."""

    topic: Topic
    values: Mapping[str, str | int]

    @property
    def level(self) -> Level:
        """What it means."""
        return LEVELS[self.topic]
