# Each target is one plain command as well: see the README, "Without make".
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY     := $(BIN)/python
STAMP  := $(VENV)/installed-from-lock

.PHONY: reproduce lab test refresh bench clean .installed .install .engines

reproduce: .installed ## run all notebooks on the embedded data and build the site
	"$(PY)" -m sidedoor.cli reproduce

lab: .installed       ## open JupyterLab on the notebooks, in the environment that they need
	"$(PY)" -m jupyter lab notebooks

# Tests of one file, and so the cells of one notebook, stay with one worker and in their order.
test: .installed      ## all tests: form of the code, pytest, and nbval on the committed notebooks
	"$(PY)" -m ruff check --quiet
	"$(PY)" -m ruff format --check --quiet
	"$(PY)" -m pytest -n auto --maxprocesses 4 --dist loadfile

refresh: .installed   ## run with defaults and write the committed notebooks
	"$(PY)" -m sidedoor.cli refresh

bench: .engines       ## ratios to what one would use instead; for one: make bench BENCH=logs SIZE=10M
	"$(PY)" -m benchmarks $(BENCH) $(if $(SIZE),--size $(SIZE))

# Other engines are for comparison only: `make bench`, and the tests that ask Spark for the same results.
.engines: .installed
	@if "$(PY)" -c 'import rustworkx, networkit, pyspark' 2>/dev/null; then :; \
	elif command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --python "$(PY)" --no-deps --require-hashes --compile-bytecode -r requirements-engines.lock; \
	else \
		echo "Installing other engines to compare with: this takes a few minutes ..."; \
		"$(PY)" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-engines.lock; \
	fi

clean:                ## remove everything that a run or an installation made
	rm -rf "$(VENV)" runs .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The package is installed in place, so a copied or moved clone needs an installation of its own. The stamp says what
# .venv is of: this folder, its Python, and the lists of packages. Without PYTHON=..., the Python that is there is kept.
VERSION := -c 'import sys; print("%d.%d" % sys.version_info[:2])'
STATE   := pwd -P; "$(PY)" $(VERSION); cksum requirements.lock pyproject.toml
CHOSEN  := $(filter-out undefined default file,$(origin PYTHON))

.installed:
	@if [ -f "$(STAMP)" ] && [ "$$({ $(STATE); } 2>/dev/null)" = "$$(cat "$(STAMP)")" ] && \
		{ [ -z "$(CHOSEN)" ] || [ "$$("$(PYTHON)" $(VERSION))" = "$$("$(PY)" $(VERSION))" ]; }; \
	then :; else "$(MAKE)" --no-print-directory .install; fi

.install:             ## install the locked packages anew, into an empty .venv
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else "Side Door needs Python 3.11 to 3.13; this is %d.%d. Name another: make PYTHON=python3.12" % v)'
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python cannot make virtual environments. On Debian or Ubuntu: sudo apt install python3-venv"; exit 1; }
	@# The Python may be that of the very .venv that is removed, if it is active: then the one that it was made of.
	@set -e; \
	base="$$("$(PYTHON)" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))')"; \
	rm -rf "$(VENV)"; \
	if command -v uv >/dev/null 2>&1; then \
		echo "Installing with uv ..."; \
		UV_PYTHON_DOWNLOADS=never uv venv --quiet --python "$$base" "$(VENV)"; \
		uv pip sync --quiet --python "$(PY)" --require-hashes --compile-bytecode requirements.lock; \
		uv pip install --quiet --python "$(PY)" --no-deps --no-build-isolation -e .; \
	else \
		echo "Installing with pip: this takes about a minute ..."; \
		"$$base" -m venv "$(VENV)"; \
		"$(PY)" -m pip install --quiet --disable-pip-version-check --compile --require-hashes -r requirements.lock; \
		"$(PY)" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi; \
	{ $(STATE); } > "$(STAMP)"
