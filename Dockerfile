# One image with all executables; compose.yaml starts one of them in each container.
ARG SWIFT_IMAGE=swift:6.3-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${SWIFT_IMAGE} AS build
RUN apt-get -qq update \
 && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends libsqlite3-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /parley
COPY Package.swift ./
RUN swift package resolve
COPY Shared Shared
COPY Services Services
COPY Tools Tools
# The manifest names the test targets too, so their folders must be there.
COPY Tests Tests
RUN set -eu; \
    swift build -c release --static-swift-stdlib --explicit-target-dependency-import-check error; \
    mkdir /out; \
    for program in gateway conversation-svc inference-svc media-svc transcription-svc parley; do \
      strip -o "/out/$program" ".build/release/$program"; \
    done

FROM ${RUNTIME_IMAGE}
RUN apt-get -qq update \
 && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends ca-certificates libsqlite3-0 libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin parley \
 && install -d -o parley -g parley -m 700 /data
COPY --from=build /out/ /usr/local/bin/
USER parley
WORKDIR /data
ENV DATA_DIR=/data
CMD ["parley", "--help"]
