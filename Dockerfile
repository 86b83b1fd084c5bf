# One image with one executable; compose.yaml starts one service of it in each container.
ARG SWIFT_IMAGE=swift:6.3-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${SWIFT_IMAGE} AS build
RUN apt-get -qq update \
 && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends libsqlite3-dev zlib1g-dev \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
WORKDIR /parley

# The dependencies, in layers that change only with the manifest. Package.resolved is optional.
COPY Package.swift Package.resolved* ./
COPY Shared/CZlib Shared/CZlib
RUN swift package resolve
# Compiles them with empty files in place of our sources, with the same command as below.
RUN set -eu; \
    swift package dump-package | sed -n 's/^ *"path" : "\([^"]*\)".*/\1/p' | sed 's,\\/,/,g' >/tmp/folders; \
    while read -r folder; do mkdir -p "$folder"; echo >"$folder/Empty.swift"; done </tmp/folders; \
    echo >Tools/Parley/Main/main.swift; \
    swift build -c release --static-swift-stdlib --product parley; \
    xargs rm -rf </tmp/folders

# The sources: every folder that the manifest names, tests and benchmarks included.
COPY Shared Shared
COPY Services Services
COPY Tools Tools
COPY Tests Tests
COPY Benchmarks Benchmarks
RUN set -eu; \
    swift build -c release --static-swift-stdlib --product parley; \
    mkdir /out; \
    strip -o /out/parley .build/release/parley

FROM ${RUNTIME_IMAGE}
RUN apt-get -qq update \
 && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends ca-certificates libsqlite3-0 libstdc++6 zlib1g \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin parley \
 && install -d -o parley -g parley -m 700 /data
COPY --from=build /out/parley /usr/local/bin/parley
USER parley
WORKDIR /data
ENV DATA_DIR=/data
CMD ["parley", "--help"]
