# syntax=docker/dockerfile:1
# Mintmark in an image that holds the program, SQLite, zlib and the certificates of public authorities.
#
#   docker build -t mintmark .
#   docker run --rm -v mintmark:/var/lib/mintmark --read-only mintmark
#
# It listens on loopback until it is told otherwise, like everywhere: deploy/compose.yaml and deploy/kubernetes tell it.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libsqlite3-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src

# What is depended on is fetched again only when the manifest changes; the versions are those of Package.resolved, where there is one.
COPY Package.swift Package.resolved* ./
RUN swift package resolve

# The manifest names all targets, so all are here; only what the program needs is built.
COPY Sources Sources
COPY Tests Tests
COPY Bench Bench
COPY Examples Examples
RUN swift build -c release --static-swift-stdlib --product mintmark \
    && install -D -m 0755 "$(swift build -c release --static-swift-stdlib --show-bin-path)/mintmark" /out/mintmark \
    && strip /out/mintmark \
    && install -d -m 0700 /out/data

# The same Debian as that of the builder, whose C library and SQLite the program is linked with.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libsqlite3-0 libstdc++6 zlib1g ca-certificates \
    && rm -rf /var/lib/apt/lists/*

COPY --from=build /out/mintmark /usr/local/bin/mintmark
# All that this user owns: where the data and the seal of an embedded store are, for a volume to be mounted. With store.url nothing is written.
COPY --from=build --chown=65532:65532 /out/data /var/lib/mintmark
USER 65532:65532
WORKDIR /var/lib/mintmark

ENV MINTMARK_STORE_PATH=/var/lib/mintmark/data \
    MINTMARK_METRICS_PORT=9100 \
    MINTMARK_LOGGING_MODE=json
EXPOSE 8080 9100

# No shell and no curl: the program asks itself. It finishes what is in flight on SIGTERM, for 30 seconds at the most.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["/usr/local/bin/mintmark", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/mintmark"]
CMD ["serve"]
