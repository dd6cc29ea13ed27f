# `make study` sets up and runs the main job, `make test` sets up and runs the tests.
# CORES=n for each; PYTHON=python3.12 for another interpreter (3.11 or newer).

CORES ?= $(shell getconf _NPROCESSORS_ONLN)
PYTHON ?= python3
# Programs as modules: their scripts name the folder that .venv was made in, which may have moved.
BIN := .venv/bin
RUN := $(BIN)/python -m
SNAKEMAKE := $(RUN) snakemake --cores $(CORES)
ALL_CODE := Snakefile workflow

.PHONY: help study quick progress serve test test-cluster check unit test-kills publish republish bench device-check screenshots lock clean

help:
	@echo "make study   train everything and write results/report (CORES=$(CORES))"
	@echo "make quick   the same on a small subset, in two minutes, into results/quick"
	@echo "make progress  show progress and estimate the time left (RESULTS=results)"
	@echo "make serve   the report in a browser, at an address of this machine (RESULTS=results PORT=8000)"
	@echo "make test    static checks and the test suite"
	@echo "make test-cluster   run the study with a real Slurm on this machine (root, Debian)"
	@echo "make test-kills  compare a small study killed 20 times with an undisturbed one"
	@echo "make publish  the reference study (hours), into docs/results and README.md"
	@echo "make republish  docs/results rendered again from its tables, without training"
	@echo "make bench   times against other tools, in an environment of its own (BENCH=--quick)"
	@echo "make device-check   check results and speed of a GPU, in eight minutes"
	@echo "make screenshots  pictures of the published page into docs/ (needs Chromium)"
	@echo "make lock    resolve the dependencies of pyproject.toml again into envs/"
	@echo "make clean   delete results/ and .venv/ (the downloaded data stays)"

study: .venv/study
	$(SNAKEMAKE)
	@echo "the report: results/report/index.html (make serve shows it)"

quick: .venv/study
	$(SNAKEMAKE) --configfile config/quick.yaml
	@echo "the report: results/quick/report/index.html (make serve RESULTS=results/quick shows it)"

RESULTS ?= results
progress:
	@test -e $(RESULTS)/study.json || { echo "error: no study found in $(RESULTS); for another folder: make progress RESULTS=results/quick" >&2; exit 1; }
	@PYTHONPATH=workflow $(RUN) mlpstudy progress $(RESULTS)/study.json

PORT ?= 8000
serve:
	@test -e $(RESULTS)/report/index.html || { echo "error: $(RESULTS)/report has no report yet: make study" >&2; exit 1; }
	@echo "http://127.0.0.1:$(PORT)/report/ (Ctrl-C ends it)"
	@$(PYTHON) -m http.server --bind 127.0.0.1 --directory $(RESULTS) $(PORT) > /dev/null

test: check unit

test-kills: .venv/dev
	$(BIN)/python tests/kills/kill_study.py

check: .venv/dev
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) snakefmt --check $(ALL_CODE)
	$(RUN) snakemake --lint

unit: .venv/dev
	$(RUN) pytest -n $(CORES) --dist loadfile -m "not slow"

test-cluster: .venv/dev
	tests/cluster/run

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is older than Python 3.11; name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv

# The stamps are made again when a lock has changed.
.venv/study: envs/study.txt .venv/bin/python
	$(RUN) pip install --quiet --disable-pip-version-check -r envs/study.txt
	@touch $@

.venv/dev: envs/dev.txt .venv/study
	$(RUN) pip install --quiet --disable-pip-version-check -r envs/dev.txt
	@touch $@

publish: .venv/study
	$(SNAKEMAKE) --configfile config/reference.yaml
	PYTHONPATH=workflow $(RUN) mlpstudy publish --results results/reference \
	  --reported resources/reported/values.csv --repository .

republish: .venv/study
	$(SNAKEMAKE) --until prepare_dataset
	PYTHONPATH=workflow $(BIN)/python -m mlpstudy republish \
	  --reported resources/reported/values.csv --data resources/data/fashion-mnist/prepared

bench: .venv/study .venv-bench/bench
	$(SNAKEMAKE) --until prepare_dataset
	.venv-bench/bin/python -m pytest -q --noconftest tests/unit/test_benchmark_peers.py
	MPLBACKEND=agg .venv-bench/bin/python -m benchmarks --data resources/data/fashion-mnist/prepared \
	  --output results/benchmark $(BENCH)

device-check: .venv/study
	PYTHONPATH=workflow $(RUN) benchmarks.device_check $(CHECK)

.venv-bench/bench: benchmarks/requirements.txt benchmarks/requirements-no-deps.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  -r benchmarks/requirements-no-deps.txt
	@touch $@

screenshots: .venv/dev
	$(BIN)/python tests/browser/screenshots.py docs/results/report/index.html docs

lock:
	envs/lock $(PYTHON)

clean:
	rm -rf results .venv
