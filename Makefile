# make demo and make test work from a fresh clone: the first use of any target builds .venv.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check lint format bench soak accuracy docs fuzz lock build clean help

help:
	@echo "make demo    record a failing deployment, embedded: no AWS account, no network"
	@echo "make test    the whole test suite"
	@echo "make check   make test, plus lint, format, types, floors, docstrings"
	@echo "make bench   speed and memory, as ratios measured in one run"
	@echo "make soak    five minutes of trouble, kills and restarts; SOAK_SECONDS=60 for less"
	@echo "make fuzz    bytes from strangers against what opens bundles; FUZZ_SECONDS=60"
	@echo "make format  format the code        make lock   refresh requirements/*.txt"
	@echo "make accuracy [CORPUS=FILE]  how often explain is right, over labelled texts and failures"
	@echo "make docs    the pages that are made from the code"
	@echo "make build   wheel and sdist        make clean  remove .venv and caches"

$(READY): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "forensics needs Python 3.11 or newer; $(PYTHON) is older. Set PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q forensics
	@touch $(READY)

demo: $(READY)
	@$(BIN)/forensics demo

test: $(READY)
	@tests/support/install-chromium
	$(BIN)/python -m pytest -n 2

check: lint test

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate --quiet forensics

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	@$(BIN)/python -m bench

# Thousands of targets through faults of every kind; ends with verify and the coverage property.
SOAK_SECONDS ?= 300
SOAK_TARGETS ?= 2000
SOAK_SEED    ?= 1
soak: $(READY)
	@$(BIN)/python -m bench.soak --seconds $(SOAK_SECONDS) --targets $(SOAK_TARGETS) --seed $(SOAK_SEED)

# Whole labelled failures are not part of the project: make accuracy CORPUS=/path/to/failures.jsonl
# The facts with secrets were written before the rules that hide them, by somebody who had not read those.
SECRETS ?= bench/unseen_secrets.jsonl
accuracy: $(READY)
	@$(BIN)/python -m bench.accuracy $(CORPUS)
	@$(BIN)/python -m bench.redaction $(SECRETS)
	@$(BIN)/python -m bench.explained $(CORPUS)
	@$(BIN)/python -m bench.names

docs: $(READY)
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/schemas.py
	$(BIN)/python docs/help.py

# Coverage-guided, on what opens bundles from strangers; the suite itself only changes bytes at random.
FUZZ_SECONDS ?= 60
fuzz: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	$(BIN)/python -m tests.fuzz.bundles .fuzz/bundles -max_total_time=$(FUZZ_SECONDS) -max_len=20000

build: $(READY)
	$(BIN)/python -m build --no-isolation

# uv writes one lock for every supported Python and platform, with hashes and without naming an index.
LOCK = uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
lock:
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) pyproject.toml --group dev -o requirements/dev.txt
	$(LOCK) --group build -c requirements/dev.txt -o requirements/build.txt
	$(LOCK) --group fuzz -o requirements/fuzz.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
