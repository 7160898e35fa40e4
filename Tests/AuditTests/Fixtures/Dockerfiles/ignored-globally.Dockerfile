# hadolint global ignore=DL3006,DL3003 # because it must
FROM debian
RUN cd /srv && sudo make
