# Two commands do everything: `make run` (the bridge with an embedded Redis and the sandbox) and `make test`
# (the whole suite). Both install what they need into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export COVERAGE_FILE := .coverage
# processes that compile everything anew at each start make the suite twice as long
unexport PYTHONDONTWRITEBYTECODE
MINUTES ?= 30
SEED ?= 11
RATE ?= 60
# what the fault run stands on: STORE redis, sentinel or cluster; BROKER redis or rabbitmq
STORE ?= redis
BROKER ?= redis
GROUND := $(if $(filter-out redis,$(STORE)),-$(STORE))$(if $(filter-out redis,$(BROKER)),-$(BROKER))
ON_EVERY_CORE := --numprocesses logical --dist loadgroup --no-loadscope-reorder
# tests of the whole bridge run as its users run it: measuring coverage would make it half as fast; the longest first
WHOLE := tests/faults tests/browser tests/stories

.DEFAULT_GOAL := help
.PHONY: help run demo test screenshots bench fuzz faults mutants lint format reference lock dist clean

help: ## say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1	/'

run: $(VENV)/run ## start the bridge in the foreground, with what CONFIG=bridge.toml leaves out: a Redis, the sandbox
	@$(BIN)/bridge up $(if $(CONFIG),--config $(CONFIG)) $(OPTIONS)

demo: $(VENV)/run ## send a set of webhooks and mails through the whole bridge and check what comes of them
	@$(BIN)/bridge demo

test: $(VENV)/dev lint ## run every check and the whole suite
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(ON_EVERY_CORE) $(WHOLE:%=--ignore=%)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report
	$(BIN)/python -m pytest $(ON_EVERY_CORE) $(WHOLE)

fuzz: $(VENV)/dev ## try all connectors with 20,000 bodies, as every night
	BRIDGE_FUZZ_BODIES=20000 $(BIN)/python -m pytest -q --timeout 1800 -k arbitrary_bytes tests/connectors/test_conformance.py

faults: $(VENV)/dev ## kill, freeze, cut and spoil everything for MINUTES=30, and write docs/evidence/faults.md; STORE=sentinel or cluster, BROKER=rabbitmq
	$(BIN)/python -m tests.faults --seed $(SEED) --seconds $$(($(MINUTES) * 60)) --rate $(RATE) --store $(STORE) --broker $(BROKER) \
		--out docs/evidence/faults$(GROUND).json

mutants: $(VENV)/dev ## see that the same notices each safeguard that is taken out, and write docs/evidence/mutants.md
	$(BIN)/python -m tests.faults --seed $(SEED) --hunt 3 --out docs/evidence/mutants.json

bench: $(VENV)/dev ## measure our speed beside yardsticks; QUICK=1 takes a minute
	$(BIN)/python -m bench $(if $(QUICK),--quick --out docs/evidence/quick,--out docs/evidence --readme README.md --scaling docs/scaling.md)

screenshots: $(VENV)/dev ## take the pictures of the console in docs/img anew; needs Chromium
	$(BIN)/python -m tests.browser.shots docs/img

lint: $(VENV)/dev ## check style, types and the floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.secret_scan

format: $(VENV)/dev ## put the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

reference: $(VENV)/dev ## write docs/settings.md from the models of the settings
	$(BIN)/python -m bridge.settings_reference > docs/settings.md

lock: $(VENV)/dev ## pin every dependency anew: hashes, and no address of any index
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml --extra traces --group dev -c requirements.lock -o requirements-dev.lock

dist: $(VENV)/dev ## build wheel and sdist into dist, and try the wheel where nothing else is installed
	rm -rf dist
	$(BIN)/hatchling build -t sdist -t wheel -d dist
	$(BIN)/python -m pytest -q tests/deploy/test_release.py

clean: ## remove what was built; data of the bridge stays
	rm -rf $(VENV) .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist

$(VENV)/run: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -f $(VENV)/dev || $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . && touch $@

$(VENV)/dev: requirements-dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . && touch $@ $(VENV)/run
