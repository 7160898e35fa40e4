FROM debian:12 AS build
COPY a /b
COPY a b /c
COPY a b /c/
COPY ["a", "b", "/c"]
COPY ["a", "b", "/c/"]
COPY a b $DIR
COPY "a" "b"
COPY a b/
COPY a $DIR
COPY a "${DIR}"
WORKDIR /srv
COPY a b
COPY a b .
FROM build
COPY a b
FROM debian:12
COPY a b
