# The commands of a working day. `run`, `test` and `bench` set up what they need; a second time that costs nothing.

PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: install run test lint format bench mutants lock

install: $(VENV)/.installed

run: install
	@exec $(BIN)/palabre serve --data var --host 127.0.0.1 --port 8008 --server-name localhost

# Everything a change must pass. The last line is pytest's own.
test: $(VENV)/.installed-dev
	@scripts/test-needs
	@$(MAKE) --no-print-directory lint
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/python -m pytest -n 2 --dist loadscope

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/.installed-dev
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: install
	@$(BIN)/python -m bench

# Whether the tests notice mistakes in the linter, the ladder and standing; a quarter of an hour. docs/lint.md
mutants: $(VENV)/.installed-dev
	@scripts/mutants

# New versions of everything: hashes, and no address of a registry.
lock:
	$(UV) pip compile pyproject.toml --extra chat --group build $(COMPILE) -o requirements.txt
	$(UV) pip compile pyproject.toml --extra chat --group build --group dev -c requirements.txt $(COMPILE) -o requirements-dev.txt
	$(UV) pip compile --group node $(COMPILE) -o requirements-node.txt

COMPILE := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --quiet

$(VENV)/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Palabre needs Python 3.11 or newer." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@
