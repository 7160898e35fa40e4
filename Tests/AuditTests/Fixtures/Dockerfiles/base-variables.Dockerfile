ARG IMAGE=debian
ARG TAG=12
FROM $IMAGE
FROM ${IMAGE}:1
FROM debian:$TAG
FROM registry.example.org/$IMAGE
FROM ${IMAGE}:latest
