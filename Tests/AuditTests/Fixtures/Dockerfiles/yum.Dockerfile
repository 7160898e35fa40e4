FROM centos:7
RUN yum install curl
WORKDIR /a
RUN yum install -y curl-7.29 && yum clean all
WORKDIR /b
RUN yum -y install curl && yum clean all
WORKDIR /c
RUN yum install -y curl-7.29
WORKDIR /d
RUN yum install -y https://example.org/a.rpm && yum clean all
WORKDIR /e
RUN yum module install -y nodejs:18 && yum clean all
WORKDIR /f
RUN yum module install -y nodejs && yum clean all
WORKDIR /g
RUN yum install -y httpd-2.4 && rm -rf /var/cache/yum/*
WORKDIR /h
RUN yum update
WORKDIR /i
RUN yum install --assumeyes a-1 && yum clean all
