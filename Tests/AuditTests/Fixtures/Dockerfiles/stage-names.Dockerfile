FROM debian:12 AS one
FROM debian:12 AS two
FROM debian:12 AS one
FROM debian:12 AS scratch
FROM debian:12 AS context
