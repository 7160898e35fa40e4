FROM debian:12
CMD run
FROM debian:12
CMD ["run"]
CMD ["again"]
ENTRYPOINT run
ENTRYPOINT ["run"]
FROM debian:12
ENTRYPOINT ["run"]
CMD exec run
HEALTHCHECK NONE
HEALTHCHECK CMD ["check"]
HEALTHCHECK CMD check
