FROM debian:12
COPY a.tar /tmp/
RUN tar -xf /tmp/a.tar -C /srv
COPY b.tar.gz /tmp/
RUN tar --extract --file /tmp/b.tar.gz
COPY c.zip /tmp/
RUN unzip /tmp/c.zip
COPY d.gz /tmp/d.gz
RUN gunzip /tmp/d.gz
COPY e.tar /tmp/
RUN tar cf /tmp/e.tar /srv
FROM debian:12
RUN tar -xf /tmp/a.tar
COPY --from=0 /tmp/a.tar /tmp/
RUN tar -xf /tmp/a.tar
