# demo, test, bench, evaluate, lint: each installs what it needs into .venv first. Needs Python 3.11+ and make, nothing else.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
HEADLESS ?=

.PHONY: demo test bench evaluate lint clean
.SILENT:

demo: $(INSTALLED)
	$(BIN)/referral-hub demo $(if $(filter-out 0,$(HEADLESS)),--headless)

test: $(INSTALLED)
	$(BIN)/python -m tests

bench: $(INSTALLED)
	$(BIN)/python -m tests.benchmarks

evaluate: $(INSTALLED)
	$(BIN)/python -m tests.evaluation

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find hub adapters schemas migrations tests -name __pycache__ -prune -exec rm -rf {} +

# torch by itself first: with PIP_EXTRA_INDEX_URL set to PyTorch's CPU index, pip then takes the build without CUDA.
# The lock is one set of versions for Python 3.11; where it has no wheels, the bounds of pyproject.toml decide.
$(INSTALLED): .requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or later is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	echo "installing into .venv; the first time this takes minutes" >&2
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' .requirements.lock)" >&2 \
	  && $(BIN)/pip install --quiet --disable-pip-version-check -r .requirements.lock >&2 \
	  && $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . >&2 \
	  || { $(BIN)/pip install --quiet --upgrade 'pip>=25.1' >&2 && $(BIN)/pip install --quiet --group dev -e . >&2; }
	touch $@
