FROM debian:12
RUN apt-get update \
    # a remark
    && apt-get install \
        curl \
        wget=1 \
    && rm -rf /var/lib/apt/lists/*

RUN a && \

    sudo b && c
CMD run
