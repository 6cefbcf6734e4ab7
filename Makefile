# Every target sets up what it needs: a fresh machine with python3, make and git is enough.

VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
SETUP := $(VENV)/.complete
# More than two cores: tests often wait for processes, and those for each other.
JOBS ?= 3

# Images of Python often forbid it to keep what it has compiled. Every process of evo, four in a
# campaign, would compile torch again: half of its start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-long check bench versions docs lock clean

demo: $(SETUP)
	$(BIN)/evo run demo

setup: $(SETUP)

# A file is one worker's: its tests share sandboxes and campaigns. tests/conftest.py gives the order,
# and the files that go to one worker together.
DEAL := -n $(JOBS) --dist loadfile --no-loadscope-reorder

# Without those that are marked as heavy; with them where EVO_TESTS is `ci`, as .ci/run sets it.
test: $(SETUP)
	$(BIN)/pytest $(DEAL)

# Heavy tests, and kills and random programs again, many more of them and new ones each time.
test-long: $(SETUP)
	EVO_TESTS=nightly $(BIN)/pytest $(DEAL) -m "long or heavy"

check: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(SETUP)
	for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

# The wheel in a fresh environment per version of Python, outside the checkout; some gigabytes each.
# uv takes the versions that are on the PATH and downloads the others.
versions: $(SETUP)
	rm -rf build/versions
	$(BIN)/python -m hatchling build -t wheel -d build/versions
	for version in 3.11 3.12 3.13; do \
	    environment=$(CURDIR)/build/versions/$$version; \
	    $(UV) venv --quiet --python $$version $$environment && \
	    $(UV) pip install --quiet --python $$environment/bin/python build/versions/*.whl && \
	    EVO_INSTALLED=$$environment/bin EVO_TESTS=ci $(BIN)/pytest tests/e2e/test_wheel.py || exit 1; \
	    rm -rf $$environment; \
	done

# The site goes to build/site; a broken link or anchor fails the build.
docs: $(SETUP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir build/site
	@echo "Open build/site/index.html"

# The lock names versions and hashes, never an address: any mirror serves it.
lock: $(UV)
	$(UV) pip compile --universal --python-version 3.11 --generate-hashes --extra dev \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	    --upgrade -o requirements.lock pyproject.toml

# Compiled here, once: the tests begin as several processes that would each compile the same.
$(SETUP): $(UV) requirements.lock pyproject.toml
	@echo "Installing PyTorch and the other packages into $(VENV): up to 6 GB to download."
	$(UV) venv --allow-existing --quiet --python '>=3.11' $(VENV)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode \
	    -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "Ready: source $(VENV)/bin/activate, then evo doctor."

# Only where the machine has no uv of its own.
.uv/bin/uv:
	@python3 -m venv .uv || { rm -rf .uv; \
	    echo "evo needs python3 with venv (Debian: apt install python3-venv), or uv on the PATH"; exit 1; }
	.uv/bin/python -m pip install --quiet uv

clean:
	rm -rf $(VENV) .uv
