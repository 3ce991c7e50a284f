# Two commands matter: `make up` and `make test`.  Everything else is a part of them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
export PYTHON
# An environment as bare as cron's still finds the system's programs.
PATH ?= /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
# Extra arguments of `vestibule up`, e.g. make up UP="--check"
UP ?=
# Extra arguments of pytest, e.g. make pytest PYTEST="-k doctor"
PYTEST ?=

RUN_LOCKS := requirements/run.txt
DEV_LOCKS := requirements/run.txt requirements/dev.txt requirements/bench.txt

.PHONY: help
help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

.PHONY: home
home:
	@if [ -z "$${HOME:-}" ]; then \
		echo 'error home_unset: HOME is not set, so there is no place for caches' >&2; \
		echo 'FIX: export HOME to a folder of yours, e.g. HOME=/root make up' >&2; exit 1; fi

.PHONY: install
install: home ## Install what running needs: Debian packages, Python environment, web app
	@scripts/install-debian requirements/debian.txt
	@scripts/python-env $(RUN_LOCKS)
	@scripts/web build

.PHONY: install-dev
install-dev: home ## Install what developing and testing need
	@scripts/install-debian requirements/debian.txt requirements/debian-test.txt
	@scripts/python-env $(DEV_LOCKS)
	@scripts/web modules
	@scripts/web build

.PHONY: up
up: install ## Install what is missing, build the golden once, start the controller
	@exec .venv/bin/vestibule up $(UP)

.PHONY: test
test: install-dev ## Install what the tests need and run all of them
	@$(MAKE) check
	@scripts/node npm test --prefix web
	@$(MAKE) pytest

.PHONY: pytest
pytest:
	@mkdir -p build
	.venv/bin/python -m pytest --junitxml=build/junit.xml $(PYTEST)

.PHONY: check
check: install-dev ## Formatting, lint, types, layers, dead code, the documents
	@scripts/quietly "ruff format" .venv/bin/ruff format --check --diff .
	@scripts/quietly "ruff check" .venv/bin/ruff check .
	@scripts/quietly "mypy" .venv/bin/mypy --strict src agent tests
	@scripts/quietly "layers" .venv/bin/lint-imports
	@scripts/quietly "dead code" .venv/bin/vulture
	@scripts/quietly "web" scripts/node npm run check --prefix web
	@scripts/quietly "documents" .venv/bin/python -m pytest -q tests/unit/docs

.PHONY: format
format: install-dev ## Format the Python code and mend what ruff can
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

.PHONY: reference
reference: install-dev ## Write the generated pages of docs/reference
	.venv/bin/python -m vestibule.settings > docs/reference/settings.md
	.venv/bin/python -m vestibule.cli.exit_codes > docs/reference/exit-codes.md
	.venv/bin/python -m vestibule.core.failures > docs/reference/failures.md
	.venv/bin/python -m vestibule.drivers.provider_table > docs/reference/providers.md
	.venv/bin/python -m vestibule.drivers.metrics.table > docs/reference/metrics.md
	.venv/bin/python -m vestibule.api.openapi > web/openapi.json
	scripts/node npm run generate --prefix web

.PHONY: wheel
wheel: install-dev ## Build dist/vestibule-*.whl with agent, recipes, providers and web app inside
	@scripts/quietly "wheel" .venv/bin/python -m build --wheel --no-isolation --outdir dist .
	@ls dist/*.whl

.PHONY: fresh
fresh: install-dev ## Run the two commands in bare Debian 12 and 13 (root; FRESH="--help" shows the choices)
	@scripts/fresh $(FRESH)

.PHONY: screenshots
screenshots: install-dev ## Take pictures of the dashboard into build/screenshots, one of them for the README
	.venv/bin/python -m pytest -q tests/e2e -k screenshot --screenshots build/screenshots
	cp build/screenshots/session-small.png docs/images/session.png

.PHONY: lock
lock: install-dev ## Lock the Python packages anew (LOCK=--upgrade for newer ones)
	@scripts/lock $(LOCK)

.PHONY: clean
clean: ## Remove what was built here; goldens and state stay
	rm -rf build dist web/dist web/node_modules .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
