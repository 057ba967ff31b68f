"""A plugin of pytest that runs, instead of all tests once, some of them for every change.

mutmut changes the code and knows which tests reach each change. It then collects the
tests anew for every change, which takes longer than running them. Here they are
collected once; every change is tried in a fork of that process, with the tests first
that noticed another change of the same function or module, then the small ones.
"""

from __future__ import annotations

import fnmatch
import gc
import json
import os
import resource
import select
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import Phase, settings
from nacl import bindings

from souspli_keys import argon2

# Exit statuses as mutmut reads them.
SURVIVED, NOTICED, NOT_REACHED, UNCLEAR, OVERTIME = 0, 1, 33, 35, 36
TEST_SECONDS = float(os.environ.get("SOUSPLI_MUTATION_TEST_SECONDS", "40"))
"""An endless test ends after so much of the processor and ten times what it took."""
SLOWER = 10
LOOK_SECONDS = 5.0
IDLE_SECONDS = 0.005
"""A test that waits for ever has had less of the processor, in two looks in a row.
Measured by the processor's time: on a busy machine any test takes long."""
MAX_MEMORY_BYTES = 4 * 1024**3
"""A loop that a change makes endless may collect something; no test takes half of this."""
FUNCTION_SECONDS = 0.02
TEST_OVERHEAD_SECONDS = 0.01
NEW_TEST_SECONDS = 0.05
_PASSES, _MEMORY_BYTES = argon2.PASSES, argon2.MEMORY_BYTES


class Change:
    """One change, the tests that reach it, and what became of it."""

    def __init__(self, name: str, tests: list[str]) -> None:
        self.name = name
        self.function = name.partition("__mutmut_")[0]
        self.module = self.function.rpartition(".x")[0].rpartition(".")[2]
        self.tests = tests


class Watch:
    """Ends this process if a test of a change hangs, and reports which."""

    def __init__(self, report: int) -> None:
        self._report = report
        self._test = ""
        self._until = self._before = 0.0
        self._idle = 0
        signal.signal(signal.SIGALRM, self._look)

    def begin(self, test: str, seconds: float) -> None:
        """Watch a test, which may have so many seconds of the processor."""
        self._test, self._idle = test, 0
        self._before = time.process_time()
        self._until = self._before + seconds
        signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS, LOOK_SECONDS)

    def stop(self) -> None:
        """Look no more."""
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _look(self, *_: object) -> None:
        now = time.process_time()
        self._idle = self._idle + 1 if now - self._before < IDLE_SECONDS else 0
        self._before = now
        if now > self._until or self._idle == 2:
            os.write(self._report, self._test.encode())
            os._exit(OVERTIME)


