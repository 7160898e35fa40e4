FROM debian:12 AS deb
RUN set -eux; \
    apt-get update; \
    apt-get install -y --no-install-recommends build-essential=12.9; \
    rm -rf /var/lib/apt/lists/*
FROM fedora:40 AS rpm
RUN set -eux; dnf -y install rpm-build; dnf clean all
FROM alpine:3.20
COPY --from=deb /etc/os-release /deb
COPY --from=rpm /etc/os-release /rpm
RUN set -o pipefail; cat /deb /rpm | sort
