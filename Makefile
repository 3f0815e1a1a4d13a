# `make help` lists the targets. Each works alone on a fresh machine with Python 3.11, pip, make, gcc.
PYTHON ?= python3
VENV ?= .venv
ORACLES_VENV ?= .venv-oracles
OUT ?= build/demo
PYTEST_WORKERS ?= auto
TORCH = torch==2.13.0

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN = $(VENV)/bin
PIP = -m pip --disable-pip-version-check -qq
LOCKED = $(PIP) install --no-warn-script-location --require-hashes
ITSELF = $(PIP) install --no-deps --no-build-isolation --editable .
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock'
GENERATORS = $(patsubst scripts/%.py,scripts.%,$(sort $(wildcard scripts/generate_*.py)))
step = @printf '%s\n' "· $(1)"
make_venv = @$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or \
	sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'; $(PYTHON) -m venv $(1)

.PHONY: help setup system demo test check bench lock goldens oracles oracles-record soak clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- environments -----------------------------------------------------------------------------
# A stamp stands for "installed from exactly this locked file"; it is remade only when that file
# or pyproject.toml changes. The development files hold the same versions of what the program
# needs to run, so an environment for development also serves the demo.

$(VENV)/.stamp-runtime: requirements/runtime.txt requirements/build.txt pyproject.toml
	$(call step,installing what the program needs into $(VENV))
	$(call make_venv,$(VENV))
	@$(BIN)/python $(LOCKED) -r requirements/runtime.txt -r requirements/build.txt
	@$(BIN)/python $(ITSELF)
	@$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/.stamp-dev: requirements/dev.txt $(VENV)/.stamp-runtime
	$(call step,installing what tests and checks need into $(VENV))
	@$(BIN)/python $(LOCKED) -r requirements/dev.txt
	@touch $@

$(VENV)/.stamp-lock: requirements/lock.txt $(VENV)/.stamp-runtime
	@$(BIN)/python $(LOCKED) -r requirements/lock.txt
	@touch $@

$(ORACLES_VENV)/.stamp: requirements/oracles.txt requirements/build.txt pyproject.toml
	$(call step,installing the programs of others into $(ORACLES_VENV))
	$(call make_venv,$(ORACLES_VENV))
	@$(ORACLES_VENV)/bin/python $(PIP) install --no-warn-script-location $(TORCH)
	@$(ORACLES_VENV)/bin/python $(LOCKED) -r requirements/oracles.txt
	@$(ORACLES_VENV)/bin/python $(ITSELF)
	@touch $@

setup: $(VENV)/.stamp-dev system ## a fresh machine to .venv with everything

system:
	@bash scripts/install_system_packages.sh

# --- the program ------------------------------------------------------------------------------

demo: $(VENV)/.stamp-runtime ## a fresh machine to a report on each bundled example
	$(call step,making the example models)
	@$(BIN)/python scripts/make_examples.py build/examples
	@PATH="$(abspath $(BIN)):$$PATH" bash scripts/demo.sh build/examples $(OUT)

# --- what must hold ---------------------------------------------------------------------------

test: setup ## a fresh machine to all tests
	$(call step,running the tests)
	@$(BIN)/python -m pytest tests -q -n $(PYTEST_WORKERS) $(PYTEST_ARGS)

check: $(VENV)/.stamp-dev ## format, lint, types, rooms, stale generated pages
	$(call step,format)
	@$(BIN)/ruff format --check --quiet --output-format=concise . || { echo "Run $(BIN)/ruff format ."; exit 1; }
	$(call step,lint)
	@$(BIN)/ruff check --quiet .
	$(call step,types)
	@$(BIN)/mypy --strict --no-error-summary src scripts
	$(call step,rooms)
	@mkdir -p build && $(BIN)/lint-imports --no-logo > build/imports.log || { cat build/imports.log; exit 1; }
	$(call step,generated pages)
	@for generator in $(GENERATORS); do $(BIN)/python -m $$generator --check; done

bench: $(VENV)/.stamp-dev ## benchmarks, as ratios against baselines in the same run
	@$(BIN)/python -m bench.run

soak: $(VENV)/.stamp-dev ## long runs: mutated inputs, faults
	@$(BIN)/python scripts/soak.py

oracles: $(ORACLES_VENV)/.stamp ## compare with the heavy programs of others
	$(call step,comparing with the programs of others)
	@$(ORACLES_VENV)/bin/python -m pytest tests/oracles -q -n $(PYTEST_WORKERS) $(PYTEST_ARGS)

# --- what is made by programs and committed -----------------------------------------------------

goldens: $(VENV)/.stamp-dev ## rewrite golden documents and generated pages
	@$(BIN)/python -m pytest tests -q -n $(PYTEST_WORKERS) --rewrite-goldens
	@for generator in $(GENERATORS); do $(BIN)/python -m $$generator; done

oracles-record: $(ORACLES_VENV)/.stamp ## rewrite the recorded values of the programs of others
	@$(ORACLES_VENV)/bin/python -m pytest tests/oracles -q --record-oracles

lock: $(VENV)/.stamp-lock ## rewrite the locked requirement files
	@$(BIN)/$(COMPILE) $(UPGRADE) pyproject.toml -o requirements/runtime.txt
	@$(BIN)/$(COMPILE) $(UPGRADE) requirements/build.in -o requirements/build.txt
	@$(BIN)/$(COMPILE) $(UPGRADE) -c requirements/runtime.txt -c requirements/build.txt \
		pyproject.toml requirements/build.in requirements/dev.in -o requirements/dev.txt
	@$(BIN)/$(COMPILE) $(UPGRADE) -c requirements/dev.txt \
		--override requirements/oracles-overrides.in \
		pyproject.toml requirements/build.in requirements/oracles.in -o requirements/oracles.txt
	@$(BIN)/$(COMPILE) $(UPGRADE) requirements/lock.in -o requirements/lock.txt
	$(call step,requirements/*.txt rewritten)

clean: ## remove all that make made
	rm -rf $(VENV) $(ORACLES_VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .coverage htmlcov
	find src tests scripts bench -name __pycache__ -type d -prune -exec rm -rf {} +
