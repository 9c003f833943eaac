# What `make bench` does; the Makefile includes it. docs/benchmarks.md says what the table means.
#   make bench           at most 15 minutes
#   make bench FULL=1    waits for the large counts, takes longer turns
#   make bench QUICK=1   a minute: shows that every job works, its numbers mean nothing
#   make bench ONLY=hot-path JSON=bench.json
.PHONY: bench

BENCH_SIZE := $(if $(FULL),full,$(if $(QUICK),quick,plain))

bench: ensure ## Measure beside a bare HTTP server; FULL=1, QUICK=1, ONLY=job, JSON=file
	-sh Bench/install-nginx.sh
	$(SWIFT) build -c release --product mintmark
	$(SWIFT) build -c release --product mintmark-bench
	.build/release/mintmark-bench run --size $(BENCH_SIZE) $(addprefix --only ,$(ONLY)) $(if $(JSON),--json $(JSON))
