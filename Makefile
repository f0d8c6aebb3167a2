# The project's commands. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# The shell's STAGE is a setting of the local API. A deployment takes STAGE from the command line only.
package check-stage deploy chalice-deploy destroy switch: STAGE := dev
# make exports variables that it was given or has changed. The programs that it starts must not get them.
unexport PYTHON VENV BIN INSTALLED SWITCHES SWITCH_NAMES LOCK TOOLS MAKEFLAGS MFLAGS
# Only switches from the command line: the shell's LOG_LEVEL, for example, is for the local API.
SWITCH_NAMES := CACHE CACHE_NEGATIVE_TTL_SECONDS CACHE_TTL_SECONDS CACHE_WRITE_POLICY DOCS DYNAMODB_RETRY_SECONDS LOG_HITS \
	LOG_LEVEL METRICS REDIS_TIMEOUT_SECONDS
SWITCHES = $(foreach name,$(SWITCH_NAMES),$(if $(findstring command line,$(origin $(name))),$(name)=$($(name))))

.DEFAULT_GOAL := help
.PHONY: help install run services watch up down import export test explore outages bench \
	freshness e2e e2e-containers package check-stage deploy chalice-deploy destroy switch account-logging \
	deploy-local fuzz check audit format openapi golden rename lock clean

help:  ## List the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(INSTALLED)  ## Create the virtual environment with the pinned packages

