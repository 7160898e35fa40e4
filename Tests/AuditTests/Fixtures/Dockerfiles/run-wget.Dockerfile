FROM debian:12
RUN wget https://example.org/a
RUN wget -q https://example.org/a
RUN wget -nv https://example.org/a
RUN wget --progress=dot:giga https://example.org/a
RUN wget -O /a https://example.org/a
RUN wget -o /log https://example.org/a
RUN wget --quiet https://example.org/a
RUN wget --no-verbose -O - https://example.org/a
