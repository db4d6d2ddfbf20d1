# `make demo`: the main job on embedded data.  `make test`: everything that is checked.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= runs/demo
SETTINGS := --epochs 12 --learning-rate 0.003

# Without an NVIDIA GPU a bare `torch` would bring gigabytes of CUDA: take PyTorch's CPU build.
TORCH_INDEX := $(if $(shell command -v nvidia-smi),,--extra-index-url https://download.pytorch.org/whl/cpu)
TORCH := $(shell grep '^torch==' constraints.txt)

.PHONY: demo test test-slow test-adapters test-faults lint bench bench-growth bench-memory bench-serving clean

$(BIN)/.runtime: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		(echo "miqrec needs Python 3.11 to 3.13; name one: make PYTHON=python3.12 ..."; exit 1)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --no-deps --retries 1 $(TORCH_INDEX) $(TORCH) 2>/dev/null || \
		$(BIN)/pip install -q $(TORCH)
	$(BIN)/pip install -q -c constraints.txt -e '.[torch]'
	touch $@

$(BIN)/.development: $(BIN)/.runtime
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	touch $@

demo: $(BIN)/.runtime
	$(BIN)/miqrec train --data demo --model sasrec $(SETTINGS) --out $(DEMO)/sasrec
	$(BIN)/miqrec train --data demo --model miq-sasrec --window 5 $(SETTINGS) --out $(DEMO)/miq-sasrec
	$(BIN)/miqrec compare $(DEMO)/sasrec $(DEMO)/miq-sasrec
	$(BIN)/miqrec recommend $(DEMO)/miq-sasrec --user "$$($(BIN)/python -c 'from miqrec.data.open import DataConfig, open_dataset; print(open_dataset(DataConfig(source="demo")).users[0])')" --k 5

# One thread a worker: two workers of two threads each wait for each other on two cores.
test: lint
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 -q

test-slow: $(BIN)/.development
	$(BIN)/pytest -q -m slow

# Transformers shares miqrec's environment; the others have one of their own each (1.3 to 1.8 GB, made once).
PEERS := rectools replay recbole
test-adapters: $(BIN)/.development
	$(BIN)/pip install -q -c constraints.txt -e '.[huggingface]'
	$(BIN)/pytest -q -m 'slow or not slow' tests/adapters
	$(BIN)/python -m benchmarks.peers.environments $(PEERS)
	for peer in $(PEERS); do PYTHONPATH=src benchmarks/.venvs/$$peer/bin/python -m pytest -q \
		tests/adapters/test_$$peer.py tests/adapters/test_pages.py || exit 1; done

# Kills, damaged files and full disks, of which `make test` tries a sample. Stopped, it goes on where it was.
test-faults: $(BIN)/.development
	PYTHONPATH=tests $(BIN)/python -m faults --log runs/faults.jsonl $(OPTIONS)

lint: $(BIN)/.development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Stopped, these go on where they were; `make bench OPTIONS=--quick` shows in minutes that all works.
bench: $(BIN)/.development
	$(BIN)/python -m benchmarks.peers $(OPTIONS)

bench-growth: $(BIN)/.development
	$(BIN)/python -m benchmarks.growth $(OPTIONS)

bench-lists: $(BIN)/.development
	$(BIN)/python -m benchmarks.lists $(OPTIONS)

bench-memory: $(BIN)/.development
	$(BIN)/python -m benchmarks.memory $(OPTIONS)

bench-serving: $(BIN)/.development
	$(BIN)/python -m benchmarks.serving $(OPTIONS)

clean:
	rm -rf $(VENV) $(DEMO) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
