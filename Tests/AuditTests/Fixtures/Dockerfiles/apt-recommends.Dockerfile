FROM debian:12
RUN apt-get install -y a=1
WORKDIR /a
RUN apt-get install -y -o APT::Install-Recommends=false a=1
WORKDIR /b
RUN apt-get --no-install-recommends install -y a=1
WORKDIR /c
RUN apt-get install -y --no-install-recommends a=1 && apt-get install -y b=1
