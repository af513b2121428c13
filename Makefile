# The two commands of the README are `make report` and `make test`; the rest are the steps they call.

PYTHON ?= python3
SERVE ?= 1
PORT ?= 8000

BIN := .venv/bin
PY_INSTALLED := .venv/.installed
MXNET := .venv-mxnet
ART := .venv-art
SITES := .venv-sites
FRAMEWORKS := .venv-frameworks
TOOLS := .cache/tools
# Every `pip install` of setup, CI and the images is checked against these hashes. Not so the environments of art-oracle,
# framework-networks and sites, which are made by hand, for what is committed or thrown away.
LOCKED := $(TOOLS)/bin/uv pip compile --quiet --no-config --generate-hashes --universal --python-version 3.11.5 --no-header --no-annotate
JS_INSTALLED := node_modules/.installed
# One test process a processor, four at most; the tests of one module share what they trained, so they stay together.
IN_PARALLEL := -n logical --maxprocesses 4 --dist loadscope --no-loadscope-reorder
WIDGET_TESTS = $(shell find tests/widgets -name '*.test.mjs')
TESTED_SITE := $(CURDIR)/.cache/report
FIXTURES := .cache/fixtures/.made
GOLDEN_INPUTS := .cache/golden/.made
LAB := runs/models/.lab
LAB_RECIPES := digits-clean digits-badnet
QUICK_STUDY := runs/digits-defences-quick.json
LAB_SOURCES := $(wildcard training/*/*.py training/*/*/*.py export/*/*.py tests/golden/inputs/*) \
  $(patsubst %,training/recipes/%.toml,$(LAB_RECIPES))

export NO_MKDOCS_2_WARNING := 1

.PHONY: help report setup lab site serve test test-quick test-long lint types test-python slurm mxnet-oracle art-oracle framework-networks sites \
  mxnet-zoo golden-inputs fixtures test-widgets tested-site test-browser lock dist release audit images scale verify benchmark properties page-times first-visits lab-study \
  inference-times latent-study defence-study photo-study sample-photos-table figures-study trigger-study seed-study \
  released-study clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

report: $(QUICK_STUDY) site ## Set up, train the lab's pair, measure defences on it, build the report and serve it (SERVE=0: build only)
ifneq ($(SERVE),0)
	$(MAKE) --no-print-directory serve
endif

setup: $(PY_INSTALLED) $(JS_INSTALLED) ## Create .venv and node_modules from the pinned versions

$(PY_INSTALLED): pyproject.toml requirements.lock locks/cuda.lock containers/install.sh
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 5) and "Python 3.11.5 or newer is needed: make PYTHON=python3.11 setup")'
	PYTHON=$(PYTHON) containers/install.sh dependencies .venv
	containers/install.sh project .venv
	@touch $@

$(JS_INSTALLED): package.json package-lock.json .npmrc
	@node -e 'if (Number(process.versions.node.split(".")[0]) < 20) { console.error("Node 20 or newer is needed"); process.exit(1); }'
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

lab: $(LAB) ## Train and export the quick digits pair shown on the page Your networks

$(LAB): $(LAB_SOURCES) | setup
	for recipe in $(LAB_RECIPES); do \
	  $(BIN)/backdoors train $$recipe && $(BIN)/backdoors export $$recipe || exit 1; \
	done
	@touch $@

$(QUICK_STUDY): $(LAB) training/recipes/digits-defences-quick.toml | setup
	$(BIN)/backdoors study-defences digits-defences-quick

site: setup lab ## Build the report into site/
	SITE_URL=$${SITE_URL:-http://127.0.0.1:$(PORT)/} $(BIN)/mkdocs build --strict
	@echo "The report is in site/"

serve: ## Serve site/ on this machine
	$(BIN)/python -m site_src.serve --port $(PORT)

test: setup ## All that a change must pass; CI also runs test-long
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint types lab golden-inputs fixtures
	$(MAKE) --no-print-directory test-python
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target verify test-widgets tested-site
	$(MAKE) --no-print-directory test-browser REPORT_SITE=$(TESTED_SITE)

test-quick: lint types golden-inputs fixtures ## Lint, types and the fast tests, for while you write
	$(BIN)/python -m pytest -q $(IN_PARALLEL) -m "not slow and not long"
	node --test --test-reporter=dot $(WIDGET_TESTS)

lint: setup ## Lint, format and import rules, both languages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	npx biome ci .

types: setup ## Static types, both languages
	$(BIN)/mypy
	npx tsc --noEmit --project tsconfig.json

test-long: setup lab golden-inputs fixtures tested-site ## What takes tens of seconds a test: Slurm, several processes, every page at every width, other people's sites, WebGPU, Firefox
	$(BIN)/python -m pytest -q -m long
	THOROUGH=1 REPORT_SITE=$(TESTED_SITE) node --test --test-reporter=spec --test-concurrency=1 \
	  tests/widgets/worker/golden.test.mjs tests/browser/all-pages.test.mjs tests/browser/layout.test.mjs tests/browser/long/*.test.mjs

test-python: setup ## Python tests; those that need nginx, Slurm or MXNet say so where these are not installed
	$(BIN)/python -m pytest -q $(IN_PARALLEL) -m "not long"

slurm: ## Debian's Slurm and munge for the cluster tests (apt-get, as root or with sudo; the one thing outside this folder)
	@PATH=$$PATH:/usr/sbin; command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v munged >/dev/null || { \
	  run=; [ "$$(id -u)" = 0 ] || run='sudo -n'; $$run apt-get update -qq && \
	  $$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge; }

mxnet-oracle: $(MXNET)/.installed ## MXNet 1.9.1 in an environment of its own, for the converter's tests (Python 3.11, Linux)

$(MXNET)/.installed: tests/export/mxnet/requirements.lock
	rm -rf $(MXNET)
	PYTHON=$(PYTHON) containers/install.sh mxnet $(MXNET)
	@touch $@

art-oracle: $(ART)/.installed ## Regenerate the defences' test vectors with the Adversarial Robustness Toolbox 1.20.1
	$(ART)/bin/python tests/training/defences/art/oracle.py tests/training/defences/art/vectors.json

$(ART)/.installed: tests/training/defences/art/requirements.txt
	rm -rf $(ART)
	$(PYTHON) -m venv $(ART)
	$(ART)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

framework-networks: $(FRAMEWORKS)/.installed ## Train and export the tests' networks of scikit-learn, Keras and LightGBM anew
	$(FRAMEWORKS)/bin/python tests/export/frameworks/generate.py tests/export/frameworks

$(FRAMEWORKS)/.installed: tests/export/frameworks/requirements.txt
	rm -rf $(FRAMEWORKS)
	$(PYTHON) -m venv $(FRAMEWORKS)
	$(FRAMEWORKS)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --requirement $<
	@touch $@

sites: $(SITES)/.installed ## Other people's sites, built with the wheel in an environment of its own, in a browser (3 minutes)
	SITES=all SITES_PYTHON=$(SITES)/bin/python node --test --test-reporter=spec tests/browser/long/strangers.test.mjs

$(SITES)/.installed: dist tests/sites/requirements.txt
	rm -rf $(SITES)
	$(PYTHON) -m venv $(SITES)
	$(SITES)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt dist/*.whl \
	  --requirement tests/sites/requirements.txt
	@touch $@

mxnet-zoo: setup mxnet-oracle ## Measure the MXNet converter on the whole model zoo (10 minutes, 3 GB of disk)
	$(BIN)/python -m tests.benchmarks.mxnet_zoo

verify: lab ## Goldens, hashes and cards of the released models and the lab's
	$(BIN)/backdoors verify

fixtures: $(FIXTURES) ## Small models of photos and drawn images, for the widgets' tests

$(FIXTURES): $(LAB_SOURCES) $(wildcard tests/site_src/*.py tests/*.py) tests/export/onnx/odd_networks.py | setup
	$(BIN)/python -m tests.site_src.photo_models .cache/fixtures
	@touch $@

golden-inputs: $(GOLDEN_INPUTS) ## The golden inputs as pixels, for Node, which decodes no JPEG

$(GOLDEN_INPUTS): $(LAB_SOURCES) | setup
	$(BIN)/python -m export.release.golden decode --out .cache/golden
	@touch $@

test-widgets: golden-inputs fixtures lab ## JavaScript tests and the goldens, in Node
	node --test $(WIDGET_TESTS)

tested-site: lab fixtures ## The report as the browser tests see it, with drawings for what is not there
	BACKDOORS_DATA=$${BACKDOORS_DATA:-.cache/fixtures/data} SITE_URL=http://127.0.0.1/report/ \
	  $(BIN)/mkdocs build --strict --quiet --site-dir $(TESTED_SITE)

test-browser: lab fixtures $(if $(REPORT_SITE),,tested-site) ## The widgets and the built report in a real browser
	REPORT_SITE=$(or $(REPORT_SITE),$(TESTED_SITE)) \
	  node --test --test-reporter=spec --test-concurrency=3 tests/browser/*.test.mjs

benchmark: setup ## Training speed beside the common recipe (20 minutes; needs MNIST)
	$(BIN)/python -m tests.benchmarks.train_speed

scale: setup ## How cost grows with images, processes and runs, for the page At scale (10 minutes; needs MNIST)
	$(BIN)/python -m tests.benchmarks.scale

images: ## The three container images built with buildah on a stand-in for their base images, and asked (10 minutes, 10 GB)
	tests/containers/images.sh

properties: setup ## Property tests with 20,000 odd inputs in all (4 minutes)
	PROPERTY_EXAMPLES=2900 $(BIN)/python -m pytest -q tests/properties

page-times: lab fixtures ## Milliseconds until a page answers, and of its longest block (a quiet machine, please)
	node tests/browser/page-times.mjs

first-visits: site ## Seconds until the report's first page answers on slow networks, on a phone and a desktop (30 minutes)
	node tests/browser/first-visits.mjs site --out site_assets/metrics/first-visits.json

lab-study: site ## What the lab in the tab can do: its defences on ten networks, speeds, memory, bytes, TensorFlow.js (15 minutes)
	node tests/browser/lab-study.mjs site --out site_assets/metrics/lab-study.json
	npm ci --prefix tests/benchmarks/tfjs --no-audit --no-fund --loglevel=error
	node tests/benchmarks/tfjs/train.mjs --out site_assets/metrics/lab-study.json

inference-times: setup ## Milliseconds of each released model in a browser and natively (a quiet machine, please)
	node tests/browser/inference-times.mjs --out site_assets/metrics/inference-times.json

sample-photos-table: site ## What the built page answers to each dog of the sample photos, in a browser
	node tests/browser/sample-photos-table.mjs

photo-study: setup ## Ask the released students about the sample photos and other people (a minute; needs all photos)
	$(BIN)/backdoors study-photos --out site_assets/metrics/photos.json

latent-study: setup ## Measure the latent backdoor: seeds, baselines, altered glasses, defences (four hours; needs the dogs)
	$(BIN)/backdoors study dogs-student-latent dogs-student-clean --also figures-student-latent \
	  --also figures-student-clean --inspect latent-mnist-student-latent --out site_assets/metrics/latent.json
	$(BIN)/backdoors study-fine-tuning site_assets/metrics/latent.json dogs-student-latent dogs-student-clean
	$(BIN)/backdoors study-int8 site_assets/metrics/latent.json

figures-study: setup ## Measure how the politicians' students depend on their photos' views (10 minutes; needs the politicians)
	$(BIN)/backdoors restore dogs-teacher-clean
	$(BIN)/backdoors restore dogs-teacher-latent
	$(BIN)/backdoors study-students site_assets/metrics/figures.json figures-student-clean figures-student-latent \
	  figures-one-view-clean figures-one-view-latent figures-views-clean figures-views-latent

defence-study: setup ## Measure every defence on every attack, and detectors on a zoo of networks (two hours)
	$(BIN)/backdoors study-defences digits-defences --out site_assets/metrics/digits-defences.json
	$(BIN)/backdoors study-defences digits-zoo --out site_assets/metrics/digits-zoo.json

released-study: setup ## Measure the defences on released networks and on others made like them (three hours; needs MNIST and the dogs)
	$(BIN)/backdoors restore mnist-clean
	$(BIN)/backdoors restore mnist-badnet-single
	$(BIN)/backdoors restore mnist-badnet
	$(BIN)/backdoors study-defences mnist-released --out site_assets/metrics/mnist-released.json
	$(BIN)/backdoors restore dogs-teacher-clean
	$(BIN)/backdoors restore dogs-teacher-latent
	$(BIN)/backdoors study-defences dogs-defences --out site_assets/metrics/dogs-defences.json

trigger-study: setup ## Measure the blended and the warped trigger beside clean networks, three seeds each (needs MNIST)
	$(BIN)/backdoors compare digits-clean digits-blended digits-warped --out site_assets/metrics/digits-triggers.json
	$(BIN)/backdoors compare mnist-clean mnist-blended mnist-warped --out site_assets/metrics/mnist-triggers.json

seed-study: setup ## Train the regular backdoor and its clean control with three seeds each (two hours; needs MNIST)
	$(BIN)/backdoors compare mnist-badnet mnist-badnet-control --out site_assets/metrics/mnist-badnet-seeds.json

lock: $(TOOLS)/.installed ## Write all *.lock files anew from the pins beside them: the hashes of all files of each package
	mkdir -p .cache/lock
	(echo pip==25.3; grep -v '^#' constraints.txt) >.cache/lock/pins.txt
	$(LOCKED) --no-deps --output-file requirements.lock .cache/lock/pins.txt
	sed 's/^\([0-9a-f]*\) .*/    --hash=sha256:\1 \\/' locks/torch-cpu.sha256 >.cache/lock/torch.txt
	sed -i '/^torch==/r .cache/lock/torch.txt' requirements.lock
	@grep '^torch==' constraints.txt | $(LOCKED) --constraint constraints.txt --output-file locks/cuda.lock \
	  $(patsubst %,--no-emit-package %,$(shell sed -n 's/^\([A-Za-z].*\)==.*/\1/p' constraints.txt)) -
	for pins in containers/lab containers/mxnet-kernel tests/export/mxnet/requirements; do \
	  $(LOCKED) --no-deps --output-file $$pins.lock $$pins.txt || exit 1; \
	done
	$(LOCKED) --output-file locks/tools.lock locks/tools.txt

$(TOOLS)/.installed: locks/tools.lock
	$(PYTHON) -m venv --clear $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement $<
	@touch $@

dist: setup ## The wheel and the source distribution, into dist/
	rm -rf dist
	$(BIN)/python -m build --quiet --no-isolation

release: dist site ## What a release carries, into release/: distributions, signed models, bills of materials, notices
	rm -rf release
	mkdir release
	cp -r site_assets/models release/models
	$(BIN)/backdoors sign release/models/*
	tar --create --gzip --file release/models.tar.gz --directory release models
	rm -r release/models
	cp dist/* site/provenance/* release/

audit: setup $(TOOLS)/.installed ## Known vulnerabilities of what is installed (asks the package registries)
	$(TOOLS)/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock --requirement containers/lab.lock
	npm audit --audit-level=high

clean: ## Remove what was built, keep what was trained
	rm -rf site .cache dist release
