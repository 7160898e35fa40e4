FROM debian:12
RUN apt-get install -y --no-install-recommends curl
WORKDIR /a
RUN apt-get install -y --no-install-recommends curl=7.88.1 wget=1.21
WORKDIR /b
RUN apt-get install -y --no-install-recommends curl=7.88.1 wget
WORKDIR /c
RUN apt-get install -y --no-install-recommends ./local.deb /tmp/other.deb third.deb
WORKDIR /d
RUN apt-get install -y --no-install-recommends curl/bookworm-backports
WORKDIR /e
RUN apt-get install -y --no-install-recommends $PACKAGES
WORKDIR /f
RUN apt-get install -y --no-install-recommends -t bookworm-backports curl=1
WORKDIR /g
RUN apt-get install -y --no-install-recommends curl=${CURL_VERSION}
WORKDIR /h
RUN apt-get install -y --no-install-recommends "curl=7.*"
WORKDIR /i
RUN apt-get -y --no-install-recommends install curl
