# Two commands do all the set-up on a machine with Python >= 3.11 (with venv):
#   make demo   runs the main job on the embedded default
#   make test   passes the tests
# Everything is installed under .venv and mailbox/web/node_modules; nothing else
# on the machine is touched (but for Chromium: see "browser").

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WEB := $(BIN)/python hatch_build.py npm
WEB_SOURCES := $(shell find mailbox/web -type f -not -path '*/node_modules/*' 2>/dev/null)

# Where it is set, each program compiles all its modules anew whenever it starts.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-programs test-crash test-service test-page test-commands test-web lint lint-mypy lint-pyright lint-web format check browser bench bench-service large fuzz mutation crash chaos relays lock clean

demo: $(VENV)/.installed
	$(BIN)/souspli demo

# The longest first, three at a time; all of them, whichever fails. On two cores as well:
# each of them waits a good part of its time, for programs that start, end and try again.
test: $(VENV)/.installed browser
	$(MAKE) --jobs=3 --keep-going --output-sync=target test-page test-service test-commands test-programs test-crash test-web

# In memory, where there is plenty: tests/find_room.py.
ifeq ($(TMPDIR),)
MEMORY := $(shell $(PYTHON) tests/find_room.py)
ifneq ($(MEMORY),)
test check: export TMPDIR := $(MEMORY)
endif
endif

test-service: $(VENV)/.installed
	$(BIN)/python -m pytest tests/mailbox tests/storage

# Apart, because Playwright keeps an event loop of its own in the process.
test-page: $(VENV)/.installed
	$(BIN)/python -m pytest tests/e2e

test-commands: $(VENV)/.installed
	$(BIN)/python -m pytest tests/cli tests/bridge

test-web: $(VENV)/.installed
	$(WEB) run test

test-programs: $(VENV)/.installed
	$(BIN)/python -m pytest --ignore=tests/e2e --ignore=tests/mailbox --ignore=tests/storage --ignore=tests/cli --ignore=tests/bridge --ignore=tests/crash --ignore=tests/relays

test-crash: $(VENV)/.installed
	$(BIN)/python -m pytest tests/crash

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) --jobs=2 --output-sync=target lint-pyright lint-mypy lint-web

lint-pyright: $(VENV)/.installed
	$(BIN)/pyright

lint-mypy: $(VENV)/.installed
	$(BIN)/mypy

lint-web: $(VENV)/.installed
	$(WEB) run check

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The whole job in a real browser, with the time of each step: on SQLite and a folder, then
# on PostgreSQL and an S3 store with a laboratory's bridge.
check: $(VENV)/.installed browser
	$(BIN)/souspli demo --check
	$(BIN)/souspli demo --check --engines real --bridge

# Ratios side by side, written to docs/performance.md with a plot. PARTS="small warm"
# measures some and writes nothing; SOUSPLI_AGE names an `age` of 1.3 or later.
PARTS ?=
bench: $(VENV)/.tools
	$(BIN)/python -m benchmarks.run $(PARTS)

# The service under load and with a million deliveries in its table, beside its limits;
# written to docs/performance.md with a plot. Half an hour; PARTS="load" or "growth".
bench-service: $(VENV)/.tools
	$(BIN)/python -m benchmarks.service $(PARTS)

# A package's code changed a little, thousands of times: docs/mutation.md.
MUTATE ?= keys
mutation: $(VENV)/.tools
	$(BIN)/python tests/mutation/run.py $(MUTATE)

# Inputs for each harness, at the least priority: docs/fuzzing.md.
FUZZ_INPUTS ?= 1000000
FUZZ_ONLY ?=
FUZZ_MINUTES ?= 0
fuzz: $(VENV)/.tools
	PYTHONPATH=tests $(BIN)/python -m fuzz.run --inputs $(FUZZ_INPUTS) --minutes $(FUZZ_MINUTES) $(FUZZ_ONLY)

# Killed, broken and cut at every named point on all engines, RUNS times each; MINUTES=10
# begins nothing after these: docs/crash.md.
RUNS ?= 1
MINUTES ?= inf
crash: $(VENV)/.installed
	PYTHONPATH=tests $(BIN)/python -m crash.run --runs $(RUNS) --minutes $(MINUTES)

# Mails through a bridge and a service that are killed at random: docs/crash.md. BUGS=yes
# runs bridges with a deliberate bug instead, each of which has to be found out.
MAILS ?= 2000
BRIDGE_KILLS ?= 20
SERVICE_KILLS ?= 5
SEED ?=
BUGS ?=
WRITE ?=
chaos: $(VENV)/.installed
	PYTHONPATH=tests $(BIN)/python -m chaos.run --mails $(MAILS) --bridge-kills $(BRIDGE_KILLS) \
		--service-kills $(SERVICE_KILLS) $(if $(SEED),--seed $(SEED)) $(if $(BUGS),--bugs) \
		$(if $(WRITE),--write)

# Mails that a real Postfix returns, by the lines of docs/operations.md; swaks, curl, msmtp
# and Postfix as clients of a bridge, by those of docs/bridge.md. Debian, as root: Postfix
# has users of its own, and so these are no part of `make test`.
relays: $(VENV)/.installed
	@PYTHONPATH=tests $(BIN)/python -m relays.postfix --install
	$(BIN)/python -m pytest tests/relays

# The largest document, 2 GiB, through command line, service and Chromium; prints times
# and memory. MIB=100 for a smaller one, MIB=4096 for a larger one.
large: $(VENV)/.installed browser
	$(BIN)/python -m benchmarks.large $(MIB)

# Chromium is looked for; on Debian as root it is installed, elsewhere the one
# line that installs it is printed.
browser: $(VENV)/.installed
	@$(BIN)/python tests/find_browser.py --install

$(VENV)/.dependencies: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Souspli needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@touch $@

# What `make bench`, `make fuzz` and `make mutation` need beyond that.
$(VENV)/.tools: $(VENV)/.installed requirements-tools.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-tools.lock
	@touch $@

# An editable install runs the hook that builds the browser client, so it is
# run again whenever one of the client's sources is newer.
$(VENV)/.installed: $(VENV)/.dependencies pyproject.toml hatch_build.py $(WEB_SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Exact versions and hashes, for every platform, without registry addresses.
lock:
	uv pip compile pyproject.toml --extra check --group build --group test --group lint \
	  --universal --generate-hashes --no-header --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --group tools --constraint requirements.lock \
	  --universal --generate-hashes --no-header --quiet --output-file requirements-tools.lock

clean:
	rm -rf $(VENV) mailbox/web/node_modules mailbox/souspli_mailbox/webclient
