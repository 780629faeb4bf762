# Each target is a line or two over a well-known tool; README.md says what they are for.
PYTHON ?= python3
VENV ?= .venv
# A CPU build of PyTorch. Linux registries may hold only CUDA builds under the plain name: TORCH_INDEX names an index with the CPU one.
TORCH ?= torch==2.13.0$(if $(filter Linux,$(shell uname -s)),+cpu)
TORCH_INDEX ?=
PORT ?= 8000

BIN := $(VENV)/bin
RUN := $(BIN)/python -m
export NO_MKDOCS_2_WARNING := 1
export PLAYWRIGHT_SKIP_BROWSER_GC := 1

# Else glibc gives the memory of each net back and takes it anew: a third of what gradient_norms costs.
measure retrain verify bench: export GLIBC_TUNABLES := glibc.malloc.trim_threshold=1073741824:glibc.malloc.mmap_threshold=1073741824

.PHONY: serve site test faults mutate measure retrain verify bench lint audit zensical lock clean

serve: $(VENV)/site.installed
	$(RUN) mkdocs serve --livereload --dev-addr 127.0.0.1:$(PORT)

site: $(VENV)/site.installed
	$(RUN) mkdocs build --strict

test: $(VENV)/test.installed
	$(RUN) pytest

faults: $(VENV)/test.installed
	$(RUN) scripts.faults

mutate: $(VENV)/test.installed
	@$(RUN) pip install --quiet --editable '.[site,test,mutate]'
	$(RUN) scripts.mutate_snippets
	$(RUN) scripts.mutate_pages

# SCALE=fashion is measured once, apart from the rest: 60,000 images take too long for a pull request.
ifeq ($(origin SCALE),command line)
ifneq ($(SCALE),fashion)
$(error SCALE=$(SCALE) is none: the one scale beside the digits is SCALE=fashion)
endif
measure: $(VENV)/test.installed
	$(RUN) scripts.fashion

verify: $(VENV)/test.installed
	$(RUN) scripts.fashion --verify
else
measure: $(VENV)/test.installed
	$(RUN) pytask build -n 2

verify: $(VENV)/test.installed
	$(RUN) scripts.verify $(TOPICS) $(if $(filter command,$(origin SEEDS)),--seeds '$(SEEDS)')
endif

retrain: $(VENV)/test.installed
	$(RUN) pytask build -n 2 --force
	@$(RUN) scripts.times

bench: $(VENV)/test.installed
	$(RUN) scripts.bench

lint: $(VENV)/site.installed
	@$(RUN) pip install --quiet --editable '.[site,lint]'
	$(RUN) pre_commit run --all-files

audit: $(VENV)/test.installed
	@$(RUN) pip install --quiet --editable '.[site,test,audit]'
	$(RUN) pip_audit --skip-editable

zensical: site
	@$(RUN) pip install --quiet --editable '.[zensical]'
	$(RUN) scripts.zensical site

lock: $(BIN)/python
	@$(RUN) pip install --quiet uv==0.13.9
	$(RUN) uv pip compile --quiet pyproject.toml --extra site --universal --generate-hashes --python-version 3.11.5 \
	  --no-header --no-annotate --output-file requirements.txt

clean:
	rm -rf site build mutants $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11, 5) or sys.exit("Python 3.11.5 or newer is needed, and $(PYTHON) is " + sys.version.split()[0] + ": make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --upgrade pip

# What readers get is made with these very files: requirements.txt holds their hashes.
$(VENV)/site.installed: pyproject.toml requirements.txt | $(BIN)/python
	$(RUN) pip install --quiet --require-hashes --requirement requirements.txt
	$(RUN) pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/test.installed: pyproject.toml $(VENV)/site.installed
	@$(RUN) pip install --quiet $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) '$(TORCH)' || { \
	  echo "pip finds no CPU build of PyTorch ($(TORCH)). Say where it is: make TORCH_INDEX=<the CPU index that pytorch.org names> …"; \
	  echo "or take what the registry has, several GB on Linux: make TORCH=torch==2.13.0 …"; exit 1; }
	$(RUN) pip install --quiet --editable '.[site,test]'
	$(RUN) scripts.browser
	@touch $@
