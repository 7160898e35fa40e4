# pip and npm in RUN, with subordinate ids and with one: packages with programs, scripts and files of other modes, installed by
# root and by a user; what npm packs with the ids of whoever packed it.
# needs: debian node
# as: single user
. "$(dirname "$0")/lib.sh"
same() { [ "$1" = "$2" ] || { printf 'not the same:\n%s\n--- wanted ---\n%s\n' "$1" "$2" >&2; exit 1; }; }
debian_store

# A wheel with a program, and a source package that runs code when it is installed.
mkdir -p "$c/wheels" "$c/source/stone"
python3 - "$c/wheels" <<'P'
import sys, zipfile
with zipfile.ZipFile(f"{sys.argv[1]}/granite-1.0-py3-none-any.whl", "w") as wheel:
    files = {
        "granite/__init__.py": "def main(): print('granite')\n",
        "granite-1.0.data/scripts/granite-sh": "#!/bin/sh\necho sh\n",
        "granite-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: granite\nVersion: 1.0\n",
        "granite-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "granite-1.0.dist-info/entry_points.txt": "[console_scripts]\ngranite = granite:main\n",
    }
    for name, text in files.items():
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (0o100755 if "scripts" in name else 0o100644) << 16
        wheel.writestr(entry, text)
    wheel.writestr("granite-1.0.dist-info/RECORD", "".join(f"{name},,\n" for name in files))
P
printf 'from setuptools import setup\nsetup(name="slate", version="2", packages=["stone"], install_requires=["granite"])\n' >"$c/source/setup.py"
echo 'KIND = "metamorphic"' >"$c/source/stone/__init__.py"

# Packages of Node: one that is packed with foreign ids and modes, with a program and a script that runs when it is installed.
mkdir -p "$c/app" "$scratch/package/bin"
cat >"$scratch/package/package.json" <<'J'
{"name": "basalt", "version": "1.0.0", "bin": {"basalt": "bin/basalt.js"}, "main": "index.js",
 "scripts": {"postinstall": "node -e \"require('fs').writeFileSync('built', String(process.getuid()), {mode: 0o640})\""}}
J
echo 'module.exports = "igneous"' >"$scratch/package/index.js"
printf '#!/usr/bin/env node\nconsole.log(require("basalt"))\n' >"$scratch/package/bin/basalt.js"
tar -czf "$c/app/basalt-1.0.0.tgz" -C "$scratch" --owner=12345 --group=23456 --mode=u=rwX,go= package
echo '{"name": "app", "version": "1.0.0", "dependencies": {"basalt": "file:basalt-1.0.0.tgz"}}' >"$c/app/package.json"
cp -r "$SHALE_NODE/node" "$c/node"
cp "$SHALE_NODE"/wheels/*.whl "$c/wheels"

build -t tools <<'D' >/dev/null
FROM debian:apt
ENV PATH=/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RUN --mount=type=cache,target=/var/lib/apt/lists --mount=type=cache,target=/var/cache/apt apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 >/dev/null
COPY node /opt/node
D
build -t t <<'D' >/dev/null
FROM tools
RUN --mount=type=bind,target=/context,rw --mount=type=cache,target=/root/.cache/pip <<'EOF'
set -e
cd /context/wheels
install="install --break-system-packages --no-index --find-links . --no-build-isolation"
python3 $(ls pip-*.whl)/pip $install pip setuptools wheel
pip $install /context/source
granite
granite-sh
EOF
RUN useradd -m -s /bin/sh user
COPY --chown=user app /home/user/app
WORKDIR /app
COPY app .
RUN npm install --no-audit --no-fund --offline && npx basalt && npm ls
RUN npm install -g --no-audit --no-fund --offline /app/basalt-1.0.0.tgz && NODE_PATH=$(npm root -g) basalt
RUN su user -c 'cd ~/app && export PATH=/opt/node/bin:$PATH && npm ci --offline 2>/dev/null || npm install --no-audit --no-fund --offline' && su user -c 'pip install --user --break-system-packages --no-index granite 2>/dev/null; python3 -m venv --without-pip --system-site-packages ~/venv && ~/venv/bin/python -c "import stone; print(stone.KIND)"'
CMD ["sh", "-c", "granite; python3 -c 'import stone; print(stone.KIND)'; node node_modules/.bin/basalt; cat node_modules/basalt/built /home/user/app/node_modules/basalt/built"]
D
user=$(shale run --rm t id -u user)
[ "$one_id" = no ] || user=0
same "$(shale run --rm t)" "granite
metamorphic
igneous
0$user"
owners() { shale export t | tar --numeric-owner -tv "$@" | awk '{print $2}' | sort -u | tr '\n' ' '; }
same "$(owners app usr/local/lib/python3.11 usr/local/bin opt/node/lib/node_modules/basalt)" "0/0 "
[ "$one_id" = yes ] || same "$(owners home/user/app home/user/venv)" "$user/$user "
nothing_left
shale doctor --store
