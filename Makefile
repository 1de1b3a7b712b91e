# Everything here needs Python 3.11 or newer and nothing else; `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Arguments for what is run: make demo ARGS="--port 8123", make test ARGS="-k referral".
ARGS ?=
# Test processes side by side.
WORKERS ?= 2
# The newest first; one that is only a name (a version manager's shim) does not answer.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

BIN := .venv/bin
PO := $(wildcard caseapp/translations/*/LC_MESSAGES/messages.po)
MO := $(PO:.po=.mo)
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: ready ## start everything on this machine with invented people (ARGS="--port 8123 --cases 500 --seed 7")
	@exec $(BIN)/acogida demo $(ARGS)

.PHONY: test
test: ready ## run the tests (ARGS="-k name", WORKERS=2)
	@$(BIN)/python -m pytest -q -n $(WORKERS) $(ARGS)

.PHONY: bench
bench: ready ## measure the main pages on 60,000 cases and print the ratios (ARGS="import": lists of people)
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: bench-who
bench-who: ready ## ask who can take six people of 400 sites with 20,000 places, and print how long it takes
	@$(BIN)/python -m tests.bench.who $(ARGS)

.PHONY: bench-night
bench-night: ready ## place twenty made-up nights of 500 households and 60 sites, check them, print the table
	@$(BIN)/python -m tests.bench.placing $(ARGS)

.PHONY: attack
attack: ready ## attack made-up releases at every grain, 1,000 small cells each (ARGS="DIR DIR": exported folders)
	@$(BIN)/python -m tests.release_audit $(ARGS)

.PHONY: lint
lint: ready ## check style, types and who may import whom
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: check-migrations
check-migrations: ready ## one head, as migrations/.head says, and safe SQL (squawk)
	@heads="$$($(BIN)/alembic heads | cut -d' ' -f1)"
	[ "$$(wc -l <<< "$$heads")" = 1 ] || { echo "More than one head:" $$heads >&2; exit 1; }
	[ "$$heads" = "$$(cat migrations/.head)" ] || {
		echo "The head is $$heads, but migrations/.head says $$(cat migrations/.head)." >&2; exit 1; }
	folder="$$(mktemp -d)"
	trap 'rm -rf "$$folder"' EXIT
	$(BIN)/alembic upgrade head --sql > "$$folder/all" 2> "$$folder/said" || { cat "$$folder/said" >&2; exit 1; }
	# A file for each migration, with the timeouts of migrations/env.py; squawk takes it for one transaction.
	awk -v folder="$$folder" '
		/^(BEGIN|COMMIT);$$/ { next }
		/^-- Running upgrade/ {
			file = sprintf("%s/%04d.sql", folder, ++number)
			print "SET lock_timeout = '"'5s'"';\nSET statement_timeout = '"'10min'"';" > file
		}
		number { print > file }' "$$folder/all"
	$(BIN)/squawk "$$folder"/*.sql

.PHONY: lock
lock: ready ## write requirements*.txt anew from pyproject.toml (ARGS="--upgrade" for newer versions)
	@export PATH="$(CURDIR)/$(BIN):$$PATH"
	$(LOCK) $(ARGS) --output-file requirements.txt
	$(LOCK) $(ARGS) --extra dev --output-file requirements-dev.txt

.PHONY: check-lock
check-lock: ready ## see that requirements*.txt fit pyproject.toml (a newer release elsewhere does not matter)
	@export PATH="$(CURDIR)/$(BIN):$$PATH"
	folder="$$(mktemp -d)"
	trap 'rm -rf "$$folder"' EXIT
	# Starting from the existing files, versions stay as they are wherever they still fit.
	cp requirements.txt requirements-dev.txt "$$folder"
	$(LOCK) --output-file "$$folder/requirements.txt" > /dev/null
	$(LOCK) --extra dev --output-file "$$folder/requirements-dev.txt" > /dev/null
	for file in requirements.txt requirements-dev.txt; do
		diff -q "$$file" "$$folder/$$file" > /dev/null || { echo "$$file does not fit pyproject.toml: make lock" >&2; exit 1; }
	done

.PHONY: translations
translations: ready ## gather the sentences of the program into the catalogues, then compile them
	@mkdir -p build
	$(BIN)/pybabel -q extract --mapping-file pyproject.toml --keyword _l --sort-by-file --add-location file \
		--project acogida --output-file build/messages.pot caseapp workers templates
	[ -d caseapp/translations/en ] || $(BIN)/pybabel init -i build/messages.pot -d caseapp/translations -l en
	$(BIN)/pybabel -q update -i build/messages.pot -d caseapp/translations --no-fuzzy-matching --ignore-pot-creation-date
	$(BIN)/pybabel compile -d caseapp/translations

.PHONY: indicators
indicators: ready ## print the catalogue of indicators into docs/indicators.md
	@$(BIN)/python -m caseapp.indicators.printed

.PHONY: vocabulary
vocabulary: ready ## print where each list of the vocabulary is kept and tested into docs/vocabulary-coverage.md
	@$(BIN)/python -m tests.architecture.vocabulary

.PHONY: screenshots
screenshots: ready ## take the pictures of the README and the docs (needs Chromium)
	@$(BIN)/python -m tests.journeys.screenshots $(ARGS)

.PHONY: clean
clean: ## remove the virtual environment and everything else that is built (not a demo's data)
	@rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find caseapp config workers migrations tests -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f $(MO)

.PHONY: ready
ready: .venv/.installed $(MO)

# From the hashed lock; made anew when the lock changes.
.venv/.locked: requirements-dev.txt
	@[ -n "$(PYTHON)" ] || { echo "Acogida needs Python 3.11 or newer; none was found (PYTHON=/path/to/python3 names one)." >&2; exit 1; }
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
		echo "Acogida needs Python 3.11 or newer; $(PYTHON) is older." >&2; exit 1; }
	[ -x $(BIN)/python ] || "$(PYTHON)" -m venv .venv > /dev/null || {
		rm -rf .venv
		echo "The virtual environment cannot be made: install the venv package of $(PYTHON) (Debian: python3-venv)." >&2; exit 1; }
	echo "Installing the packages into .venv (once, about a minute) …"
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

.venv/.installed: .venv/.locked pyproject.toml
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

%.mo: %.po .venv/.installed
	@$(BIN)/pybabel -q compile --input-file $< --output-file $@
