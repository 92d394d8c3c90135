# The front door: every target installs what it needs first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
FLINK_VENV := .venv-flink
FLINK_INSTALLED := $(FLINK_VENV)/.installed
FEAST_VENV := .venv-feast
FEAST_INSTALLED := $(FEAST_VENV)/.installed
PETASTORM_VENV := .venv-petastorm
PETASTORM_INSTALLED := $(PETASTORM_VENV)/.installed
OURS := events schemas broker processors projections api serving sdk cli compose bench examples tests

# Some thirty processes import the same modules, and again at each start: each is compiled once, whatever is set outside.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install demo delays up down status test test-unit test-long check format bench lock clean

help: ## say what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) $(FLINK_INSTALLED) ## install everything into the working folder

$(INSTALLED): locks/headrace.txt locks/bootstrap.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --require-hashes --requirement locks/bootstrap.txt
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes locks/headrace.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps --editable .
	@touch $@

$(FLINK_INSTALLED): processors/flink/requirements.lock $(INSTALLED)
	@test -x $(FLINK_VENV)/bin/python || $(PYTHON) -m venv $(FLINK_VENV)
	$(BIN)/uv pip sync --quiet --python $(FLINK_VENV)/bin/python --require-hashes processors/flink/requirements.lock
	@touch $@

$(FEAST_INSTALLED): bench/feast/requirements.lock $(INSTALLED)
	@test -x $(FEAST_VENV)/bin/python || $(PYTHON) -m venv $(FEAST_VENV)
	$(BIN)/uv pip sync --quiet --python $(FEAST_VENV)/bin/python --require-hashes bench/feast/requirements.lock
	@touch $@

$(PETASTORM_INSTALLED): tests/petastorm/requirements.lock $(INSTALLED)
	@test -x $(PETASTORM_VENV)/bin/python || $(PYTHON) -m venv $(PETASTORM_VENV)
	$(BIN)/uv pip sync --quiet --python $(PETASTORM_VENV)/bin/python --require-hashes tests/petastorm/requirements.lock
	@touch $@

demo: install ## play the story of a year of flights, and leave the stack up
	PYTHONPATH=examples $(BIN)/python -m flights

delays: install ## play what the feature store can do, part by part, on two months of them
	PYTHONPATH=examples $(BIN)/python -m delays

up: install ## start everything, and return when it is healthy
	$(BIN)/headrace up --detach

down: $(INSTALLED) ## stop everything
	$(BIN)/headrace down

status: $(INSTALLED) ## say how everything is
	$(BIN)/headrace status

check: $(INSTALLED) ## format, lint, types, import contracts
	$(BIN)/ruff format --check $(OURS)
	$(BIN)/ruff check $(OURS)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## put the format right
	$(BIN)/ruff format $(OURS)
	$(BIN)/ruff check --fix $(OURS)

test: install $(PETASTORM_INSTALLED) ## all tests but the long ones
	$(BIN)/pytest -m "not long" --numprocesses 3 --dist loadscope --no-loadscope-reorder

test-unit: install ## those that need no servers
	$(BIN)/pytest -m "not long" tests/unit

test-long: install ## series of kills, scale, fuzzing
	$(BIN)/pytest -m "long or fuzz" --timeout 3600 --hypothesis-profile long

bench: install $(FEAST_INSTALLED) ## measure, beside the floor and Feast, into a table and bench-report.json; ONLY="PART …": some parts
	PYTHONPATH=bench $(BIN)/python -m headrace_bench $(if $(ONLY),--only $(ONLY))

lock: $(INSTALLED) ## resolve the dependencies again
	$(BIN)/uv pip compile pyproject.toml --upgrade --all-extras --group dev --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet --output-file locks/headrace.txt

clean: ## forget what was installed and fetched (not what was stored)
	rm -rf $(VENV) $(FLINK_VENV) $(FEAST_VENV) $(PETASTORM_VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
