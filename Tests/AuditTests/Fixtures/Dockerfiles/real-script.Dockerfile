FROM debian:12
RUN set -ex; \
  fetch() { curl -fsSL "$1" -o "$2"; }; \
  for key in a b c; do \
    fetch "https://example.org/$key" "/tmp/$key" || fetch "https://mirror.example.org/$key" "/tmp/$key"; \
  done; \
  if [ "$(dpkg --print-architecture)" = amd64 ]; then apt-get install -y extra; fi
