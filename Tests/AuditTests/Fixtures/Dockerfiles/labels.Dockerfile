FROM debian:12
LABEL org.example.name=a
LABEL Name=a
LABEL com.docker.a=b
LABEL io.docker.a=b
LABEL org.dockerproject.a=b
LABEL a..b=c
LABEL a--b=c
LABEL a_b=c
LABEL "a b"=c
LABEL 1a=b
LABEL a-=b
LABEL a=b c=d
