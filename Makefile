# Two commands on a fresh machine with Python 3.11+ and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= auto

.PHONY: demo test test-oldest test-deep fuzz mutate check generate bench clean

demo: .venv/installed
	$(BIN)/cadence-guard demo

test: .venv/installed
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m "not deep and not fuzz" --cov --cov-report=term-missing:skip-covered

# With the oldest of each dependency that pyproject.toml permits.
test-oldest:
	$(PYTHON) -m venv --clear .venv-oldest
	sed -nE 's/^  "([a-zA-Z-]+)>=([0-9.]+)[,"].*/\1==\2/p' pyproject.toml > .venv-oldest/oldest.txt
	.venv-oldest/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-oldest/bin/python -m pip install --quiet --editable . --group test --constraint .venv-oldest/oldest.txt
	.venv-oldest/bin/pytest -n $(JOBS) -m "not deep and not fuzz"

test-deep: .venv/installed
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m deep

fuzz: .venv/installed
	$(BIN)/pytest -n $(JOBS) -m fuzz

mutate: .venv/mutate
	$(BIN)/mutmut run
	$(BIN)/mutmut results

check: .venv/checkers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

generate: .venv/installed
	$(BIN)/python scripts/generate.py

bench: .venv/peers
	$(BIN)/python benchmarks/bench.py
	$(BIN)/python benchmarks/check.py

clean:
	rm -rf .venv .venv-oldest .coverage mutants .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group test
	@touch $@

.venv/checkers: .venv/installed
	$(BIN)/python -m pip install --quiet --group check
	@touch $@

.venv/mutate: .venv/installed
	$(BIN)/python -m pip install --quiet --group mutate
	@touch $@

.venv/peers: .venv/installed
	$(BIN)/python -m pip install --quiet --group bench
	@touch $@
