"""A registry that misbehaves: the first part of a repository's name says how. Ends when its standard input does.

Prints "PORT OTHER_PORT" and then one line "NAME DIGEST SIZE" for each thing that it holds.
GET /sent/REPOSITORY answers with the bytes of its endless blob that were taken.
GET /log answers with one line for each request so far: METHOD PATH RANGE|- AUTHORIZATION|-.
"""

import base64
import hashlib
import json
import random
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(media_type, data, **more):
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


LAYER = random.Random(1).randbytes(3 << 20)
CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s"]}}' % digest(LAYER).encode()
MANIFEST = json.dumps({
    "schemaVersion": 2, "mediaType": MANIFEST_TYPE,
    "config": descriptor("application/vnd.oci.image.config.v1+json", CONFIG),
    "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", LAYER)],
}).encode()
INDEX = json.dumps({
    "schemaVersion": 2, "mediaType": INDEX_TYPE,
    "manifests": [
        descriptor(MANIFEST_TYPE, b"another", platform={"os": "linux", "architecture": "s390x"}),
        descriptor(MANIFEST_TYPE, MANIFEST, platform={"os": "linux", "architecture": "amd64"}),
    ],
}).encode()

lock = threading.Lock()
log = []
seen = {}
sent = {}
uploads = {}
blobs = {digest(LAYER): LAYER, digest(CONFIG): CONFIG}
tokens = {}


def times(key):
    """How often this was asked before."""
    with lock:
        seen[key] = seen.get(key, 0) + 1
        return seen[key] - 1


