"""What is counted and measured, for Prometheus (docs/operations.md lists it).

Each process has a registry of its own (docs/decisions/0013-several-processes.md). A
label says of what kind something was, never whose: `LABELS` is the whole list, and
every value comes from our own code, not from a request.
"""

from collections.abc import Mapping
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from souspli_mailbox.clock_watch import Verdict
from souspli_mailbox.jobs import Result
from souspli_mailbox.readiness import Part, State
from souspli_mailbox.records.backlog import Backlog
from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.workers import Ending

# Whatever is added here must not name, or single out, a person, an organisation or a
# document: metrics are kept for months by systems that nobody thinks of as health data.
LABELS: Final = frozenset(
    {
        "call",
        "direction",
        "event",
        "failure",
        "job",
        "kind",
        "method",
        "outcome",
        "part",
        "problem",
        "result",
        "route",
        "status",
    }
)

# From an answer out of memory to the longest body on a bad line.
_REQUEST_SECONDS: Final = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 300)

# A commit takes an fsync: a millisecond on flash, tens on a disk.
_DATABASE_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)

# From a folder's listing to 8 MiB over a network.
_STORE_SECONDS: Final = (0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)

# A mail takes a relay's patience.
_JOB_SECONDS: Final = (0.01, 0.05, 0.25, 1, 5, 15, 30, 90)


class Metrics:
    """Every metric of one process; `text` writes them down."""

    def __init__(self) -> None:
        # Moments of creation double the series and help nobody: restarts are known.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's
        self.registry = registry = CollectorRegistry()
        # Memory, processor time, descriptors: souspli_process_…
        ProcessCollector(namespace="souspli", registry=registry)

        self.requests = Histogram(
            "souspli_request_seconds",
            "Requests answered, by the route's template",
            ("route", "method", "status"),
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )
        self.requests_under_way = Gauge(
            "souspli_requests_under_way", "Requests being answered", registry=registry
        )
        self.problems = Counter(
            "souspli_problems",
            "Error answers by name; too-many-tries are throttled",
            ("route", "problem"),
            registry=registry,
        )
        self.segment_bytes = Counter(
            "souspli_segment_bytes",
            "Sealed bytes that passed through this process, to the store (in) or from it (out)",
            ("direction",),
            registry=registry,
        )
        self.deposits = Counter("souspli_deposits_completed", "Documents stored", registry=registry)
        self.delivery_events = Counter(
            "souspli_delivery_events",
            "What happened to deliveries, repeats included",
            ("event",),
            registry=registry,
        )
        self.jobs = Histogram(
            "souspli_job_seconds",
            "Jobs run, by what became of them",
            ("job", "outcome"),
            buckets=_JOB_SECONDS,
            registry=registry,
        )
        self.jobs_waiting = Gauge(
            "souspli_jobs_waiting", "Jobs to do, in the database", ("job",), registry=registry
        )
        self.jobs_dead = Gauge(
            "souspli_jobs_dead", "Jobs given up, in the database", ("job",), registry=registry
        )
        self.oldest_due_job = Gauge(
            "souspli_oldest_due_job_seconds",
            "For how long the oldest due job has been due; 0 if none is",
            registry=registry,
        )
        self.mails = Counter(
            "souspli_mails", "Mails by the relay's answer", ("outcome",), registry=registry
        )
        self.database = Histogram(
            "souspli_database_unit_seconds",
            "Units of work, the wait for their turn included",
            ("kind",),
            buckets=_DATABASE_SECONDS,
            registry=registry,
        )
        self.database_failures = Counter(
            "souspli_database_failures",
            "Units of work that the database did not do",
            ("kind", "failure"),
            registry=registry,
        )
        self.database_reruns = Counter(
            "souspli_database_reruns",
            "Units run again because of others",
            ("kind",),
            registry=registry,
        )
        self.database_under_way = Gauge(
            "souspli_database_units_under_way",
            "Units of work running or waiting for their turn",
            ("kind",),
            registry=registry,
        )
        self.store = Histogram(
            "souspli_store_call_seconds",
            "Calls to the store",
            ("call",),
            buckets=_STORE_SECONDS,
            registry=registry,
        )
        self.store_failures = Counter(
            "souspli_store_failures", "Calls that failed", ("call", "failure"), registry=registry
        )
        self.store_under_way = Gauge(
            "souspli_store_calls_under_way", "Calls to the store running", registry=registry
        )
        self.swept = Counter(
            "souspli_swept", "What sweeps deleted, or could not", ("result",), registry=registry
        )
        self.replacements = Counter(
            "souspli_worker_replacements",
            "Processes that had this worker's place before, by how they ended",
            ("kind",),
            registry=registry,
        )
        self.clock_trusted = Gauge(
            "souspli_clock_trusted",
            "1 if letters may be purged by this process's clock",
            registry=registry,
        )
        self.purges_wait = Gauge(
            "souspli_purges_wait_seconds",
            "For how long the service has to run until a clock is believed",
            registry=registry,
        )
        self.part_up = Gauge(
            "souspli_part_up", "1 if the part answers (/readyz)", ("part",), registry=registry
        )

    def set_clock(self, verdict: Verdict) -> None:
        """Take over what was found when the clock was last looked at."""
        self.clock_trusted.set(verdict.is_trusted)
        self.purges_wait.set(verdict.waits)

    def observe_job(self, name: JobName, result: Result, seconds: float) -> None:
        """Count one run of a job."""
        self.jobs.labels(job=name.value, outcome=result.value).observe(seconds)

    def count_replaced(self, replaced: Mapping[Ending, int]) -> None:
        """Count who had the place of this process before: once, at its start."""
        for ending, count in replaced.items():
            self.replacements.labels(kind=ending.value).inc(count)

    def count_swept(self, swept: Mapping[str, int]) -> None:
        """Count what one sweep did."""
        for result, count in swept.items():
            self.swept.labels(result=result).inc(count)

    def set_backlog(self, backlog: Backlog, *, now: int) -> None:
        """Take over what the database says of the jobs."""
        for gauge, counts in (
            (self.jobs_waiting, backlog.waiting),
            (self.jobs_dead, backlog.dead),
        ):
            gauge.clear()
            for job, count in counts.items():
                gauge.labels(job=job).set(count)
        due = backlog.oldest_due
        self.oldest_due_job.set(0 if due is None else max(0, now - due))

    def set_parts(self, states: Mapping[Part, State]) -> None:
        """Take over what is known of the parts; nothing of one that was not asked yet."""
        for part, state in states.items():
            if state is not State.UNKNOWN:
                self.part_up.labels(part=part.value).set(state is State.OK)

    def text(self) -> bytes:
        """Return all of it in Prometheus's text format."""
        return generate_latest(self.registry)
