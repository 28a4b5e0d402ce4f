# Every command sets up what is missing first. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PORT ?= 8000
HOST ?= 127.0.0.1
VENV := .venv/bin
# A file's tests stay together: they share what is slow to make.
PYTEST := $(VENV)/python -m pytest -n 2 --dist loadfile

.PHONY: help setup run test test-all lint format bench example-site translations lock

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

setup: ## Set up everything that is missing, and nothing else
	@.ci/setup test

run: ## Serve on http://127.0.0.1:8000 (PORT= changes it); loads the example fund into an empty database
	@.ci/setup run
	@exec $(VENV)/sunledger start --host $(HOST) --port $(PORT)

test: ## Run what CI runs: both databases and a browser
	@.ci/setup test
	@$(PYTEST) -m "not slow" $(ARGS)

test-all: ## Run every test, the long ones too
	@.ci/setup test
	@$(PYTEST) $(ARGS)

lint: ## Check format, lint, types, imports, templates and translations
	@.ci/setup test
	@.ci/lint

format: ## Format the Python code
	@.ci/setup test
	@$(VENV)/ruff check -q --fix-only .
	@$(VENV)/ruff format .

bench: ## Measure, print a table and JSON (BENCH_JSON=file writes it there)
	@.ci/setup bench
	@$(VENV)/python -m tests.bench $(if $(BENCH_JSON),--json "$(BENCH_JSON)")

example-site: ## Build a fresh example database in var/example-site
	@.ci/setup run
	@.ci/example_site

translations: ## Bring the catalogues up to date with the code; fill Traditional Chinese
	@.ci/setup test
	@$(VENV)/python .ci/translations.py update
	@.ci/setup test

lock: ## Lock what requirements*.in ask for, with hashes
	@.ci/setup test
	@.ci/lock
