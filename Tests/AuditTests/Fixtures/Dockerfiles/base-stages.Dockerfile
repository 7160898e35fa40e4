FROM debian:12 as builder
RUN make
FROM builder
RUN make test
FROM builder AS last
CMD ["x"]
