# Everything a contributor runs. `make PYTHON=python3.12 …` builds on another interpreter.

PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
# the files in requirements/ are complete: nothing is left for pip to choose, and pip before 23.3 would choose wrongly
PIP_INSTALL_LOCKED := $(PIP_INSTALL) --require-hashes
PIP_COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe \
	--strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(LOCK)
WORKFLOWS := $(wildcard .github/workflows/*.yml) $(shell grep -l '^jobs:' examples/*.yml)
SCRIPTS := $(filter-out %.py,$(wildcard .ci/*))

# some tests wait rather than compute: one process more than there are processors
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist worksteal

# the image's name, for `make image`
export IMAGE ?= heimdall-sync
BUILD_ARGS = --build-arg BASE_NAME=$(shell sed -n 's/^FROM \(.*\) AS base$$/\1/p' Dockerfile) \
	--build-arg VERSION=$(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' sync/__init__.py) \
	--build-arg REVISION=$(shell git rev-parse HEAD) \
	--build-arg CREATED=$(shell git log -1 --format=%cI)

.DEFAULT_GOAL := help
.PHONY: help install demo test coverage bench schema tables texts picture slow image lint-workflows \
	test-workflows lock clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

install: .venv/installed ## leave the command at .venv/bin/heimdall-sync

demo: install ## run everything once between two sandboxes
	$(BIN)/heimdall-sync demo

test: export HYPOTHESIS_PROFILE ?= quick
test: .venv/installed-dev ## lint, check types, and run the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(PYTEST)

coverage: .venv/installed-dev ## run the tests, and show which lines they leave out
	$(PYTEST) --cov

bench: .venv/installed-dev ## measure for at most 20 minutes how fast everything is, and write docs/performance.md and docs/pacing.md
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.pacing
	$(BIN)/python tests/benchmarks/overlapping.py
	$(BIN)/python -m tests.benchmarks.folder
	$(BIN)/python tests/benchmarks/impact.py
	$(BIN)/python tests/benchmarks/page.py

schema: install ## print the schemas of plan.json and of a snapshot's files into schemas/
	$(BIN)/python -m sync.model.schema > schemas/plan-2.json
	$(BIN)/python -m sync.snapshots.entries > schemas/snapshot-folder-1.json

texts: install ## print every text that a user can meet, to read them aloud
	$(BIN)/python docs/texts.py

tables: install ## write the tables of options, outputs and exit codes into docs/
	$(BIN)/python docs/tables.py

picture: .venv/installed-dev ## photograph the summary and the page of the demo's plan for the README; this needs Chromium
	$(BIN)/python docs/picture.py

slow: .venv/installed-dev ## run what takes minutes: the laws on thousands of pairs, a process killed at every request
	HYPOTHESIS_PROFILE=thorough $(PYTEST) tests/plan/test_laws.py tests/plan/test_resume.py \
		tests/judge/test_law.py tests/judge/test_model.py
	$(PYTEST) -m slow

image: .venv/installed-dev ## build the container images, say what they weigh, and try them out
	docker build --quiet $(BUILD_ARGS) --target action --tag $(IMAGE):action .
	docker build --quiet $(BUILD_ARGS) --tag $(IMAGE) .
	docker history --format '{{.Size}}	{{.CreatedBy}}' $(IMAGE)
	docker image inspect --format '{{.Size}} bytes, the base included' $(IMAGE)
	$(BIN)/pytest -m container --durations=5 tests/image

lint-workflows: .venv/installed-workflows ## check workflows, examples, action.yml, Dockerfile and shell scripts
	$(BIN)/actionlint $(WORKFLOWS)
	$(BIN)/zizmor --offline --no-progress --quiet --persona pedantic --config .github/zizmor.yml $(WORKFLOWS) \
		action.yml .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci examples/gitlab-ci.yml
	$(BIN)/hadolint Dockerfile
	shellcheck $(SCRIPTS)

test-workflows: .venv/installed-workflows ## run the workflows with act, after `make image`; takes minutes
	$(BIN)/pytest -m container tests/workflows

lock: .venv/installed-dev ## pin what pyproject.toml asks for; with LOCK=--upgrade, the newest of it
	$(PIP_COMPILE) --output-file requirements/runtime.txt pyproject.toml
	$(PIP_COMPILE) --extra sandbox --constraint requirements/runtime.txt \
		--output-file requirements/sandbox.txt pyproject.toml
	$(BIN)/python -c 'import tomllib; \
		print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' \
		| $(PIP_COMPILE) --constraint requirements/sandbox.txt --output-file requirements/dev.txt -
	$(BIN)/python -c 'import tomllib; \
		print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["workflows"], sep="\n")' \
		| $(PIP_COMPILE) --constraint requirements/dev.txt --output-file requirements/workflows.txt -
	$(PIP_COMPILE) --all-build-deps --only-build-deps --constraint requirements/dev.txt \
		--output-file requirements/build.txt pyproject.toml

clean: ## remove everything that was built
	rm -rf .venv .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache dist heimdall-sync-report

.venv/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python can't create virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/created pyproject.toml requirements/build.txt requirements/sandbox.txt
	$(PIP_INSTALL_LOCKED) -r requirements/build.txt -r requirements/sandbox.txt
	$(PIP_INSTALL) --no-build-isolation --editable .
	@touch $@

.venv/installed-dev: .venv/installed requirements/dev.txt
	$(PIP_INSTALL_LOCKED) -r requirements/dev.txt
	@touch $@

.venv/installed-workflows: .venv/installed-dev requirements/workflows.txt
	$(PIP_INSTALL_LOCKED) -r requirements/workflows.txt
	@touch $@
