FROM opensuse/leap:15
RUN zypper install curl
WORKDIR /a
RUN zypper install -y curl=8.0 && zypper clean
WORKDIR /b
RUN zypper in -y curl && zypper cc -a
WORKDIR /c
RUN zypper in --no-confirm "curl>=8" && zypper clean --all
WORKDIR /d
RUN zypper dup
WORKDIR /e
RUN zypper dist-upgrade -y
WORKDIR /f
RUN zypper remove curl
WORKDIR /g
RUN zypper patch
WORKDIR /h
RUN zypper install -y a.rpm && zypper clean
