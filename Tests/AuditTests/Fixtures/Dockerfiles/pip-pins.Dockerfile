FROM python:3.12
RUN pip install --no-cache-dir requests
WORKDIR /a
RUN pip install --no-cache-dir requests==2.31 'flask>=2'
WORKDIR /b
RUN pip3 install --no-cache-dir requests==2.31 flask
WORKDIR /c
RUN python3 -m pip install --no-cache-dir requests
WORKDIR /d
RUN pip install --no-cache-dir -r requirements.txt
WORKDIR /e
RUN pip install --no-cache-dir --requirement requirements.txt
WORKDIR /f
RUN pip install --no-cache-dir .
WORKDIR /g
RUN pip install --no-cache-dir -e .
WORKDIR /h
RUN pip install --no-cache-dir git+https://example.org/a.git
WORKDIR /i
RUN pip install --no-cache-dir git+https://example.org/a.git@v1
WORKDIR /j
RUN pip install --no-cache-dir a.whl b-1.tar.gz ./c
WORKDIR /k
RUN pip install --no-cache-dir -c constraints.txt requests
WORKDIR /l
RUN pip install --no-cache-dir --upgrade pip
WORKDIR /m
RUN pip install --no-cache-dir -i https://example.org/simple requests==1
WORKDIR /n
RUN pip install --no-cache-dir requests[security]
WORKDIR /o
RUN pip install --no-cache-dir "requests[security]~=2.0"
WORKDIR /p
RUN pip install --no-cache-dir --user a==1
WORKDIR /q
RUN pip3.12 install --no-cache-dir a
WORKDIR /r
RUN pip uninstall a
