# Everything a contributor runs. `make PYTHON=python3.12 …` builds on another interpreter.

PYTHON ?= python3
# those on which everything has to work; .ci/test-pythons finds them
PYTHONS := 3.11 3.12 3.13 3.14
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
# the files in requirements/ are complete: nothing is left for pip to choose, and pip before 23.3 would choose wrongly
PIP_INSTALL_LOCKED := $(PIP_INSTALL) --require-hashes
# that they are complete is for pip to find out, since it chose nothing
PIP_CHECK := $(BIN)/python -m pip check
PIP_COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe \
	--strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(LOCK)
WORKFLOWS := $(wildcard .github/workflows/*.yml) $(shell grep -l '^jobs:' examples/*.yml)
SCRIPTS := $(filter-out %.py .ci/scanner,$(wildcard .ci/*))

# some tests wait rather than compute: one process more than there are processors
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist worksteal

# the tests start hundreds of processes, which would compile all of it again
unexport PYTHONDONTWRITEBYTECODE

# the image's name, for `make image`
export IMAGE ?= heimdall-sync
BUILD_ARGS = --build-arg BASE_NAME=$(shell sed -n 's/^FROM \(.*\) AS base$$/\1/p' Dockerfile) \
	--build-arg VERSION=$(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' sync/__init__.py) \
	--build-arg REVISION=$(shell git rev-parse HEAD) \
	--build-arg CREATED=$(shell git log -1 --format=%cI)

.DEFAULT_GOAL := help
.PHONY: help install demo test test-pythons test-python coverage bench schema tables texts picture slow image \
	build-images scan lint-workflows test-workflows lock clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

install: $(VENV)/installed ## leave the command at .venv/bin/heimdall-sync

demo: install ## run everything once between two sandboxes
	$(BIN)/heimdall-sync demo

test: export HYPOTHESIS_PROFILE ?= quick
test: $(VENV)/installed-dev ## lint, check types, and run the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(PYTEST)

test-pythons: ## run the tests on every other Python that this machine has, of those that CI has
	.ci/test-pythons $(PYTHONS)

# with all that is pinned: what runs the tests, what is shipped, and what builds it
test-python: export HYPOTHESIS_PROFILE ?= glance
test-python: $(VENV)/installed-workflows
	$(PIP_INSTALL_LOCKED) -r requirements/runtime.txt
	$(PYTEST)

coverage: $(VENV)/installed-dev ## run the tests, and show which lines they leave out
	$(PYTEST) --cov

bench: $(VENV)/installed-dev ## measure for at most 20 minutes how fast everything is, and write docs/performance.md and docs/pacing.md
	$(BIN)/python tests/benchmarks/overlapping.py
	$(BIN)/python tests/benchmarks/impact.py
	$(BIN)/python tests/benchmarks/page.py
	$(BIN)/python -m tests.benchmarks.pacing
	$(BIN)/python -m tests.benchmarks.folder
	$(BIN)/python -m tests.benchmarks # last: it ends with 1 where a goal is missed

schema: install ## print the schemas of plan.json and of snapshots into schemas/
	$(BIN)/python -m sync.model.schema > schemas/plan-2.json
	$(BIN)/python -m sync.model.schema snapshot > schemas/snapshot-1.json
	$(BIN)/python -m sync.snapshots.entries > schemas/snapshot-folder-1.json

texts: install ## print every text that a user can meet, to read them aloud
	$(BIN)/python docs/texts.py

tables: install ## write the tables of options, outputs and exit codes into docs/
	$(BIN)/python docs/tables.py

picture: $(VENV)/installed-dev ## photograph the summary and the page of the demo's plan for the README; this needs Chromium
	$(BIN)/python docs/picture.py

slow: $(VENV)/installed-dev ## run what takes minutes: the laws on thousands of pairs, a process killed at every request
	HYPOTHESIS_PROFILE=thorough $(PYTEST) tests/plan/test_laws.py tests/plan/test_resume.py \
		tests/judge/test_law.py tests/judge/test_few_questions.py tests/judge/test_model.py
	$(PYTEST) -m slow

build-images:
	docker build --quiet $(BUILD_ARGS) --target action --tag $(IMAGE):action .
	docker build --quiet $(BUILD_ARGS) --tag $(IMAGE) .

scan: build-images ## look for known vulnerabilities of the images that newer packages mend; this needs the network
	.ci/scan-images $(IMAGE):action $(IMAGE)

image: build-images $(VENV)/installed-dev ## build the container images, say what they weigh, and try them out
	docker history --format '{{.Size}}	{{.CreatedBy}}' $(IMAGE)
	docker image inspect --format '{{.Size}} bytes, the base included' $(IMAGE)
	$(BIN)/pytest -m container --durations=5 tests/image

lint-workflows: $(VENV)/installed-workflows ## check workflows, examples, action.yml, Dockerfile and shell scripts
	$(BIN)/actionlint $(WORKFLOWS)
	$(BIN)/zizmor --offline --no-progress --quiet --persona pedantic --config .github/zizmor.yml $(WORKFLOWS) \
		action.yml .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci examples/gitlab-ci.yml
	$(BIN)/hadolint Dockerfile .ci/scanner/Dockerfile
	shellcheck $(SCRIPTS)

test-workflows: $(VENV)/installed-workflows ## run the workflows with act, after `make image`; takes minutes
	$(BIN)/pytest -m container tests/workflows

lock: $(VENV)/installed-dev ## pin what pyproject.toml asks for; with LOCK=--upgrade, the newest of it
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
	rm -rf .venv .venv-* .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache dist heimdall-sync-report

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python can't create virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/created pyproject.toml requirements/build.txt requirements/sandbox.txt
	$(PIP_INSTALL_LOCKED) -r requirements/build.txt -r requirements/sandbox.txt
	$(PIP_INSTALL) --no-build-isolation --editable .
	$(PIP_CHECK)
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements/dev.txt
	$(PIP_INSTALL_LOCKED) -r requirements/dev.txt
	$(PIP_CHECK)
	@touch $@

$(VENV)/installed-workflows: $(VENV)/installed-dev requirements/workflows.txt
	$(PIP_INSTALL_LOCKED) -r requirements/workflows.txt
	$(PIP_CHECK)
	@touch $@
