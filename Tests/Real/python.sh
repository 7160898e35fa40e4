# Python's own tests of files, run with their files on the mount (SEMANTICS 2 to 9).
# as: root user
. "$(dirname "$0")/lib.sh"
echo lower >"$l/lower"
chmod 777 "$l"
mount_stack "$l"
mkdir "$m/tmp"
cd "$m/tmp"
# test_mknod's device and test_stat's times of other file systems are not what is tested here.
PYTHONDONTWRITEBYTECODE=1 TMPDIR=$m/tmp /usr/bin/python3 -m test -j1 --tempdir "$m/tmp" \
    test_os test_posix test_shutil test_tempfile test_pathlib test_fileio test_io test_mmap test_zipfile test_tarfile \
    test_dbm_gnu test_largefile test_glob test_fcntl test_mailbox >"$scratch/log" 2>&1 ||
    fail "$(grep -E "^(FAIL|ERROR|[A-Za-z]*Error)|failed" "$scratch/log" | sort | uniq -c | head -n 30)"
cd "$scratch"
