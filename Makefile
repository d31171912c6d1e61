# Palier. `make` alone lists what there is.
# HOST, PORT and DATABASE_URL are passed on, from the environment or from the command line:
#   make run PORT=9000 DATABASE_URL=postgresql+asyncpg://palier@127.0.0.1/palier

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run serve work migrate development test lint format types check slow bench bench-engine bench-calibration reference openapi clients lock clean

VENV := .venv/bin
# one process more than the two cores we count on: browsers and killed servers are mostly waited for
PYTEST := $(VENV)/pytest -n 3 --dist loadfile --no-loadscope-reorder
# the lock is made for the oldest Python we support; where packages are fetched from is each machine's affair
LOCK := uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 pyproject.toml

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready ## Make the environment in .venv, with the palier command (instant when nothing changed)

run: setup ## Set up what is missing, then serve on HOST:PORT (127.0.0.1:8000)
	@$(VENV)/palier run

serve: setup ## Serve only: the database is migrated and has a release
	@$(VENV)/palier serve

work: setup ## Run the worker in a process of its own (PostgreSQL)
	@$(VENV)/palier work

migrate: setup ## Bring the database of DATABASE_URL to the newest revision
	@$(VENV)/palier migrate

development: .venv/.development .venv/.player .venv/.receiver .venv/.clients ## Add what tests and checks need: Python packages, Chromium, PostgreSQL, npm's peers
	@scripts/provide chromium
	@scripts/provide postgresql

test: development ## Run every test but the slow ones, on SQLite, a PostgreSQL of its own and Chromium
	$(PYTEST)

lint: .venv/.development ## Check format, style and the directions of import
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/lint-imports

format: .venv/.development ## Format the code and sort the imports
	$(VENV)/ruff check --select I --fix .
	$(VENV)/ruff format .

types: .venv/.development ## Check types, strictly
	$(VENV)/mypy

check: ## Everything a change must pass before it is merged
	@.ci/run

slow: development ## Run the long tests: recovery studies, large simulations, long faults
	$(VENV)/pytest -m slow
	PALIER_EXAMPLES=new $(PYTEST) tests/laws tests/item_bank

bench: .venv/.development ## Measure again every figure the project claims
	@for name in $(filter-out reference,$(basename $(notdir $(wildcard benchmarks/[a-z]*.py)))); do \
		echo "== $$name"; $(VENV)/python -m benchmarks.$$name || exit 1; done

bench-engine: .venv/.development ## Compare speed with catsim, catpie and adaptivetesting, installed below .cache/peers
	$(VENV)/python -m benchmarks.engine

bench-calibration: .venv/.development ## Compare calibration with mirt and girth, installed below .cache/peers
	$(VENV)/python -m benchmarks.calibration

reference: .venv/.development ## Compare with other programs' reference answers: make reference DIR=../shared/golden/catr
	@test -n "$(DIR)" || { echo "error: say which folder: make reference DIR=path" >&2; exit 1; }
	$(VENV)/python -m benchmarks.reference $(DIR)

openapi: setup ## Write the API's description to docs/openapi.json
	$(VENV)/palier openapi > docs/openapi.json

clients: openapi .venv/.clients ## Generate the Python and TypeScript clients from docs/openapi.json
	scripts/clients

lock: ## Choose new versions of every dependency and write both locks (needs uv)
	@command -v uv >/dev/null || { echo "error: uv is needed: pip install uv" >&2; exit 1; }
	$(LOCK) --upgrade --extra build --extra fast -o requirements.txt
	$(LOCK) --upgrade --extra dev -o requirements-dev.txt --constraint requirements.txt

clean: ## Remove the environment and every cache; var/ with its database stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: a file is newer than what it was made from, so that a second `make` does nothing.

.venv/bin/python: scripts/provide
	@test -x $@ || scripts/provide venv
	@touch -c $@

.venv/.locked: requirements.txt | .venv/bin/python
	@echo "installing the locked packages"
	@$(VENV)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.ready: pyproject.toml .venv/.locked
	@$(VENV)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --no-index -e .
	@touch $@

.venv/.development: requirements-dev.txt .venv/.ready
	@echo "installing the locked packages of development"
	@$(VENV)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# GPL code is fetched for the tests and never kept here. Without it the other player still runs, and the tests of this
# one say why they are skipped.
.venv/.player: tests/journeys/qti/package-lock.json | .venv/bin/python
	@echo "installing the second QTI player of the tests"
	@if scripts/provide npm && (cd tests/journeys/qti && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null); \
	then touch $@; \
	else echo "warning: npm could not fetch it: the tests of this player will be skipped" >&2; fi

# The library by which receivers in Node verify webhooks; the tests that need it are never skipped.
.venv/.receiver: tests/app/webhooks/node/package-lock.json | .venv/bin/python
	@echo "installing the webhook library of Node"
	@scripts/provide npm
	@cd tests/app/webhooks/node && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# What generates and compiles the TypeScript client; its tests are never skipped.
.venv/.clients: clients/typescript/package-lock.json | .venv/.development
	@echo "installing what generates the TypeScript client"
	@scripts/provide npm
	@cd clients/typescript && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@
