# What a person types. Everything else is in the scripts that these call.
SECONDS ?= 60
SWIFT ?= swift
# Tests at a time under the thread sanitizer: more of them would only wait for a processor.
WIDTH := --experimental-maximum-parallelization-width 6
FORMATTED := Package.swift Sources Tests Bench Fuzz/Package.swift Fuzz/Sources Examples/UpstreamTokens/Package.swift Examples/UpstreamTokens/Sources

.PHONY: run build test lint format tidy bench soak fuzz tsan

run: ensure ## Build and serve on 127.0.0.1:8080, admin on 127.0.0.1:8081, data in ./mintmark-data
	$(SWIFT) build -c release --product mintmark
	exec "$$($(SWIFT) build -c release --product mintmark --show-bin-path)/mintmark" serve $(ARGS)

build: ensure ## Build everything, tests included, and check that every import is declared
	$(SWIFT) build --build-tests --explicit-target-dependency-import-check error

test: ensure-tests ## Every test and proof, at the size for every day
	scripts/test.sh

lint: ## The format, checked
	$(SWIFT) format lint --strict --parallel --recursive $(FORMATTED)

format: ## The format, applied
	$(SWIFT) format format --in-place --parallel --recursive $(FORMATTED)

tidy: ensure ## The rules over the source text
	MINTMARK_SLICE=core $(SWIFT) test --filter TidyTests

soak: ensure-tests ## The proofs at their large counts; can be interrupted and goes on where it stopped
	scripts/soak

fuzz: ensure ## Each fuzz target for SECONDS
	Fuzz/run $(SECONDS)

# Left out are the exhaustive walks, pure functions on one thread that would take minutes; the races are run fewer times.
# TokenVaultTests are left out too: with a Valkey they would have SwiftNIO and BoringSSL built for the sanitizer, for minutes. What runs here is the
# same source over a vault in memory (SharedSourceTests, SharedFaultTests, RotationTests) and each store but that one by its own tests.
SINGLE_THREADED := FamilyWalkTests|RequestPairTests|KeyRingWalkTests|KeyRingFaultTests|UpstreamWalkTests|TidyTests

tsan: ensure ## Core, engine, store and client tests under the thread sanitizer
	TSAN_OPTIONS='suppressions=$(CURDIR)/Tests/tsan.suppressions' MINTMARK_SLICE=races MINTMARK_RACE_ROUNDS=20 \
		$(SWIFT) test --sanitize=thread --scratch-path .build-tsan $(WIDTH) --skip '$(SINGLE_THREADED)'

.PHONY: ensure ensure-tests
ensure:
	@scripts/ensure.sh

ensure-tests:
	@scripts/ensure.sh curl openssl redis-server
	@scripts/valkey.sh >/dev/null
	@scripts/tools.sh >/dev/null

-include Bench/bench.mk
