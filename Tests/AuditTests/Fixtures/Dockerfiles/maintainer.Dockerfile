FROM debian:12
MAINTAINER somebody
