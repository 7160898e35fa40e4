# escape=`
FROM mcr.microsoft.com/windows/nanoserver:ltsc2022
WORKDIR c:\srv
COPY a `
    c:\srv\
RUN echo a `
    && echo b
