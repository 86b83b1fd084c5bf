# One image for all services; compose.yaml starts one service in each container.
ARG SWIFT_IMAGE=swift:6.3-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${SWIFT_IMAGE} AS build
RUN apt-get -qq update \
 && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends libsqlite3-dev \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
WORKDIR /parley

# The dependencies, in a layer that changes only with the manifest. Package.resolved is optional.
COPY Package.swift Package.resolved* ./
RUN swift package resolve

# The sources: every folder that the manifest names, tests and benchmarks included.
COPY Shared Shared
COPY Services Services
COPY Tools Tools
COPY Tests Tests
COPY Benchmarks Benchmarks
RUN set -eu; \
    mkdir /out; \
    for program in gateway conversation-svc inference-svc media-svc transcription-svc parley; do \
      swift build -c release --static-swift-stdlib --explicit-target-dependency-import-check error --product "$program"; \
      strip -o "/out/$program" ".build/release/$program"; \
    done

FROM ${RUNTIME_IMAGE}
RUN apt-get -qq update \
 && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends ca-certificates libsqlite3-0 libstdc++6 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin parley \
 && install -d -o parley -g parley -m 700 /data
COPY --from=build /out/ /usr/local/bin/
USER parley
WORKDIR /data
ENV DATA_DIR=/data
CMD ["parley", "--help"]