# A lock is complete, so pip must not resolve: older versions of pip resolve extras even with hashes, and fail
# if a newer release exists (https://github.com/pypa/pip/issues/9644).
$(INSTALLED): requirements/dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || \
		{ echo "Python 3.11 to 3.14 is required; try: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing the pinned packages into $(VENV) (first time only) …"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@broken=$$($(BIN)/python -m pip check) || { echo "$$broken"; exit 1; }
	@touch $@

run: $(INSTALLED)  ## Start the whole stack without Docker: Valkey, DynamoDB, the API on :8080
	@exec $(BIN)/python -m dev.local_stack

services: $(INSTALLED)  ## Start Valkey and DynamoDB without the API, for `chalice local --stage local`
	@exec $(BIN)/python -m dev.stack.services

watch: $(INSTALLED)  ## Open the live page of the running stack, or of a new one
	@exec $(BIN)/python -m dev.local_stack --watch

up:  ## Start the whole stack in containers: LocalStack, Valkey, the API on :8080
	docker compose -f localstack-compose.yml up --build

down:  ## Stop the containers and remove their data
	docker compose -f localstack-compose.yml down --volumes

import: $(INSTALLED)  ## Load products from NDJSON or a JSON array: make import FILE=products.ndjson
	@$(BIN)/python -m dev.transfer import "$(FILE)" $(if $(RESOURCE),--resource $(RESOURCE))

export: $(INSTALLED)  ## Save all products: make export FILE=products.ndjson
	@$(BIN)/python -m dev.transfer export "$(FILE)" $(if $(RESOURCE),--resource $(RESOURCE))

test: $(INSTALLED)  ## Run every test; with branch coverage: ARGS=--cov
	@$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

e2e: $(INSTALLED)  ## Deploy to an emulated AWS, install with each Python, open the pages in Chromium …
	@$(BIN)/python -m pytest -m "browser or deployment or debian or install or chalice or slow" $(ARGS)

e2e-containers: $(INSTALLED)  ## Run the containers by Docker, or by Podman on Debian as root
	@$(BIN)/python -m pytest -m containers $(ARGS)

fuzz: $(INSTALLED)  ## Test the API against its OpenAPI document with 5,000 or more requests
	@$(BIN)/python -m dev.fuzz $(or $(CASES),5000) $(SEED)

explore: $(INSTALLED)  ## Check every interleaving of readers, writers and faults; more: ARGS=--full
	@$(BIN)/python -m tests.protocol.report $(ARGS)

freshness: $(INSTALLED)  ## Count stale reads under faults: make freshness SECONDS=60 FAULTS=kill,lose
	@$(BIN)/python -m dev.faults --seconds $(or $(SECONDS),60) --faults $(or $(FAULTS),all) $(ARGS)

outages: $(INSTALLED)  ## Measure what clients notice while Redis or DynamoDB fails
	@$(BIN)/python -m dev.faults.outages $(ARGS)

bench: $(INSTALLED)  ## Compare with limits and other projects, in 10 minutes; a few rounds: ARGS=--quick
	@$(BIN)/python -m benchmarks $(ARGS)

package: $(INSTALLED)  ## Package a stage into .local/deploy: make package STAGE=prod
	@$(BIN)/python -m dev.deploy package --stage "$(STAGE)" $(ARGS)

check-stage: $(INSTALLED)  ## Check a stage's package with cfn-lint and checkov: STAGE=prod
	@$(BIN)/python -m dev.deploy check --stage "$(STAGE)" $(ARGS)

deploy: $(INSTALLED)  ## Deploy to AWS, data and functions: make deploy STAGE=prod ARGS='Cache=nodes'
	@$(BIN)/python -m dev.deploy up --stage "$(STAGE)" $(ARGS)

chalice-deploy: $(INSTALLED)  ## Deploy to AWS with an unmodified `chalice deploy`: STAGE=dev
	@$(BIN)/python -m dev.deploy chalice --stage "$(STAGE)" $(ARGS)

destroy: $(INSTALLED)  ## Remove the functions and keep the data; ARGS=--data removes both
	@$(BIN)/python -m dev.deploy down --stage "$(STAGE)" $(ARGS)

account-logging: $(INSTALLED)  ## Create API Gateway's logging role, once per account and region
	@$(BIN)/python -m dev.deploy account-logging

switch: $(INSTALLED)  ## Change settings of a deployed stage without a deployment: STAGE=prod CACHE=off
	@$(BIN)/python -m dev.deploy switch --stage "$(STAGE)" $(SWITCHES) $(ARGS)

deploy-local: $(INSTALLED)  ## Deploy to an emulated AWS on this machine; Ctrl-C stops it
	@exec $(BIN)/python -m dev.deploy local

check: $(INSTALLED)  ## Check format, lint, types and import directions
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

audit: $(INSTALLED)  ## Scan code, workflows and locks with bandit, zizmor and pip-audit
	@$(BIN)/python -m dev.audit

format: $(INSTALLED)  ## Format the code and fix what can be fixed automatically
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .

openapi: $(INSTALLED)  ## Build the OpenAPI document from dev/openapi/*.yaml and the models
	@$(BIN)/python -m dev.openapi

golden: $(INSTALLED)  ## Write the golden file of the cached bytes, after a change of SCHEMA
	@$(BIN)/python -m tests.golden

rename: $(INSTALLED)  ## Rename the project, before the first deployment: make rename NAME=order-desk
	@$(BIN)/python -m dev.rename "$(NAME)"

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --no-header --no-emit-index-url --no-emit-find-links
TOOLS := $(wildcard dev/deploy/tools/*.txt benchmarks/runtime/*.txt benchmarks/peers/*/*.txt tests/system/podman/*.txt)

lock: $(INSTALLED)  ## Pin every package again, with hashes; upgrade all: ARGS=--upgrade
	@$(BIN)/python -m pip install --quiet uv==0.13.9
	@$(LOCK) requirements/dev.txt -o requirements/dev.lock $(ARGS)
	@$(LOCK) requirements/image.txt -c requirements/dev.lock -o requirements/image.lock $(ARGS)
	@$(LOCK) requirements.txt -c requirements/dev.lock -o requirements/functions.lock $(ARGS)
	@for set in $(basename $(TOOLS)); do $(LOCK) $$set.txt -o $$set.lock $(ARGS) || exit 1; done

clean:  ## Remove everything that the commands created
	rm -rf $(VENV) .local .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
