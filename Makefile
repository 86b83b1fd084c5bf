# `make run` and `make test` are all that most people need.

CHECKED := --explicit-target-dependency-import-check error
# Installed only where missing, so a prepared machine needs neither network nor root.
PACKAGES := binutils git libc6-dev libgcc-12-dev libsqlite3-dev libstdc++-12-dev tzdata zlib1g-dev
SOURCES := Shared Services Tools Tests Benchmarks Package.swift

.PHONY: run test vocabulary build lint bench chaos api-test compose-test clean install help

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## /make \1 /p' Makefile | column -t -l 3

run: build ## installs, builds (release) and starts all services; UP="--gateway-port 9000" passes options
	@exec .build/release/parley up $(UP)

test: WANTS_VENV := yes
test: install ## installs, then runs every test
	swift build --build-tests $(CHECKED)
	Tests/run_unit_tests.sh
	Tests/smoke.sh
	@# Installs the official clients from the Python package index the first time.
	Tests/Clients/run.sh
	Tests/Chaos/chaos.py --bin .build/debug
	Tests/Compose/run.sh

vocabulary: ## downloads the vocabulary cl100k_base to .build/cl100k_base.tiktoken, for TOKEN_VOCABULARY
	Tools/vocabulary.sh .build/cl100k_base.tiktoken

build: install ## installs, then builds (release)
	swift build -c release --static-swift-stdlib $(CHECKED)

lint: ## checks the format and the rules of the sources
	swift format lint --strict --recursive --configuration .swift-format $(SOURCES)
	Tests/lint.sh

bench: build ## measures; docs/performance.md explains the figures
	Benchmarks/run.sh

chaos: build ## kills services and cuts the power under load, and checks that no data is lost; ROUNDS=20 CUTS=40 set the counts
	@$(MAKE) --no-print-directory install PACKAGES="$(PACKAGES) python3-fusepy libfuse2"
	Tests/Chaos/chaos.py --rounds $(or $(ROUNDS),20) --stored-after 0.3
	Tests/Chaos/power_cuts.py --cuts $(or $(CUTS),40)
	@# With a write-ahead log that is not synced the test must find lost messages, which shows that it can.
	Tests/Chaos/power_cuts.py --cuts 5 --forget-wal-syncs

api-test: WANTS_VENV := yes
api-test: install ## sends generated requests to every operation of /openapi.json; EXAMPLES=200 SEED=7 set the number and the seed
	swift build --build-tests $(CHECKED)
	EXAMPLES=$(or $(EXAMPLES),200) SEED=$(or $(SEED),7) Tests/Clients/run.sh -k schemathesis

compose-test: install ## builds the image, starts compose.yaml, and makes replicas fail under load; needs a container engine
	swift build --build-tests $(CHECKED)
	Tests/Compose/run.sh --engine-required

clean: ## removes the build folder; stored data stays
	rm -rf .build

install: ## installs missing Debian packages
	@missing=""; \
	for package in $(PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	ldconfig -p 2>/dev/null | grep -q 'libcurl\.so\.4 ' || missing="$$missing libcurl4-openssl-dev"; \
	for program in curl python3; do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	[ -z "$(WANTS_VENV)" ] || python3 -c 'import ensurepip' 2>/dev/null || missing="$$missing python3-venv"; \
	command -v pgrep >/dev/null || missing="$$missing procps"; \
	command -v swift >/dev/null || { echo "Swift 6.3 is missing: see https://www.swift.org/install/linux/"; exit 1; }; \
	[ -z "$$missing" ] && exit 0; \
	echo "Installing$$missing"; \
	as_root=""; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	$$as_root apt-get -qq update && \
	  $$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $$missing
