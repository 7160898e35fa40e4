FROM node:20
RUN npm install express
WORKDIR /a
RUN npm install express@4
WORKDIR /b
RUN npm install
WORKDIR /c
RUN npm install -g typescript
WORKDIR /d
RUN npm install @scope/name
WORKDIR /e
RUN npm install @scope/name@1.0
WORKDIR /f
RUN npm install git+https://example.org/a.git
WORKDIR /g
RUN npm install git+https://example.org/a.git#v1
WORKDIR /h
RUN npm install ./local /abs ~/home a.tgz
WORKDIR /i
RUN npm ci
WORKDIR /j
RUN npm i express
WORKDIR /k
RUN npm run install
