FROM alpine
RUN apk add --update --no-cache \
      bash \
      curl \
    && curl -L https://example.org/tool.tar.gz | tar xz -C /usr/local/bin \
    && chmod 777 /usr/local/bin/tool
VOLUME /data
WORKDIR data
ENTRYPOINT ["tool"]
