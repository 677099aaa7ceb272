# One command to see it (make demo), one to test it (make test). Both set up what they need.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# setuptools warns of every editable install, whatever its layout
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip --quiet --disable-pip-version-check

SHELL := bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench docs freeze

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create .venv with what constraints.txt pins

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "error: Python 3.11 or newer is needed; try: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --constraint constraints.txt --editable '.[age,alerts,embedded,monitoring,s3,seeds]' --group dev
	@touch $@

demo: $(READY) ## start a server, migrate, seed, and look around
	@env -u DATABASE_URL $(BIN)/app-schema up --seed
	@env -u DATABASE_URL $(BIN)/python examples/tour.py

test: $(READY) ## run the tests against real servers
	@$(BIN)/python -m pytest -n auto

lint: $(READY) ## style, types, layers, and the migrations' SQL
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/alembic upgrade head --sql | $(BIN)/squawk --config .squawk.toml --stdin-filepath head.sql

bench: $(READY) ## print ratios against what a user would do instead
	@$(PIP) install --constraint constraints.txt --group bench
	@$(BIN)/python -m benchmarks

docs: $(READY) ## regenerate docs/tables.md from the models
	@$(BIN)/python docs/tables.py

freeze: ## freeze new migrations: add them to migrations/SHA256SUMS, and refuse when a frozen one has changed
	@cd migrations && sha256sum --check --quiet SHA256SUMS || { echo "error: what was released never changes: add a new version or revision;" \
		"if a file was never released, remove its line from migrations/SHA256SUMS and freeze it again" >&2; exit 1; }
	@cd migrations && for file in versions/*.py sql/*/*.sql; do grep -qF "  $$file" SHA256SUMS || sha256sum "$$file" >> SHA256SUMS; done
