# A C project is unpacked, configured, compiled and tested on the mount with /usr below (SEMANTICS 5, 7, 8).
# as: user userns
# needs: source
. "$(dirname "$0")/lib.sh"
mount_stack "/usr"
mkdir "$m/project"
cd "$m/project"
tar --no-same-owner -xf "$SHALE_SOURCE"
cd hello-*
./configure --quiet --prefix="$m/installed" >/dev/null
make -s -j2 >/dev/null
make -s check >"$scratch/check" 2>&1 || fail "make check: $(tail -n 5 "$scratch/check")"
make -s install >/dev/null
[ "$("$m/installed/bin/hello")" = 'Hello, world!' ] || fail "the program does not run"
make -s distclean
cd "$scratch"
