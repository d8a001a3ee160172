# Qayd: everything a newcomer needs. No target needs root.
#   PYTHON=/path/to/python3.13   the Python to build .venv with (default: the newest usable of 3.13, 3.12, 3.11)
.DEFAULT_GOAL := help
.SUFFIXES:
SHELL := /bin/sh
BIN := .venv/bin

.PHONY: help
help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 :/p' $(MAKEFILE_LIST) | awk -F: '{printf "%-20s%s\n", $$1, $$2}'

.PHONY: demo
demo: install ## install, then show the whole flow on a real credit data set
	@$(BIN)/python tools/install_opa.py --optional
	@PATH="$(CURDIR)/$(BIN):$(CURDIR)/.tools/bin:$$PATH" $(BIN)/qayd demo

.PHONY: test
test: tools ## every check: format, lint, types, contracts, policies, tests with coverage
	@$(BIN)/python tools/check.py all

.PHONY: test-fast
test-fast: tools ## the tests that take under 90 seconds together
	@$(BIN)/python tools/check.py fast

.PHONY: lint
lint: tools ## format, lint, types, import contracts, policies; no tests
	@$(BIN)/python tools/check.py lint

.PHONY: format
format: tools ## rewrite the sources in the house format
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .
	@.tools/bin/opa fmt --write policies

.PHONY: bench
bench: tools ## measure appends, verification and gates against bare baselines
	@$(BIN)/python tools/check.py bench

.PHONY: install
install: ## build .venv from requirements.lock
	@python=$$(tools/find-python) && exec "$$python" tools/install.py run

.PHONY: install-test
install-test: ## build .venv from requirements-test.lock
	@python=$$(tools/find-python) && exec "$$python" tools/install.py test

.PHONY: opa
opa: install ## build the real OPA into .tools/bin (QAYD_OPA names it to qayd)
	@$(BIN)/python tools/install_opa.py

.PHONY: tools
tools: install-test
	@$(BIN)/python tools/install_opa.py

.PHONY: lock
lock: install ## write the lock files again (UPGRADE=1: newest versions allowed)
	@UPGRADE=$(UPGRADE) tools/lock

.PHONY: clean
clean: ## remove all that was built here, except the ledger in .qayd
	@rm -rf .venv .tools build dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .benchmarks qayd.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
