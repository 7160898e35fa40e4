FROM debian:12
RUN a
RUN b
RUN c && d
RUN e
RUN f
# remark
RUN g

RUN h
ENV X=1
RUN i
RUN --mount=type=cache,target=/c j
RUN --mount=type=cache,target=/c k
RUN --network=none l
RUN m
ONBUILD RUN n
RUN o
RUN X=1
RUN p