class Registry(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    other = False

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, BrokenPipeError):
            pass

    # Answers

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def fail(self, status, code, message="", **headers):
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.answer(status, body, Content_Type="application/json", **headers)

    def cut(self):
        """The connection ends here, without a word."""
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(2)

    # Requests

    def any(self):
        url = urlsplit(self.path)
        with lock:
            log.append(" ".join([
                self.command, self.path, self.headers.get("Range", "-").replace(" ", ""),
                self.headers.get("Authorization", "-").replace(" ", ":")]))
        if url.path == "/log":
            return self.answer(200, "\n".join(log).encode())
        if url.path.startswith("/sent/"):
            return self.answer(200, b"%d" % sent.get(url.path[len("/sent/"):], 0))
        if url.path == "/token":
            return self.token(parse_qs(url.query))
        if url.path.startswith("/elsewhere/"):
            if "Authorization" in self.headers:
                return self.fail(400, "LEAKED", "authorization sent to another host")
            return self.answer(200, LAYER)
        if url.path in ("/v2", "/v2/"):
            return self.answer(200, b"{}")
        match = re.fullmatch(r"/v2/(([a-z0-9]+)(?:/.*?)?)/(manifests|blobs|tags)/(.*)", url.path)
        if not match:
            return self.fail(404, "NAME_UNKNOWN", "no such address")
        self.repository, self.way, self.kind, self.rest = match.groups()
        self.query = parse_qs(url.query)
        if self.refused():
            return None
        if self.kind == "tags":
            return self.tags()
        if self.kind == "manifests":
            return self.manifest()
        if self.rest.startswith("uploads/"):
            return self.upload(self.rest[len("uploads/"):])
        return self.blob()

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = any

    def refused(self):
        """The ways that concern every request."""
        if self.way == "unauthorized":
            self.drain()
            self.fail(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate='Basic realm="bad"')
        elif self.way == "denied":
            self.drain()
            self.fail(403, "DENIED", "requested access to the resource is denied")
        elif self.way == "missing":
            self.drain()
            self.fail(404, "NAME_UNKNOWN", "repository name not known to registry")
        elif self.way == "busy" and times(self.command + self.path) < 2:
            self.fail(429, "TOOMANYREQUESTS", "slow down", Retry_After="1")
        elif self.way == "toobusy":
            self.fail(429, "TOOMANYREQUESTS", "slow down", Retry_After="3600")
        elif self.way == "broken" and times(self.command + self.path) < 2:
            self.fail(500, "UNKNOWN", "internal error")
        elif self.way == "alwaysbroken":
            self.fail(503, "UNKNOWN", "down for maintenance")
        elif self.way == "token" and not self.has_token():
            scope = f"repository:{self.repository}:pull"
            port = self.server.server_address[1]
            self.drain()
            self.fail(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=(
                f'Bearer realm="http://127.0.0.1:{port}/token",service="bad, \\"registry\\"",scope="{scope}"'))
        else:
            return False
        return True

    def drain(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))

    # Tokens

    def has_token(self):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        granted = tokens.get(token, "")
        action = "push" if self.command in ("POST", "PUT", "PATCH") else "pull"
        return any(
            scope.startswith(f"repository:{self.repository}:") and action in scope.rsplit(":", 1)[1]
            for scope in granted.split(" "))

    def token(self, query):
        if self.command == "POST":
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            if form.get("refresh_token") != ["refresh me"] or form.get("grant_type") != ["refresh_token"]:
                return self.fail(401, "UNAUTHORIZED", "unknown refresh token")
            scopes = form.get("scope", [""])[0]
            name = "access_token"
        else:
            user = base64.b64encode(b"user:p:ss").decode()
            if self.headers.get("Authorization") != f"Basic {user}":
                return self.fail(401, "UNAUTHORIZED", "incorrect username or password")
            if query.get("service") != ['bad, "registry"']:
                return self.fail(400, "UNKNOWN", "which service?")
            scopes = " ".join(query.get("scope", []))
            name = "token"
        token = f"token-{len(tokens)}"
        tokens[token] = scopes
        return self.answer(200, json.dumps({name: token, "expires_in": 300}).encode())

    # Content

    def tags(self):
        last = self.query.get("last", [""])[0]
        if self.way == "endless":
            return self.answer(200, b'{"tags":["a"]}', Link=f'</v2/{self.repository}/tags/list?last={last}x>; rel="next"')
        if last:
            return self.answer(200, b'{"name":"x","tags":["c"]}')
        return self.answer(
            200, b'{"name":"x","tags":["a","b"]}', Link=f'</v2/{self.repository}/tags/list?n=2&last=b>; rel="next"')

    def manifest(self):
        if self.command == "PUT":
            body = self.rfile.read(int(self.headers["Content-Length"]))
            return self.answer(201, Docker_Content_Digest=digest(b"x" if self.way == "wrongdigest" else body))
        body, media_type = (INDEX, INDEX_TYPE) if self.rest == "many" else (MANIFEST, MANIFEST_TYPE)
        if self.way == "hugemanifest":
            body = b'{"schemaVersion":2,"x":"' + b"x" * (5 << 20) + b'"}'
            # Without a length, so that it is found out while reading.
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Type", MANIFEST_TYPE)
            self.end_headers()
            return self.wfile.write(body)
        if self.way == "wrongmanifest":
            body = body.replace(b"amd64", b"arm64") + b" "
            if self.rest.startswith("sha256:"):
                return self.answer(200, body, Content_Type=media_type)
            return self.answer(200, body, Content_Type=media_type, Docker_Content_Digest=digest(MANIFEST))
        if self.way == "confused":
            return self.answer(200, body, Content_Type=INDEX_TYPE)
        if self.way == "cutmanifest" and times(self.path) < 2:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            return self.cut()
        return self.answer(200, body, Content_Type=media_type, Docker_Content_Digest=digest(body))

    def blob(self):
        data = blobs.get(self.rest)
        if data is None or self.way.startswith("up") and self.command == "HEAD":
            return self.fail(404, "BLOB_UNKNOWN", "blob unknown to registry")
        if self.command == "HEAD" or len(data) < 4096:
            return self.answer(200, data)
        start = 0
        if self.way != "cutnorange" and (wanted := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))):
            start = int(wanted[1])
        part = data[start:]
        if self.way in ("redirect", "token"):
            port = Other.port
            return self.answer(307, Location=f"http://127.0.0.1:{port}/elsewhere/{self.rest}")
        if self.way == "circle":
            return self.answer(307, Location=self.path + "?again")
        if self.way == "wrongdigest":
            part = part[:-1] + b"!"
        if self.way == "lyinglength":
            part = part + b"more"
        if self.way == "endless":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            while True:
                self.wfile.write(data)
                with lock:
                    sent[self.repository] = sent.get(self.repository, 0) + len(data)
        self.send_response(206 if start else 200)
        if start:
            shift = 1 if self.way == "wrongrange" else 0
            self.send_header("Content-Range", f"bytes {start + shift}-{len(data) - 1}/{len(data)}")
        if self.way == "truncated":
            # Ends as if that were all, every time at the same place.
            part = data[start:2 << 20]
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if self.way in ("cut", "cutnorange", "wrongrange") and times(self.path) < 3:
            self.wfile.write(part[: len(part) // 2])
            return self.cut()
        if self.way == "alwayscut":
            self.wfile.write(part[:1000])
            return self.cut()
        if self.way == "stalled":
            self.wfile.write(part[:1000])
            self.wfile.flush()
            time.sleep(30)
            return self.cut()
        if self.way == "slow":
            for at in range(0, len(part), 256 << 10):
                self.wfile.write(part[at: at + (256 << 10)])
                self.wfile.flush()
                time.sleep(0.25)
            return None
        return self.wfile.write(part)

    def upload(self, name):
        length = int(self.headers.get("Content-Length", 0))
        if self.command == "POST":
            source = self.query.get("from", [""])[0]
            if source == "upmounted/source":
                return self.answer(201, Location=f"/v2/{self.repository}/blobs/{self.query['mount'][0]}")
            name = f"{times('session')}"
            uploads[name] = b""
            return self.session(202, name)
        if name not in uploads:
            self.drain()
            return self.fail(404, "BLOB_UPLOAD_UNKNOWN", "upload unknown")
        if self.command == "GET":
            return self.session(204, name)
        if self.way == "upsmall" and length > 16 << 20:
            self.close_connection = True
            return self.fail(413, "SIZE_INVALID", "request entity too large")
        if self.command == "PATCH" and self.way in ("upcut", "uplost") and times(self.way) < 1:
            uploads[name] += self.rfile.read(length // 2)
            if self.way == "uplost":
                del uploads[name]
            return self.cut()
        if self.command == "PATCH" and self.way == "upbroken" and times(self.way) < 2:
            self.drain()
            return self.fail(500, "UNKNOWN", "disk on fire")
        wanted = self.headers.get("Content-Range")
        if wanted and int(wanted.split("-")[0]) != len(uploads[name]):
            self.drain()
            return self.fail(416, "RANGE_INVALID", "not where the upload is")
        uploads[name] += self.rfile.read(length)
        if self.command == "PATCH":
            return self.session(202, name)
        data = uploads.pop(name)
        if digest(data) != self.query["digest"][0]:
            return self.fail(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        blobs[digest(data)] = data
        if self.way == "uplate" and times(self.way) < 1:
            return self.cut()
        return self.answer(201, Location=f"/v2/{self.repository}/blobs/{digest(data)}")

    def session(self, status, name):
        held = max(len(uploads[name]) - 1, 0)
        self.answer(status, Location=f"/v2/{self.repository}/blobs/uploads/{name}?state=x", Range=f"0-{held}")


class Other(Registry):
    """The same on another port: another origin."""

    port = 0


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass


servers = [Server(("127.0.0.1", 0), kind) for kind in (Registry, Other)]
Other.port = servers[1].server_address[1]
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(*(server.server_address[1] for server in servers))
for name, data in (("manifest", MANIFEST), ("index", INDEX), ("layer", LAYER), ("config", CONFIG)):
    print(name, digest(data), len(data))
sys.stdout.flush()
sys.stdin.read()
