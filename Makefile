# Every target makes what it needs; nothing outside this folder is touched but a cache.

PYTHON ?= python3
STACK ?= embedded
TESTS ?=
ARGS ?=
WORKERS ?= 6
MINUTES ?= 3
MESSAGES ?= 1000000
SEED ?=

# where the environment forbids bytecode, each of a thousand processes would compile all modules
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes \
	--python-version 3.11 --no-emit-index-url --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help demo test test-image chaos fuzz bench sizing check format lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

demo: $(VENV)/demo.installed ## run the whole engine here and watch it; ARGS="--orders 500 --speed 100 --exit"
	@$(BIN)/fixengine demo $(ARGS)

test: $(VENV)/dev.installed ## run all tests; STACK=apache for Apache Kafka (Java 17, Maven), TESTS=path, WORKERS=0, ARGS=...
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder \
		--stack $(STACK) $(TESTS) $(ARGS)

test-image: $(VENV)/dev.installed ## build the image and try it on real parts; Linux, root or Docker's own rights
	@tests/image/run.sh $(ARGS)

chaos: $(VENV)/dev.installed ## faults on real engines, Apache Kafka (Java 17, Maven) and PostgreSQL; MINUTES=60, SEED=7
	@$(BIN)/python -m tests.chaos --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(ARGS)

fuzz: $(VENV)/dev.installed $(VENV)/fuzz.installed ## hostile bytes for decoder and FIX session, hostile orders for a whole intake; MESSAGES=1000000, SEED=7
	@$(BIN)/python -m tests.fuzz.decoder --runs $(MESSAGES) --corpus .fuzz/orders $(if $(SEED),--seed $(SEED))
	@$(BIN)/python -m tests.fuzz.fix --runs $(MESSAGES) --corpus .fuzz/fix $(if $(SEED),--seed $(SEED))
	@$(BIN)/python -m tests.fuzz --messages $(MESSAGES) --corpus .fuzz/orders $(if $(SEED),--seed $(SEED)) $(ARGS)

bench: $(VENV)/dev.installed ## engine and bare loops in turns, as ratios; STACK=apache, ARGS="--only intake --json FILE --svg FILE"
	@$(BIN)/python -m benchmarks --stack $(STACK) $(ARGS)

sizing: $(VENV)/dev.installed ## measure the figures of docs/sizing.md; Linux, nothing else at work, STACK=apache
	@$(BIN)/python -m tests.sizing --stack $(STACK)

check: $(VENV)/dev.installed ## format, lint, strict types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/dev.installed ## format and mend what can be mended
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

lock: $(BIN)/uv $(BIN)/pip-licenses ## renew the image's locked dependencies and the list of their licences
	@$(LOCK) --extra otlp --output-file requirements.lock pyproject.toml
	@$(LOCK) --output-file requirements-build.lock --group image
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)/lock
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(VENV)/lock/bin/python requirements.lock
	@{ printf '# Licences of what the image adds to its base\n\n'; \
		printf 'Made by `make lock`; each package brings its own texts.\n\n'; \
		printf '%s\n\n' 'The tables in `fixengine/fix/tables` are facts from FIX Orchestra, FIX Trading Community, Apache-2.0.'; \
		$(BIN)/pip-licenses --python $(VENV)/lock/bin/python --format markdown --from mixed; \
	} > THIRD_PARTY_LICENSES.md
	@rm -rf $(VENV)/lock

clean: ## remove the virtual environment and the caches of the tools
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .fuzz .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "$(PYTHON) can't make virtual environments: install its venv package"; exit 1; }

$(BIN)/uv $(BIN)/pip-licenses: | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9 pip-licenses==5.5.5

$(VENV)/%.installed: pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@
