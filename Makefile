# Everything one does here has one command. `make help` lists them.
#
# What is needed, by the names of the Debian packages: a Rust toolchain (rustup), g++, make and perl (librdkafka and OpenSSL
# are built from source), and for the broker of the tests default-jre-headless and maven. `make test-deploy` needs prometheus,
# `make bench-instructions` valgrind.

CARGO ?= cargo
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# An existing broker stands in for one of our own, and then neither Java nor Maven is needed.
broker_tools := $(if $(KLANTREIS_TEST_KAFKA),,java:default-jre-headless mvn:maven)
build_tools := $(CARGO): cc:gcc c++:g++ make:make perl:perl

# $(call need,for what,command:package ...): names every missing command with its package, then stops.
define need
@missing=; \
for tool in $(2); do \
  command -v "$${tool%%:*}" >/dev/null || missing+="  $${tool%%:*}: $$( [[ -n "$${tool#*:}" ]] \
    && echo "apt-get install $${tool#*:}" || echo "see https://rustup.rs" )"$$'\n'; \
done; \
if [[ -n "$$missing" ]]; then printf '%s needs what is not installed here:\n%s' "$(1)" "$$missing" >&2; exit 1; fi
endef

.PHONY: help
help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 28

.PHONY: test
test: ## Unit, property, behaviour, broker and architecture tests; KLANTREIS_TEST_KAFKA=host:port uses an existing broker
	@$(call need,make test,$(build_tools) $(broker_tools))
	$(if $(KLANTREIS_TEST_KAFKA),,@deploy/kafka/broker.sh fetch)
	$(CARGO) test --locked
	$(CARGO) test --locked --features registry --lib registry
	$(CARGO) test --locked --features registry --test registry

.PHONY: test-deploy
test-deploy: ## The files in deploy/: manifests, image, alerts, and every dashboard query against a running service
	@$(call need,make test-deploy,$(build_tools) promtool:prometheus prometheus:prometheus)
	$(CARGO) test --locked --features deploy-tests --test deploy
	$(CARGO) test --locked --features deploy-tests --lib promtool

# cargo-fuzz itself, and what it compiles and finds. Coverage without sanitizers is all that is asked of the compiler, so that
# the stable one does: there is next to no `unsafe` here, and wrong sums are found by debug assertions.
fuzz_version := 0.13.1
fuzz := .cache/cargo-fuzz-$(fuzz_version)
fuzz_targets = $(if $(TARGET),$(TARGET),$(shell sed -n 's|^path = "targets/\(.*\)\.rs"|\1|p' tests/fuzz/Cargo.toml))
SECONDS ?= 5

.PHONY: fuzz
fuzz: ## Records and mappings made up to break what reads them, SECONDS for each target or TARGET alone; what is found is told and kept
	@$(call need,make fuzz,$(CARGO): c++:g++)
	@[[ -x $(fuzz)/bin/cargo-fuzz ]] || $(CARGO) install --quiet --debug --locked --root $(fuzz) --version $(fuzz_version) cargo-fuzz
	CARGO_TARGET_DIR="$(CURDIR)/target/fuzz" PATH="$(CURDIR)/$(fuzz)/bin:$$PATH" CARGO="$(CARGO)" \
	  tests/fuzz/run.sh $(SECONDS) $(fuzz_targets)

.PHONY: lint
lint: ## Formatting, clippy and documentation, warnings as errors
	@$(call need,make lint,$(build_tools))
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets --features deploy-tests,registry -- -D warnings
	$(CARGO) clippy --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --features registry

.PHONY: demo
demo: ## A web shop and its customers' journeys, live, without a broker
	@$(call need,make demo,$(build_tools))
	$(CARGO) run --locked --release -- demo

.PHONY: model-pages
model-pages: ## Makes the pages and pictures of the built-in models in docs/models/ anew, from the models' files
	@$(call need,make model-pages,$(build_tools))
	@mkdir -p docs/models
	$(CARGO) run --locked --quiet -- model page > docs/models/README.md
	@for model in $$($(CARGO) run --locked --quiet -- model list | cut -f1); do \
	  $(CARGO) run --locked --quiet -- model page "$$model" > "docs/models/$$model.md"; \
	  $(CARGO) run --locked --quiet -- model graph "$$model" --format svg > "docs/models/$$model.svg"; \
	done

.PHONY: bench
bench: ## What each step of an event costs by itself, and what a customer takes up; some minutes
	@$(call need,make bench,$(build_tools))
	$(CARGO) bench --locked --bench micro
	$(CARGO) bench --locked --bench memory

.PHONY: bench-instructions
bench-instructions: ## Instructions of each step, an error if they are not those on record; RECORD=1 writes the record anew
	@$(call need,make bench-instructions,$(build_tools) valgrind:valgrind)
	$(CARGO) bench --locked --bench instructions $(if $(RECORD),-- --record)

.PHONY: bench-job
bench-job: ## The comparison job beside a plain reader, Kafka Streams and Flink; benches/job/run.sh says what can be set
	@$(call need,make bench-job,$(build_tools) java:default-jdk-headless mvn:maven)
	CARGO="$(CARGO)" benches/job/run.sh

.PHONY: bench-latency
bench-latency: ## From an event to its transition, live at half of the maximum; RATE=events/s, benches/latency/run.sh says what else
	@$(call need,make bench-latency,$(build_tools) java:default-jdk-headless mvn:maven)
	CARGO="$(CARGO)" benches/latency/run.sh

.PHONY: bench-scale
bench-scale: ## The job by workers, partitions, models and bytes an event; benches/scale/run.sh says what can be set
	@$(call need,make bench-scale,$(build_tools) java:default-jdk-headless mvn:maven)
	CARGO="$(CARGO)" benches/scale/run.sh

.PHONY: bench-restore
bench-restore: ## From the start to ready on the state left behind, and what an idle service costs; benches/restore/run.sh says what can be set
	@$(call need,make bench-restore,$(build_tools) java:default-jdk-headless mvn:maven)
	CARGO="$(CARGO)" benches/restore/run.sh
