FROM python:3.12
RUN pip install a==1
WORKDIR /a
RUN pip install --no-cache-dir a==1
WORKDIR /b
RUN PIP_NO_CACHE_DIR=1 pip install a==1
WORKDIR /c
RUN --mount=type=cache,target=/root/.cache/pip pip install a==1
WORKDIR /d
RUN pipx install a==1
WORKDIR /e
RUN python -m pip install a==1
ENV PIP_NO_CACHE_DIR=off
RUN pip install a==1
ENV PIP_NO_CACHE_DIR=1
RUN pip install a==1
FROM python:3.12
RUN pip install a==1
FROM python:3.12 AS b
ENV PIP_NO_CACHE_DIR=true
FROM b
RUN pip install a==1
