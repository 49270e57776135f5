# Each target is one plain command as well: see the README, "Without make".
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY     := $(BIN)/python
STAMP  := $(VENV)/installed-from-lock

.PHONY: reproduce test refresh bench clean

reproduce: $(STAMP)   ## run all notebooks on the embedded data and build the site
	$(PY) -m helpers.cli reproduce

test: $(STAMP)        ## all tests: pytest, and nbval on the committed notebooks
	$(PY) -m pytest

refresh: $(STAMP)     ## run with defaults and write the committed notebooks
	$(PY) -m helpers.cli refresh

bench: $(STAMP)       ## ratios against the peers: make bench BENCH=notebooks
	$(PY) -m benchmarks $(BENCH)

clean:                ## remove everything that a run or an installation made
	rm -rf $(VENV) runs .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 15) else "Side Door needs Python 3.11 to 3.14; this is %d.%d. Name another: make PYTHON=python3.12" % v)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python cannot make virtual environments. On Debian or Ubuntu: sudo apt install python3-venv"; exit 1; }
	@rm -f $@
	@if command -v uv >/dev/null 2>&1; then \
		echo "Installing with uv ..." && \
		UV_PYTHON_DOWNLOADS=never uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV) && \
		uv pip sync --quiet --python $(PY) --require-hashes --compile-bytecode requirements.lock && \
		uv pip install --quiet --python $(PY) --no-deps --no-build-isolation -e . ; \
	else \
		echo "Installing with pip: this takes about a minute ..." && \
		$(PYTHON) -m venv $(VENV) && \
		$(PY) -m pip install --quiet --disable-pip-version-check --compile --require-hashes -r requirements.lock && \
		$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@
