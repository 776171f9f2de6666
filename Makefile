# `make` lists what there is. Everything installs into .venv and .venv-executor; `make start` keeps its state in .var.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help venv demo start stop status test test-fast test-docker test-browser check format messages images bench clean

PY := .venv/bin/python
DATA ?=
TESTS ?=
JOBS ?= auto

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- environments ----------------------------------------------------------------------------------------------------
venv: .venv/.site .venv/.dev ## make .venv with what the site, its tests and its checks need

.venv/.site: requirements.txt requirements-embedded.txt
	@tools/make_venv.sh .venv
	@echo "Installing the site's packages into .venv"
	@.venv/bin/pip install --quiet -r requirements.txt
	@$(PY) -m ymir_site.launcher programs || .venv/bin/pip install --quiet -r requirements-embedded.txt
	@touch $@

.venv/.dev: .venv/.site requirements-dev.txt
	@echo "Installing the packages of tests and checks into .venv"
	@.venv/bin/pip install --quiet -r requirements-dev.txt
	@touch $@

.venv-executor/.ready: executors/images/detector/requirements.txt
	@tools/make_venv.sh .venv-executor
	@echo "Installing PyTorch and the detector's packages into .venv-executor"
	@tools/install_executor.sh .venv-executor
	@touch $@

.venv-executor/.dev: .venv-executor/.ready
	@.venv-executor/bin/pip install --quiet 'pytest==9.2.*' pytest-timeout
	@touch $@

# --- the site --------------------------------------------------------------------------------------------------------
demo: .venv/.site .venv-executor/.ready ## run the whole loop on sample data (or DATA=path) and leave the site running
	@tools/demo.sh "$(DATA)"

start: .venv/.site .venv-executor/.ready ## start the site on http://localhost:12001
	@$(PY) -m ymir_site.launcher start

stop: .venv/.site ## stop the site
	@$(PY) -m ymir_site.launcher stop

status: .venv/.site ## show what runs
	@$(PY) -m ymir_site.launcher status || [ $$? -eq 1 ] # 1: it does not run, which is an answer

# --- tests and checks ------------------------------------------------------------------------------------------------
test: .venv/.dev .venv-executor/.dev ## everything: Docker and Chromium are installed and started where missing
	@tools/prepare_tests.sh
	@$(PY) tools/run_tests.py --jobs $(JOBS) fast site detector docker

test-fast: .venv/.dev ## no Docker, no browser; two minutes at most (TESTS=path for a part)
	@$(PY) tools/run_tests.py --jobs $(JOBS) fast --paths $(TESTS)

test-docker: .venv/.dev .venv-executor/.dev ## what needs a Docker engine
	@tools/prepare_tests.sh
	@$(PY) tools/run_tests.py docker --paths $(TESTS)

test-browser: .venv/.dev .venv-executor/.dev ## what drives Chromium
	@tools/prepare_tests.sh
	@$(PY) tools/run_tests.py browser --paths $(TESTS)

check: .venv/.dev ## linters, formats, types, import contracts, migrations, translations
	@tools/check.sh

format: .venv/.dev ## rewrite sources and templates in the house format
	@.venv/bin/ruff check --fix-only --quiet .
	@.venv/bin/ruff format .
	@.venv/bin/djlint --reformat --quiet templates || true

messages: .venv/.dev ## collect the texts to translate, compile the translations
	@tools/install_packages.sh gettext
	@tools/collect_messages.sh
	@$(PY) tools/compile_messages.py

images: ## build the images of the site and of the shipped executors
	@tools/docker_engine.sh
	@tools/build_image.sh ymir:latest .
	@tools/build_image.sh ymir/detector:latest executors/images/detector

bench: .venv/.dev ## run the benchmarks and print them beside their yardsticks
	@tools/run_benchmarks.sh

clean: ## stop the site, remove its environments, state and caches (the data in .var too)
	@tools/clean.sh
