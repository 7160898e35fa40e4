FROM debian:12
RUN sudo make && sudo make install
WORKDIR /a
RUN exec sudo make
WORKDIR /b
RUN command sudo make
WORKDIR /c
RUN command -v sudo
WORKDIR /d
RUN env sudo make
WORKDIR /e
RUN /usr/bin/sudo make
WORKDIR /f
RUN "sudo" make
WORKDIR /g
RUN echo `sudo make`
WORKDIR /h
RUN echo "$(sudo make)"
WORKDIR /i
RUN X=1 sudo make
WORKDIR /j
RUN ! sudo make
WORKDIR /k
RUN bash -c 'sudo make'
WORKDIR /l
RUN ["sudo", "make"]
