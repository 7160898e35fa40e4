FROM debian:12
RUN apt-get install --no-install-recommends a=1
WORKDIR /a
RUN apt-get install -y --no-install-recommends a=1
WORKDIR /b
RUN apt-get -y install --no-install-recommends a=1
WORKDIR /c
RUN apt-get install --yes --no-install-recommends a=1
WORKDIR /d
RUN apt-get install --assume-yes --no-install-recommends a=1
WORKDIR /e
RUN apt-get install -qq --no-install-recommends a=1
WORKDIR /f
RUN apt-get install -yq --no-install-recommends a=1
WORKDIR /g
RUN DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends a=1
WORKDIR /h
RUN yes | apt-get install --no-install-recommends a=1
