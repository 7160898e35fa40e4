FROM debian
# hadolint ignore=DL3003
RUN cd /srv && make && make install
# hadolint ignore=DL3004,DL3003 # because it must
RUN cd /srv && sudo make && make install
#hadolint ignore = DL3004
RUN sudo make && make install && true
RUN sudo make && make install && false
