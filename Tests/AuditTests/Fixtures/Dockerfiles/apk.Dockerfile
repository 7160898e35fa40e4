FROM alpine:3.20
RUN apk add curl
WORKDIR /a
RUN apk add --no-cache curl
WORKDIR /b
RUN apk add --no-cache curl=8.9.0-r0 'wget~1.24'
WORKDIR /c
RUN apk add --no-cache --virtual .build gcc=1 make=2
WORKDIR /d
RUN apk --no-cache add curl=1
WORKDIR /e
RUN apk add --no-cache --repository https://example.org/main curl=1
WORKDIR /f
RUN apk add --no-cache -X https://example.org/main -t .deps curl=1
WORKDIR /g
RUN apk add --no-cache ./local.apk
WORKDIR /h
RUN apk update && apk add curl=1 && rm -rf /var/cache/apk/*
WORKDIR /i
RUN --mount=type=cache,target=/var/cache/apk apk add curl=1
WORKDIR /j
RUN apk upgrade
WORKDIR /k
RUN apk add -U curl=1
