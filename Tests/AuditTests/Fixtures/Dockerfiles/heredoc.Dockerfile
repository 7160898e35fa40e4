FROM debian:12
RUN <<EOF
sudo make
cd /srv
EOF

WORKDIR srv
COPY <<A /b
x
A

WORKDIR srv
