"""One line of JSON for each thing worth knowing, without a name in it (docs/operations.md)."""

import contextlib
import logging
import sys
import traceback
from typing import Final, TextIO, cast

import structlog

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("souspli.mailbox")


LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure_logging(level: str = "info") -> None:
    """Write JSON lines to stderr, Python's own logging included: of that, only types."""
    structlog.configure(
        processors=[
            # Which of several processes wrote the line.
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        # Of a TextIO, a WriteLogger uses these two methods.
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Stderr())),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_WithoutValues()], level=logging.WARNING, force=True)


class _Stderr:
    """Loses lines rather than requests: a log that can't be written stops nothing.

    The disk that is full of documents is often the log's as well; raised here, its
    error would leave every request without an answer. None of io's classes: they flush
    once more when Python has taken its modules apart.
    """

    def write(self, text: str, /) -> int:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


class _WithoutValues(logging.Handler):
    """Passes on which library complains of what type of failure, and nothing else.

    aiohttp would log the peer's address, and a traceback with the line it sent.
    """

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        log.warning(
            "library",
            logger=record.name,
            level_there=record.levelname,
            failure=None if kind is None else kind.__name__,
        )


def describe(failed: BaseException) -> list[str]:
    """Return where and by what type something failed, without any of the values.

    The text of an exception may repeat what a person sent; types and line numbers
    can't.
    """
    described: list[str] = []
    cause: BaseException | None = failed
    while cause is not None:
        frames = traceback.extract_tb(cause.__traceback__)
        places = " > ".join(
            f"{frame.filename.rpartition('/')[2]}:{frame.lineno}:{frame.name}" for frame in frames
        )
        described.append(f"{type(cause).__name__} at {places}")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return described
