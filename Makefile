# One door for everything. Needs Python >= 3.11 and make, nothing else.

PORT ?= 8000
PY := .venv/bin/python
export PORT
export PYTHONUNBUFFERED = 1

.PHONY: demo run test faults rules lint bench help
.DEFAULT_GOAL := help

help:
	@echo "make demo    a TV wallboard on a simulated contact centre"
	@echo "make run     the real thing, configured by the environment (TELAVOX_TOKEN=...)"
	@echo "make test    the whole test suite, browser included"
	@echo "make faults  real processes under real faults (some minutes)"
	@echo "make rules   takes out one safety rule after the other, and shows which test misses it"
	@echo "make lint    style and types"
	@echo "make bench   the benchmarks"

demo: .venv/.runtime
	@$(PY) manage.py demo --port $(PORT)

run: .venv/.runtime
	@$(PY) manage.py up --port $(PORT)

# Most of a test's time is spent waiting, so three share the cores; browsers do not wait, and two share them.
test: .venv/.tests
	$(PY) -m tests.chromium
	$(PY) -m pytest -n 3 --dist worksteal -m "not page and not heavy" $(ARGS) || { [ $$? = 5 ] && [ -n "$(ARGS)" ]; }
	$(PY) -m pytest -n 2 --dist worksteal -m "page and not heavy" $(ARGS) || { [ $$? = 5 ] && [ -n "$(ARGS)" ]; }

faults: .venv/.tests
	$(PY) -m tests.chromium
	$(PY) -m pytest -n 3 --dist worksteal -m "heavy and not page" $(ARGS) || { [ $$? = 5 ] && [ -n "$(ARGS)" ]; }
	$(PY) -m pytest -n 2 --dist worksteal -m "heavy and page" $(ARGS) || [ $$? = 5 ]

rules: .venv/.tests
	$(PY) -m tests.chromium
	$(PY) -m tests.rules $(ARGS)

lint: .venv/.tests
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m tests.ops.templates
	$(PY) -m tests.lint.tv_floor

bench: .venv/.tests
	$(PY) -m bench $(ARGS)

# A stamp for each list: a second `make` installs nothing.
.venv/.runtime: requirements.txt bin/install
	@sh bin/install requirements.txt
	@touch $@

.venv/.tests: requirements.txt requirements-dev.txt bin/install
	@sh bin/install requirements-dev.txt
	@touch .venv/.runtime $@
