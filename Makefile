# SPDX-License-Identifier: Apache-2.0
# Thin: everything is done by build.py, gen/tool and pytest.

PYTHON := /usr/bin/python3
PYTEST := $(PYTHON) -m pytest -q -p no:cacheprovider
# All tests. A file is run by one worker: the folders with the longest ones come first, so that none
# is left alone at the end.
LONG_FIRST := tests/boot tests/audit tests/unit tests/bench tests/report tests

.PHONY: setup demo test test-boards fuzz coverage prove lint golden bench bench-check bench-baseline bench-account worst format clean

setup: # what builds and tests need, by apt; then the libraries that every build uses
	$(PYTHON) -m gen.tool.setup $(SETUP_OPTIONS) test

demo: # the default deployment in QEMU
	./build.py --setup $(SETUP_OPTIONS) configs/board.toml --run

WORKERS ?= $(shell expr $$(nproc) + 1)
test: setup # every test, on all CPUs; what they boot is fetched first
	$(PYTHON) -m gen.tool.fetch
	$(PYTEST) -n $(WORKERS) --dist loadfile $(LONG_FIRST)

test-boards: setup # boots all boards that the QEMU on PATH models; fails where it does not model one
	$(PYTHON) -m gen.tool.fetch
	tests/boot/boards.py

coverage: setup # lines and branches that host tests run; PARTS=c for one half
	tests/coverage/measure.py $(PARTS)

FUZZ_SECONDS ?= 10
fuzz: setup # make fuzz FUZZ_SECONDS=60 FUZZ="vgic toml": seconds for each target, these or all
	$(PYTHON) tests/fuzz/fuzz.py --seconds $(FUZZ_SECONDS) $(FUZZ)

prove: # contracts of C functions, by Frama-C; installs it
	$(PYTHON) -m gen.tool.setup $(SETUP_OPTIONS) prove
	$(PYTHON) tests/prove/prove.py $(PROOFS)

lint: # make lint CHECKS="c-format python-types" for some of them
	$(PYTHON) -m gen.tool.lint $(CHECKS)

golden: # rewrites the expected results of tests; review the diff
	$(PYTHON) tests/gen/golden.py --update
	$(PYTHON) tests/gen/axvm/outcomes.py --update
	$(PYTHON) tests/gen/boards/board_plans.py --update

bench: setup # exact instruction counts, build/bench.json; make bench BENCH="--only native --only emulated"
	$(PYTHON) tests/bench/bench.py $(BENCH)

bench-check: setup # fails where a count grew by more than 2 % over tests/bench/baseline.json
	$(PYTHON) tests/bench/bench.py --check $(BENCH)

bench-baseline: setup # what is measured now is what bench-check expects
	$(PYTHON) tests/bench/bench.py --update-baseline $(BENCH)
	$(PYTHON) tests/bench/account.py --page

bench-account: setup # make bench-account OP=hvc-version: which instructions an operation costs
	$(PYTHON) tests/bench/account.py $(OP)

worst: setup # the longest exits over the tests' guests; make worst WORST=vgic, WORST=--update
	$(PYTHON) tests/bench/worst.py $(WORST)

format:
	git ls-files '*.c' '*.h' | xargs clang-format-14 -i
	git ls-files '*.py' | xargs black --quiet

clean:
	rm -rf build
