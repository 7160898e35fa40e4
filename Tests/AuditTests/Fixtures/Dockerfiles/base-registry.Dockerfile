FROM registry.example.org/team/app
FROM registry.example.org/team/app:latest
FROM localhost/app
FROM gcr.io/distroless/static:nonroot
