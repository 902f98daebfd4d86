# The commands of everyday work. `make help` lists them.
# A fresh machine needs Python 3.11 or newer, make and a package index; nothing else.

VENV   := .venv
PY     := $(VENV)/bin/python
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
            $(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
HOST   ?= 127.0.0.1
PORT   ?= 8000
PYTEST_ARGS ?=
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard wiki/translations/*/LC_MESSAGES/*.po))
FRONT  := $(shell find static/src templates -type f 2>/dev/null) static/build.mjs package.json

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run demo test test-rest test-all storm screens lint format docs translations bench wheel lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Compiled now, a start takes two seconds less where Python may not write bytecode itself.
setup: $(VENV)/installed static/dist/manifest.json $(CATALOGUES) ## make the environment and build the front end
	@$(PY) -m compileall -q wiki migrations

run: setup ## serve the wiki kept in ./data (HOST, PORT)
	$(VENV)/bin/wiki serve --host $(HOST) --port $(PORT)

demo: setup ## serve a small lively organisation, kept in ./data/demo
	WIKI_DATA_DIR=$${WIKI_DATA_DIR:-data/demo} $(VENV)/bin/wiki demo
	WIKI_DATA_DIR=$${WIKI_DATA_DIR:-data/demo} $(VENV)/bin/wiki serve --host $(HOST) --port $(PORT)

# Databases of tests need not outlive them: in memory, where there is such a place. Compiled tests
# are kept, because every process that runs tests would compile them again.
test test-rest: export PYTEST_DEBUG_TEMPROOT ?= $(wildcard /dev/shm)
test test-rest: export PYTHONDONTWRITEBYTECODE =
# A worker keeps to one half of the tests and takes from the other when it is done: what several tests
# share is mostly made once.
TESTS = $(PY) -m pytest --numprocesses=auto --dist=worksteal --databases=all

test: lint ## linters, types, import contracts, and the tests of everyday work (PYTEST_ARGS)
	$(TESTS) --scope=quick $(PYTEST_ARGS)

test-rest: lint ## the tests that `make test` leaves out (PYTEST_ARGS)
	$(TESTS) --scope=rest $(PYTEST_ARGS)

test-all: test test-rest ## every test, as on a build server

lint: setup ## ruff, mypy and the import contracts
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-cache

screens: setup ## every screen in Chromium from 320 to 1920 pixels, light and dark, in both directions
	WIKI_TEST_EVERY_VIEW=1 $(TESTS) tests/browser/test_every_screen.py $(PYTEST_ARGS)

format: $(VENV)/installed ## let ruff put the code in order
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

docs: $(VENV)/installed ## write the reference of settings and commands, and the code in the guide to rooms
	$(PY) -m docs.reference

storm: setup ## the long form of the tests that throw dice: sequences against the gate, kills of the worker
	WIKI_TEST_SEQUENCES=$${WIKI_TEST_SEQUENCES:-10000} $(PY) -m pytest tests/rules/test_model.py --numprocesses=auto $(PYTEST_ARGS)
	WIKI_TEST_DAYS=$${WIKI_TEST_DAYS:-17} $(PY) -m pytest tests/inbox/test_kill_storm.py --databases=all --numprocesses=auto $(PYTEST_ARGS)

translations: $(VENV)/installed ## extract the marked texts, and update and compile the catalogues
	$(PY) -m docs.translations

bench: setup ## the table of ratios that the project holds itself to
	$(PY) -m bench

wheel: $(VENV)/installed ## build dist/*.whl and dist/*.tar.gz
	$(PY) -m build

lock: $(VENV)/installed ## renew requirements/*.txt and package-lock.json
	@# A copy outside the project, so that no package manager finds other settings there.
	$(VENV)/bin/uv pip compile $(LOCK) pyproject.toml -o requirements/run.txt
	$(VENV)/bin/uv pip compile $(LOCK) --extra dev pyproject.toml -o requirements/dev.txt
	$(PY) hatch_build.py lock

# Every file of a release is hashed, so that one lock serves every platform.
LOCK = --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
       $(if $(UPGRADE),--upgrade)

clean: ## forget the environment and all that was built (not the data)
	rm -rf $(VENV) node_modules static/dist dist build .mypy_cache .ruff_cache .pytest_cache

$(VENV)/installed: requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/.installed: package.json package-lock.json | $(VENV)/installed
	$(PY) hatch_build.py install
	@touch $@

%.mo: %.po | $(VENV)/installed
	$(PY) hatch_build.py compile

static/dist/manifest.json: $(FRONT) node_modules/.installed
	$(PY) hatch_build.py build
	@touch $@
