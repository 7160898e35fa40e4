FROM debian:12
RUN ln -sf /bin/bash /bin/sh
WORKDIR /a
RUN ln -s /bin/dash /bin/ash
WORKDIR /b
RUN rm /bin/sh && ln -s /bin/bash /bin/sh
