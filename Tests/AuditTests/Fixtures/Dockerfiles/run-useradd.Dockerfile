FROM debian:12
RUN useradd -u 123456 app
WORKDIR /a
RUN useradd -l -u 123456 app
WORKDIR /b
RUN useradd --no-log-init -u 123456 app
WORKDIR /c
RUN useradd -u 12345 app
WORKDIR /d
RUN useradd -m -u 1000 app
WORKDIR /e
RUN useradd app
