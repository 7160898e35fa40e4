FROM debian:12 AS build
USER root
RUN make
FROM debian:12
COPY --from=build /x /x
USER 0:0
USER nobody:nogroup
