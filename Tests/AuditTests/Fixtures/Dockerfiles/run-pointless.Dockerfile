FROM debian:12
RUN free && top -b
WORKDIR /a
RUN kill 1
WORKDIR /b
RUN mount /dev/sda1 /mnt
WORKDIR /c
RUN ps
WORKDIR /d
RUN service nginx start
WORKDIR /e
RUN ssh host
WORKDIR /f
RUN vim --version
WORKDIR /g
RUN shutdown now
WORKDIR /h
RUN ifconfig
WORKDIR /i
RUN echo kill
