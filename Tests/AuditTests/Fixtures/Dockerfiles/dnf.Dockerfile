FROM fedora:40
RUN dnf install curl
WORKDIR /a
RUN dnf install -y curl-8.6 && dnf clean all
WORKDIR /b
RUN dnf clean all && dnf install -y curl-8.6
WORKDIR /c
RUN microdnf install curl
WORKDIR /d
RUN microdnf install -y curl-8.6 && microdnf clean all
WORKDIR /e
RUN dnf install -y python3-devel && dnf clean all
WORKDIR /f
RUN dnf module install -y nodejs:18 && dnf clean all
WORKDIR /g
RUN dnf install -y a.rpm b-c.rpm && dnf clean all
WORKDIR /h
RUN dnf group install -y tools && dnf clean all
WORKDIR /i
RUN dnf -y install gcc-c++-13.2.1-1.fc40 && dnf clean all
WORKDIR /j
RUN dnf install -y curl-8.6 && rm -rf /var/cache/yum/*
WORKDIR /k
RUN dnf upgrade -y
