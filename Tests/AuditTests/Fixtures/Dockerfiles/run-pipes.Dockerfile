FROM debian:12
RUN a | b
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN a | b
SHELL ["/bin/sh", "-c"]
RUN a | b && c
RUN a || b
RUN set -o pipefail && a | b
RUN a |& b
RUN ["a", "|", "b"]
SHELL ["/bin/bash", "-eo", "pipefail", "-c"]
RUN a | b
SHELL ["/bin/ash", "-euxo", "pipefail", "-c"]
RUN a | b
FROM debian:12
RUN a | b
SHELL ["pwsh", "-c"]
RUN a | b
