FROM ruby:3
RUN gem install rails
WORKDIR /a
RUN gem install rails:7.0
WORKDIR /b
RUN gem install rails -v 7.0
WORKDIR /c
RUN gem install rails --version 7.0
WORKDIR /d
RUN gem install rails --version=7.0
WORKDIR /e
RUN gem i rails
WORKDIR /f
RUN go install example.org/a
WORKDIR /g
RUN go install example.org/a@v1.2.3
WORKDIR /h
RUN go install example.org/a@latest
WORKDIR /i
RUN go get example.org/a
WORKDIR /j
RUN go build example.org/a
WORKDIR /k
RUN yarn install
WORKDIR /l
RUN yarn install && yarn cache clean
WORKDIR /m
RUN yarn add a
