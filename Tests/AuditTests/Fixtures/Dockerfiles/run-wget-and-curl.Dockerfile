FROM debian:12
RUN wget -q https://example.org/a
RUN curl -O https://example.org/a
RUN wget -q https://example.org/b
FROM debian:12
RUN curl -O https://example.org/a
RUN curl -O https://example.org/b
FROM debian:12
RUN curl -O https://example.org/a && wget -q https://example.org/b
ONBUILD RUN curl -O https://example.org/a
