# Everything runs in .venv, which the first target that needs it makes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test lint bench figures clean

help:
	@echo "make demo     train on long-tailed digits, compare, and write pictures to osrae-demo/"
	@echo "make test     run the tests"
	@echo "make lint     check style and types, and build the package"
	@echo "make bench    measure how fast osrae is on this machine (about an hour)"
	@echo "make figures  re-run the published accuracy figures (needs the data; takes hours)"

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,lint]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/osrae demo -o osrae-demo

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m build --outdir dist .

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/everyday.py
	$(BIN)/python benchmarks/growth.py

figures: $(VENV)/.installed
	$(BIN)/osrae bench run paper --method rae --core-minutes 20

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache osrae-demo
