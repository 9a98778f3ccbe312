# A fresh machine needs python3 (3.11 or newer, with venv and pip) and make; everything else is installed into .venv
# from the hashed locks in requirements/.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEPLOY := $(VENV)-deploy
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-deps

.PHONY: demo test lint bench chaos deploy-check wheel-check lock clean

demo: $(VENV)/ready ## watch tickets arrive and read the notes
	@$(BIN)/deskpilot demo $(ARGS)

test: $(VENV)/ready-dev ## all tests; browser tests need Chromium (REQUIRE_BROWSER=1 makes them compulsory)
	$(BIN)/python -m pytest -n 4 --dist worksteal $(ARGS)

lint: $(VENV)/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/ready-dev ## the figures of the README
	$(BIN)/python -m tests.bench.story $(ARGS)
	$(BIN)/python -m tests.bench.text $(ARGS)
	$(BIN)/python -m tests.bench.ack $(ARGS)
	$(BIN)/python -m tests.bench.throughput $(ARGS)
	$(BIN)/python -m tests.bench.sync $(ARGS)
	$(BIN)/python -m tests.bench.scale $(ARGS)
	$(BIN)/python -m tests.bench.retrieval $(ARGS)
	$(BIN)/python -m tests.bench.worth $(ARGS)

chaos: $(VENV)/ready-dev ## kills everything at random for ten minutes, and judges what became of a thousand messages
	@$(BIN)/python -m tests.chaos $(ARGS)

deploy-check: $(DEPLOY)/ready wheel-check ## reads deploy/ with the tools of those who run it, then runs the wheel as they do
	@$(DEPLOY)/bin/python -m tests.deploy

wheel-check: ## builds the wheel, installs it as the image does, runs it as a stranger on a read-only tree; REQUIRE_READ_ONLY=1 for nothing less
	@$(PYTHON) -m tests.deploy.wheel

lock: ## needs uv; names no index
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile -q --universal --generate-hashes --python-version 3.11 $(UPGRADE) \
	  pyproject.toml -o requirements/runtime.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile -q --universal --generate-hashes --python-version 3.11 $(UPGRADE) \
	  pyproject.toml --extra embedded -c requirements/runtime.txt -o requirements/embedded.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile -q --universal --generate-hashes --python-version 3.11 $(UPGRADE) \
	  --group build -c requirements/embedded.txt -o requirements/build.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile -q --universal --generate-hashes --python-version 3.11 $(UPGRADE) \
	  --group dev -c requirements/embedded.txt -o requirements/dev.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile -q --universal --generate-hashes --python-version 3.11 $(UPGRADE) \
	  --group deploy -o requirements/deploy.txt

clean:
	rm -rf $(VENV) $(DEPLOY) .deskpilot build dist

$(VENV)/ready: pyproject.toml requirements/embedded.txt requirements/build.txt
	@echo "Installing deskpilot into $(VENV) (once, about a minute) ..." >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "deskpilot needs Python 3.11 or newer: set PYTHON=")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements/build.txt
	@$(PIP) -r requirements/embedded.txt
	@$(PIP) --no-build-isolation -e .
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements/dev.txt
	@echo "Installing what the tests need ..." >&2
	@$(PIP) -r requirements/dev.txt
	@touch $@

$(DEPLOY)/ready: requirements/deploy.txt
	@echo "Installing what reads deploy/ into $(DEPLOY) ..." >&2
	@test -x $(DEPLOY)/bin/python || $(PYTHON) -m venv $(DEPLOY)
	@$(DEPLOY)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r requirements/deploy.txt
	@touch $@
