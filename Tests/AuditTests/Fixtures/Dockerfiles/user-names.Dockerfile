FROM debian:12
USER "app"
USER $WHO
USER 1000:staff
USER app:1000
