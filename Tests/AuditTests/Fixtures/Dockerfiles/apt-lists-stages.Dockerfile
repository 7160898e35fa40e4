FROM debian:12 AS unused
RUN apt-get update
FROM debian:12 AS build
RUN apt-get update
FROM build AS more
RUN apt-get update
FROM debian:12
COPY --from=more /x /x
RUN apt-get update