class Loop:
    """The changes of the files in the working directory, tried in order."""

    def __init__(self, items: list[pytest.Item], patterns: list[str]) -> None:
        stats = json.loads(Path("mutmut-stats.json").read_text("utf-8"))
        self._seconds: dict[str, float] = stats["duration_by_test"]
        self._reached: dict[str, list[str]] = stats["tests_by_mangled_function_name"]
        self._items = {item.nodeid: item for item in items}
        # Written since it was learnt what reaches what: for every change.
        self._new = [item.nodeid for item in items if item.nodeid not in self._seconds]
        self._functions: Counter[str] = Counter()
        for tests in self._reached.values():
            self._functions.update(tests)
        self._patterns = patterns
        self._limit = float(os.environ.get("SOUSPLI_MUTATION_SECONDS", "inf"))
        again = os.environ.get("SOUSPLI_MUTATION_AGAIN", "")
        self._again = {None, *(int(verdict) for verdict in again.split())}
        self._noticed_by: defaultdict[str, set[str]] = defaultdict(set)
        self._running: dict[int, tuple[Change, Path | None, int]] = {}

        for item in items:
            # pytest would parse the changed code to print it: four fifths of the time.
            setattr(item, "repr_failure", lambda *_, **__: "failed")  # noqa: B010  (of this one item)

    def run(self, *, processes: int) -> None:
        """Try every change that was not tried before, and keep each verdict in its file."""
        gc.freeze()  # forks share what the collection made
        for path in sorted(Path().rglob("*.py.meta")):
            for change in self._changes(path):
                if not change.tests:
                    _keep(path, change, NOT_REACHED)
                    continue
                while len(self._running) >= processes:
                    self._wait()
                self._start(path, change)
        while self._running:
            self._wait()

    def run_control(self, *, processes: int) -> None:
        """Change nothing: the tests of each module, then of each file; each survives.

        Were one noticed or overtime, so might be changes that nobody noticed.
        """
        groups: defaultdict[str, set[str]] = defaultdict(set)
        for function, tests in self._reached.items():
            module = Change(function, []).module
            groups[f"control of module {module}"].update(tests)
        for test in self._items:
            groups[f"control of file {test.partition('::')[0]}"].add(test)
        for name, group in groups.items():
            while len(self._running) >= processes:
                self._wait()
            here = [test for test in group if test in self._items]
            self._start(None, Change(name, here))
        while self._running:
            self._wait()

    def _changes(self, path: Path) -> Iterator[Change]:
        for name, verdict in json.loads(path.read_text("utf-8"))["exit_code_by_key"].items():
            chosen = any(fnmatch.fnmatch(name, pattern) for pattern in self._patterns)
            if verdict in self._again and (chosen or not self._patterns):
                reached = self._reached.get(name.partition("__mutmut_")[0], [])
                tests = [test for test in reached if test in self._items]
                yield Change(name, [*tests, *self._new])

    def _start(self, path: Path | None, change: Change) -> None:
        read, write = os.pipe()
        process = os.fork()
        if not process:
            self._try(change, write)
        os.close(write)
        self._running[process] = (change, path, read)

    def _wait(self) -> None:
        process, status = os.wait()
        change, path, read = self._running.pop(process)
        noticed_by = os.read(read, select.PIPE_BUF).decode()
        os.close(read)
        verdict = os.waitstatus_to_exitcode(status)
        if verdict == NOTICED:
            self._noticed_by[change.function].add(noticed_by)
            self._noticed_by[change.module].add(noticed_by)
        _keep(path, change, verdict, noticed_by)

    def _try(self, change: Change, write: int) -> NoReturn:
        """Run the tests of a change until one fails, and end this process."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
        watch = Watch(write)
        os.environ["MUTANT_UNDER_TEST"] = change.name if "__mutmut_" in change.name else ""
        try:
            failed = self._first_failure(change, watch)
            if failed:
                os.write(write, failed.encode())
            verdict = NOTICED if failed else SURVIVED
        except BaseException:  # noqa: BLE001  (this is a fork: nothing may leave it)
            verdict = UNCLEAR
        os._exit(verdict)

    def _first_failure(self, change: Change, watch: Watch) -> str | None:
        tests = sorted(change.tests, key=lambda test: self._cost(change, test))
        items = [self._items[test] for test in self._within_limit(tests)]
        for item, following in zip(items, [*items[1:], None], strict=True):
            _make_passwords_cheap(item.nodeid)
            watch.begin(item.nodeid, TEST_SECONDS + SLOWER * self._seconds.get(item.nodeid, 1))
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if item.session.testsfailed:
                return item.nodeid
        watch.stop()
        return None

    def _cost(self, change: Change, test: str) -> float:
        """Tests of little first, they are quick; and those that are about the changed code."""
        if test in self._new:
            return NEW_TEST_SECONDS
        seconds = self._seconds[test]
        if test in self._noticed_by[change.function]:
            return seconds / 10
        if test in self._noticed_by[change.module]:
            return seconds / 5
        of_little = seconds + FUNCTION_SECONDS * self._functions[test]
        return of_little / 5 if f"/test_{change.module}.py" in test else of_little

    def _within_limit(self, tests: list[str]) -> Iterator[str]:
        left = self._limit
        for test in tests:
            left -= self._seconds.get(test, NEW_TEST_SECONDS) + TEST_OVERHEAD_SECONDS
            yield test
            if left < 0:
                return


def _make_passwords_cheap(test: str) -> None:
    """Have Argon2 take no time, but where vectors say what it gives: half of all time."""
    if not Path("souspli_keys").exists() and "vectors" not in test:
        argon2.PASSES, argon2.MEMORY_BYTES = 1, bindings.crypto_pwhash_argon2id_MEMLIMIT_MIN
    else:
        argon2.PASSES, argon2.MEMORY_BYTES = _PASSES, _MEMORY_BYTES


def _keep(path: Path | None, change: Change, verdict: int, noticed_by: str = "") -> None:
    if path:
        kept = json.loads(path.read_text("utf-8"))
        kept["exit_code_by_key"][change.name] = verdict
        written = path.with_suffix(".new")
        written.write_text(json.dumps(kept), encoding="utf-8")
        written.replace(path)
    print(time.strftime("%H:%M:%S"), verdict, change.name, noticed_by, flush=True)  # noqa: T201


def pytest_configure() -> None:
    """Have properties try the same examples for every change, and shrink none that fails."""
    settings.register_profile(
        "mutation",
        phases=[Phase.explicit, Phase.generate],
        max_examples=30,
        derandomize=True,
        database=None,
        deadline=None,
    )
    settings.load_profile("mutation")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Take the place of pytest's own loop over the tests."""
    patterns = os.environ.get("SOUSPLI_MUTATION_ONLY", "").split()
    capture = session.config.pluginmanager.get_plugin("capturemanager")
    if capture:
        capture.suspend_global_capture(in_=True)
    # What the forks report is nobody's to read.
    session.config.pluginmanager.unregister(name="terminalreporter")
    processes = int(os.environ.get("SOUSPLI_MUTATION_PROCESSES", len(os.sched_getaffinity(0))))
    loop = Loop(session.items, patterns)
    if os.environ.get("SOUSPLI_MUTATION_CONTROL"):
        loop.run_control(processes=processes)
    else:
        loop.run(processes=processes)
    return True
