# SPDX-License-Identifier: Apache-2.0
# `make` lists the targets. Everything is set up by `make setup`, which the others call.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Debian's own python3 first: what a user has. Any other 3.11 or later will do.
PYTHON ?= $(shell for p in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
export PYTHON
VENV := .venv
BIN := $(VENV)/bin
# Loading BPF programs needs root; nothing else here does.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
CHECKED := src tests benchmarks tools hatch_build.py

.PHONY: help setup test-packages vm-packages kernels bench-packages demo test lint format bench wheel man clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Inside .venv, so that it goes when that goes.
STAMP := $(VENV)/.setup-stamp

setup: $(STAMP) ## .venv with synscope in it, and the system packages that it needs

$(STAMP): pyproject.toml hatch_build.py $(wildcard bpf/*.[ch]) | $(BIN)/python
	@tools/system-packages setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# An existing .venv is kept as it is; only a missing one is made.
$(BIN)/python:
	@PYTHON=$(PYTHON) tools/system-packages setup
	@test -n "$(PYTHON)" || { echo 'No Python 3.11 or later found: apt-get install python3' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

test-packages:
	@tools/system-packages test

vm-packages:
	@tools/system-packages vm

# Without them their tests are skipped (in CI: fail), the others run.
kernels:
	@tools/fetch-kernel 6.1 6.12 >/dev/null || true

bench-packages:
	@tools/system-packages bench

# Without sudo it runs on another kernel, in the lab, which needs no privileges.
demo: setup ## a client and a server on loopback, traced and explained
	@$(if $(shell command -v sudo),$(SUDO)) $(BIN)/synscope demo

test: setup test-packages vm-packages kernels ## all tests; as root, also those that need the kernel
	@test "$$(id -u)" = 0 || echo 'Not root: tests that load BPF programs are skipped. All of them: sudo make test' >&2
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: setup ## ruff, mypy, and the direction of imports
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## what ruff can mend by itself
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

bench: setup bench-packages ## overhead against its floor and its peers, and start-up times
	$(SUDO) $(BIN)/python benchmarks/overhead.py $(BENCH_ARGS)
	$(SUDO) $(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/decode.py
	$(SUDO) $(BIN)/python benchmarks/build.py

wheel: setup ## dist/synscope-*.whl, with the compiled objects in it
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

man: setup ## build/man/man1: the manual pages
	$(BIN)/synscope manual --force -o build/man/man1

clean: ## what was made here, except .venv
	rm -rf $(STAMP) build dist src/synscope/probes/objects/*.bpf.o
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +
