# A Debian image built with apt-get, dpkg, useradd and chown, by whoever it is.
# needs: debian
# as: root user
. "$(dirname "$0")/lib.sh"
debian_store
build -t t <<'D' >/dev/null
FROM debian:apt
RUN --mount=type=cache,target=/var/lib/apt/lists --mount=type=cache,target=/var/cache/apt,sharing=locked <<EOF
set -e
apt-get update -qq
apt-get install -y -qq --no-install-recommends hello ed less >/dev/null
EOF
RUN useradd -m somebody && chown -R somebody:games /usr/share/doc/hello && su somebody -c 'touch ~/file && test -O ~/file'
RUN apt-get purge -y -qq ed >/dev/null && dpkg --audit && dpkg --verify hello less && rm -rf /usr/share/man && mv /usr/share/doc /usr/share/docs
USER somebody
WORKDIR /home/somebody
RUN test "$(id -un)" = somebody && test "$HOME" = /home/somebody && touch mine
CMD ["hello"]
D
[ "$(shale run --rm t)" = 'Hello, world!' ]
[ "$(shale run --rm t stat -c '%U:%G' /usr/share/docs/hello /home/somebody/mine | tr '\n' ' ')" = 'somebody:games somebody:somebody ' ]
shale run --rm t sh -c '! test -e /usr/bin/ed && ! test -e /usr/share/man && ! test -e /usr/share/doc && test -O ~/file'
! shale run --rm t ls /var/cache/apt/archives | grep -q hello || fail "the cache's packages are in the image"
# A second image from what the caches hold.
build -t t2 <<'D' >/dev/null
FROM debian:apt
RUN --mount=type=cache,target=/var/lib/apt/lists --mount=type=cache,target=/var/cache/apt,sharing=locked apt-get install -y -qq --no-install-recommends hello >/dev/null
D
[ "$(shale run --rm t2 hello)" = 'Hello, world!' ]
nothing_left
shale doctor --store
