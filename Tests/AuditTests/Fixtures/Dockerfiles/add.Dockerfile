FROM debian:12
WORKDIR /srv
ADD a /b/
ADD https://example.org/a /b/
ADD a.tar /b/
ADD a.tar.gz b.tgz c.tar.xz /b/
ADD a.zip /b/
ADD "a.tar" /b/
ADD . /b/
ADD *.tar /b/
ADD a.tar b /b/
ADD $FILE /b/
ADD a.gz b.bz2 c.xz d.lzma e.tbz2 f.tlz /b/
