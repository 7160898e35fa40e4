# apt-get and dpkg in a chroot on the mount, over a Debian root tree (SEMANTICS 4, 5, 7, 8, 9).
# as: userns
# needs: debian
. "$(dirname "$0")/lib.sh"
tar --exclude=./dev -xpf "$SHALE_DEBIAN" -C "$l"
mkdir -p "$l/dev"
list() { (cd "$1" && find . -mindepth 1 -xdev \( -path ./proc -o -path ./dev -o -path ./sys \) -prune -o -printf '%p %y %m %U:%G %s %T@ %l\n' | LC_ALL=C sort); }
list "$l" >"$scratch/before"
mount_stack "$l"
list "$m" | diff "$scratch/before" - >"$scratch/diff" || fail "the mount differs from its lower: $(head -n 3 "$scratch/diff")"
mount --rbind /dev "$m/dev"
mount --rbind /proc "$m/proc"
for file in resolv.conf hosts; do cat "/etc/$file" >"$m/etc/$file" 2>/dev/null || true; done
rm -rf "$m"/etc/apt/sources.list "$m"/etc/apt/sources.list.d
cp -r "$SHALE_APT/." "$m/etc/apt/"
in_chroot() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive chroot "$m" "$@"; }
in_chroot apt-get update -qq
in_chroot apt-get install -y -qq --no-install-recommends hello ed less >/dev/null
[ "$(in_chroot hello)" = 'Hello, world!' ] || fail "what was installed does not run"
in_chroot useradd -m somebody
in_chroot su somebody -c 'touch ~/file && test -O ~/file'
in_chroot chown -R somebody:games /usr/share/doc/hello
in_chroot apt-get purge -y -qq ed >/dev/null
in_chroot dpkg --audit
in_chroot dpkg --verify hello less
in_chroot apt-get install -y -qq --reinstall --no-install-recommends hello bash coreutils >/dev/null
in_chroot dpkg --verify hello bash coreutils
in_chroot rm -rf /usr/share/doc /usr/share/man
umount -R -l "$m/dev" "$m/proc"
unmount
mount_stack "$l"
[ "$(chroot "$m" dpkg-query -W -f '${Status}' hello)" = 'install ok installed' ] || fail "the package is lost after a remount"
[ ! -e "$m/usr/share/doc" ] || fail "/usr/share/doc came back"
[ ! -e "$m/usr/bin/ed" ] || fail "ed came back"
unmount
list "$l" | diff "$scratch/before" - >"$scratch/diff" || fail "the lower changed: $(head -n 3 "$scratch/diff")"
