"""What the bridge counts and measures, for Prometheus (docs/operations.md lists it).

A label says of what kind something was, never whose: `LABELS` is the whole list, and every
value comes from our own code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.notices.rows import Kind, NoticeState

if TYPE_CHECKING:
    from souspli_cli.bridge.standing import SpoolStanding, Standing

LABELS: Final = frozenset({"code", "command", "kind", "outcome", "result", "state"})

# From one fsync on flash to what a client waits for the answer to its dot.
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 300)


class BridgeMetrics:
    """Every metric of one bridge; counted from any thread."""

    def __init__(self) -> None:
        # Moments of creation double the series and help nobody.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's
        self._registry = registry = CollectorRegistry()
        ProcessCollector(namespace="souspli_bridge", registry=registry)
        self._answers = Counter(
            "souspli_bridge_answers",
            "Answers by SMTP; to data: mails accepted and refused",
            ("command", "code"),
            registry=registry,
        )
        self._accepting = Histogram(
            "souspli_bridge_accept_seconds",
            "From a mail's last dot to its answer",
            ("code",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._sign_ins = Counter(
            "souspli_bridge_sign_ins",
            "AUTH that was answered",
            ("result",),
            registry=registry,
        )
        self._deliveries = Counter(
            "souspli_bridge_deliveries",
            "Tries to send a document, by what became of it",
            ("outcome",),
            registry=registry,
        )
        self._documents = Gauge(
            "souspli_bridge_documents", "Documents in the ledger", ("state",), registry=registry
        )
        self._oldest = Gauge(
            "souspli_bridge_oldest_waiting_seconds",
            "For how long the oldest document has waited; 0 if none does",
            registry=registry,
        )
        self._notices = Gauge(
            "souspli_bridge_notices",
            "Notices to the laboratory, in the ledger",
            ("kind", "state"),
            registry=registry,
        )
        self._spool_bytes = Gauge(
            "souspli_bridge_spool_bytes", "Sealed bytes that wait", registry=registry
        )
        self._damaged = Gauge(
            "souspli_bridge_damaged_mails",
            "Accepted mails whose file can't be read and whose documents nobody knows",
            registry=registry,
        )
        self._free_bytes = Gauge(
            "souspli_bridge_disk_free_bytes", "What the spool's disk takes", registry=registry
        )
        self._reachable = Gauge(
            "souspli_bridge_service_reachable", "1 if the service answers", registry=registry
        )

    def answered(self, command: str, answer: str, *, seconds: float | None = None) -> None:
        """Count an answer to MAIL, RCPT or DATA; `seconds`: from the last dot on."""
        code = answer[:3]
        self._answers.labels(command=command, code=code).inc()
        if seconds is not None:
            self._accepting.labels(code=code).observe(seconds)

    def signed_in(self, *, succeeded: bool) -> None:
        """Count an AUTH."""
        self._sign_ins.labels(result="ok" if succeeded else "refused").inc()

    def tried(self, outcome: str) -> None:
        """Count a try to send."""
        self._deliveries.labels(outcome=outcome).inc()

    def set_standing(self, standing: Standing, *, now: int) -> None:
        """Take over what the ledger says."""
        for state in State:
            count = standing.counts.by_state.get(state, 0)
            self._documents.labels(state=state.value).set(count)
        for kind in Kind:
            for told in NoticeState:
                count = standing.notices.get((kind, told), 0)
                self._notices.labels(kind=kind.value, state=told.value).set(count)
        oldest = standing.counts.oldest_waiting
        self._oldest.set(0 if oldest is None else max(0, now - oldest))

    def set_spool(self, spool: SpoolStanding, *, free_bytes: int) -> None:
        """Take over what the disk says."""
        self._spool_bytes.set(spool.bytes)
        self._damaged.set(len(spool.damaged))
        self._free_bytes.set(free_bytes)

    def set_reachable(self, *, is_reachable: bool) -> None:
        """Take over what the service said."""
        self._reachable.set(is_reachable)

    def text(self) -> bytes:
        """Give all of it in Prometheus's text format."""
        return generate_latest(self._registry)
