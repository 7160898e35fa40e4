FROM debian:12
RUN cd /srv && make
RUN (cd /srv; make) || true
RUN if cd /srv; then make && make install; fi
RUN X=$(cd /srv && pwd) && echo "$X"
RUN echo cd /srv
RUN make -C /srv
RUN ["cd", "/srv"]
