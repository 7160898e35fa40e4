FROM debian:12 AS build
FROM debian:12 AS other
COPY --from=build /a /b
COPY --from=other /a /b
COPY --from=nowhere /a /b
COPY --from=0 /a /b
COPY --from=7 /a /b
COPY --from=debian:12 /a /b
COPY --from=debian /a /b
COPY --from=build / /
COPY --from=build / /root/
COPY / /
