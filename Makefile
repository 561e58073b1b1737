# The two first commands of the README are `make ask` and `make test`. Everything installs into .venv,
# from locks with hashes; a stamp file says that it is done, so that a second run starts at once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
TYPED := build/types

# Q is taken as it stands: $(value) keeps make from expanding it, and the recipe reads the environment,
# so no quote, dollar or backquote in a question is ever run.
unexport Q
export BATHY_QUESTION := $(if $(value Q),$(value Q),How are citations checked and repaired?)

.DEFAULT_GOAL := help
.PHONY: help ask test check lint types contracts wheel-test examples prism hostile cluster format lock clean

help:  ## show what there is
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) | awk -F ':.*  ## ' '{printf "make %-12s %s\n", $$1, $$2}'

ask: $(VENV)/run.stamp  ## ask this repository: make ask Q="How are citations checked and repaired?"
	@$(BIN)/bathy --offline --task "$$BATHY_QUESTION" </dev/null

test: $(VENV)/dev.stamp  ## run all tests
	@$(BIN)/python -m pytest $(ARGS)

check: test lint types contracts wheel-test  ## run all that CI runs

lint: $(VENV)/dev.stamp  ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp  ## mypy, strict
	@mkdir -p $(TYPED)/bathy
	@ln -sfn ../../../agent $(TYPED)/bathy/agent
	@ln -sfn ../../../tools $(TYPED)/bathy/tools
	@MYPYPATH=$(TYPED):tests $(BIN)/mypy --namespace-packages --explicit-package-bases $(TYPED)/bathy tests

contracts: $(VENV)/dev.stamp  ## which part may import which
	@$(BIN)/lint-imports --no-cache

wheel-test: $(VENV)/dev.stamp  ## install the built wheel elsewhere and run it in a hostile folder
	@.ci/wheel_test $(BIN)/python

prism: $(VENV)/dev.stamp  ## check what goes to and comes from GitHub against its own description; needs node
	@npm install --prefix build/prism --no-audit --no-fund --silent @stoplight/prism-cli @octokit/openapi
	@BATHY_PRISM=$(CURDIR)/build/prism $(BIN)/python -m pytest -n0 tests/modes/triage/github/test_triage_prism.py

examples: $(VENV)/dev.stamp  ## try the properties on new examples: make examples ROUNDS=5
	@for round in $$(seq $(or $(ROUNDS),1)); do \
	  $(BIN)/python -m pytest -q -m hypothesis --hypothesis-profile=new || exit 1; done

hostile: $(VENV)/dev.stamp  ## triage hostile issues with models that obey them: make hostile CASES=FILE
	@test -n "$(CASES)" || { echo "name a file of cases: make hostile CASES=FILE"; exit 1; }
	@BATHY_HOSTILE="$(CASES)" $(BIN)/python -m pytest tests/modes/triage/test_triage_hostile_file.py

cluster: $(VENV)/dev.stamp  ## run a batch on a Dask cluster of processes on this machine
	@$(PIP) install --quiet --require-hashes -r requirements-cluster.lock
	@BATHY_CLUSTER=1 $(BIN)/python -m pytest -n0 tests/modes/batch/test_batch_cluster.py

format: $(VENV)/dev.stamp  ## put the code in shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: $(VENV)/dev.stamp  ## resolve the dependencies anew
	@$(PIP) install --quiet uv
	@for set in "requirements.lock --extra build" "requirements-dev.lock --extra build --extra dev" \
	  "requirements-cluster.lock --extra cluster"; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	    --no-header --no-emit-index-url --upgrade pyproject.toml --output-file $$set || exit 1; done

clean:  ## remove what was built and installed
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "bathy needs Python 3.11 or later; name one with PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null \
	  || { rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment; install python3-venv"; exit 1; }

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing bathy into $(VENV) ..." >&2
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(PIP) install --quiet --no-deps --no-build-isolation --editable . 2>/dev/null \
	  || $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp | $(BIN)/python
	@echo "installing what the tests need into $(VENV) ..." >&2
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@
