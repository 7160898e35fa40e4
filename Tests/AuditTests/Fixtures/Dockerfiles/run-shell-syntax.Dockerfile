FROM debian:12
RUN case "$x" in a|b) sudo make ;; *) make ;; esac
WORKDIR /a
RUN for i in 1 2 3; do sudo make "$i"; done
WORKDIR /b
RUN f() { sudo make; }; f
WORKDIR /c
RUN while read -r line; do sudo make "$line"; done < /list
WORKDIR /d
RUN echo ${x:-$(sudo make)}
WORKDIR /e
RUN cat <(sudo make)
WORKDIR /f
RUN make > $(sudo make) 2>&1
WORKDIR /g
RUN { sudo make; } && make
WORKDIR /h
RUN until sudo make; do sleep 1; done
WORKDIR /i
RUN su\do make
WORKDIR /j
RUN $sudo make
WORKDIR /k
RUN make # sudo make
WORKDIR /l
RUN [[ -x sudo ]] && [ sudo ] || test sudo
WORKDIR /m
RUN echo 'sudo make' "sudo make"
