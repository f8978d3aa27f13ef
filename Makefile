# Every target makes .venv when it is missing, and installs again only when pyproject.toml or constraints.txt changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
USER_STAMP := $(VENV)/.installed-user
STAMP := $(VENV)/.installed
DOCS_STAMP := $(VENV)/.installed-docs

.PHONY: quickstart test lint docs bench slow dist ranges clean

$(USER_STAMP): pyproject.toml constraints.txt  # what a user installs: no extra, no oracle of the tests
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps torch-fidelity  # an oracle of the tests; its torchvision is not needed
	touch $@ $(USER_STAMP)

$(DOCS_STAMP): $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs]'
	touch $@

quickstart: $(USER_STAMP)  ## train on the built-in digits, evaluate, write runs/quickstart/report.html
	$(BIN)/gantlet quickstart

test: $(STAMP)  ## all tests but the slow ones
	$(BIN)/pytest -n 2 -m "not slow"

slow: $(STAMP)  ## the minutes-long tests that run before a release
	$(BIN)/pytest -n 2 -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(DOCS_STAMP)
	$(BIN)/mkdocs build --strict

dist: $(STAMP)  ## sdist and wheel in dist/, the wheel tried in an environment of its own
	$(PYTHON) tools/try_wheel.py

ranges: ## the tests that need no rival, with the oldest and with the newest dependencies that pyproject.toml allows (uv on the PATH)
	$(PYTHON) tools/try_ranges.py

bench: $(STAMP)
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache
