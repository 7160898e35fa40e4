# What a RUN cannot do: see or change anything of the machine, stay, take all processes, keep a secret; and what names in images,
# contexts and Dockerfiles cannot lead to.
# as: root user single
. "$(dirname "$0")/lib.sh"
busybox_store
mkdir "$c"
same() { [ "$1" = "$2" ] || { printf 'not the same:\n%s\n--- wanted ---\n%s\n' "$1" "$2" >&2; exit 1; }; }
out() { shale run --rm "$1" cat /out; }
cc -static -O1 -Wall -o "$c/escape" "$(dirname "$0")/escape.c"
build -t base <<'D' >/dev/null
FROM busybox
COPY escape /bin/
D
rm "$c/escape"
# Something of the machine: a file that everybody may read and write, a process, sockets, a variable.
machine=$scratch/machine
mkdir "$machine"
echo of-the-machine >"$machine/file"
chmod -R a+rwX "$scratch" "$machine"
chmod 700 "$store"
export OF_THE_MACHINE=variable
python3 - "$machine/socket" "shale-$$" <<'P' &
import os, socket, sys, time
sockets = []
for name in (sys.argv[1], "\0" + sys.argv[2]):
    sockets.append(socket.socket(socket.AF_UNIX))
    sockets[-1].bind(name)
    sockets[-1].listen()
os.chmod(sys.argv[1], 0o777)
open(sys.argv[1] + ".ready", "w").close()
time.sleep(600)
P
process=$!
trap 'kill $process 2>/dev/null || true; finish' EXIT
until [ -e "$machine/socket.ready" ]; do sleep 0.05; done
rm "$machine/socket.ready"
untouched() {
    same "$(cat "$machine/file"; ls -A "$machine" | tr '\n' ' ')" "of-the-machine
file socket "
    kill -0 $process
}

# Files, descriptors, system calls, processes, sockets, variables.
build -t t --network none --build-arg machine="$machine" --build-arg process=$process <<D >/dev/null
FROM base
RUN escape files $machine/file >/out; escape kernel >>/out; escape processes $process >>/out
RUN escape sockets $machine/socket shale-$$ >>/out
RUN env | cut -d= -f 1 | sort | tr '\n' ' ' >/environment
RUN ls -A /proc/self/fd | sort | tr '\n' ' ' >/descriptors; ls -A /dev | sort | tr '\n' ' ' >/devices
RUN cut -d' ' -f 5,10- /proc/self/mountinfo >/mounts
RUN head -c 1 /proc/kcore /proc/kmsg /dev/kmsg /dev/mem /dev/vda /dev/sda >/memory 2>/dev/null; cat /proc/keys >>/memory 2>/dev/null || true
D
! out t | grep POSSIBLE || fail "a RUN can do this"
[ "$(out t | wc -l)" -gt 25 ]
out t | grep -q '^processes: [1-4]$'
same "$(shale run --rm t cat /environment)" "HOME PATH PWD SHLVL "
same "$(shale run --rm t cat /descriptors)" "0 1 2 3 "
! shale run --rm t cat /devices | grep -E 'fuse|mem|kmsg|[hsv]d[a-z]|loop|tty[0-9]' || fail "devices of the machine"
same "$(shale run --rm t wc -c /memory)" "0 /memory"
! shale run --rm t cat /mounts | grep -F "$scratch" || fail "a place of the machine is told"
untouched
# In the machine's network an abstract socket is the network's; one with a path is not.
build -t t <<D >/dev/null
FROM base
RUN escape sockets $machine/socket none >/out
D
! out t | grep POSSIBLE
# Who is nobody in the image is nobody with more.
if [ "$one_id" = no ]; then
    build -t t --network none <<D >/dev/null
FROM base
RUN mkdir -m 777 /place
USER web
RUN (cd /place && escape files $machine/file; escape kernel; escape processes $process) >/place/out; grep CapEff /proc/self/status >>/place/out
D
    ! shale run --rm t cat /place/out | grep POSSIBLE
    shale run --rm t cat /place/out | grep -qx 'CapEff:.0000000000000000'
fi

# What it writes goes to its own files, also through names that lead elsewhere on the machine.
build -t t <<D >/dev/null
FROM base
RUN mkdir -p $(dirname "$machine") && ln -s $machine /leak && ln -s ../../../../../../../..$machine /up && ln -s $machine/file /file
RUN echo mine >/leak/file 2>/dev/null; echo mine >/up/file 2>/dev/null; echo mine >/file 2>/dev/null; mkdir -p $machine && echo mine >/leak/file && rm -rf /leak/socket && rm -r $machine/*
RUN echo changed >/etc/hosts; echo changed >/etc/resolv.conf; echo changed >/etc/hostname; hostname changed 2>/dev/null || true
D
untouched
! grep -q changed /etc/hosts /etc/resolv.conf /etc/hostname || fail "a file of the machine was changed"
# WORKDIR cannot be a descriptor of whoever starts the container (CVE-2024-21626).
for n in 3 5 7 8 9; do
    printf 'FROM base\nWORKDIR /proc/self/fd/%s\nRUN cd ../../../../../../..; cat .%s/file >/out 2>&1; pwd >>/out; true\n' $n "$machine" |
        shale build -q -f - -t t "$c" >"$scratch/refused" 2>"$log" || continue
    ! out t | grep of-the-machine || fail "descriptor $n leads to the machine"
done

# COPY and ADD into and out of an image whose links aim at the machine stay in it.
mkdir -p "$c/dir"
echo new >"$c/new"
echo new >"$c/dir/new"
ln -s "$machine/file" "$c/link"
ln -s "$machine" "$c/linked"
(cd "$scratch" && mkdir t && ln -s "$machine" t/out && tar -cf "$c/link.tar" -C t . && rm -r t && mkdir -p t/out && echo new >t/out/file && echo new >t/out/other && tar -cf "$c/through.tar" -C t . && rm -r t)
python3 - "$c/dots.tar" <<'P'
import io, sys, tarfile
with tarfile.open(sys.argv[1], "w") as tar:
    entry = tarfile.TarInfo("../../../../../../../../../../var/tmp/shale-dots")
    entry.size = 3
    tar.addfile(entry, io.BytesIO(b"new"))
P
refuse 1 'the name leads upwards' <<'D'
FROM base
ADD dots.tar /dots/
D
build -t t <<D >/dev/null
FROM base AS links
RUN ln -s $machine /leak && ln -s $machine/file /file && ln -s ../../../../../../..$machine/file /up && mkdir /d && ln -s $machine /d/leak
FROM links
COPY new /leak/file
COPY new /file
COPY new /up
COPY dir /leak
COPY dir /d/leak/
ADD link.tar /unpacked/
ADD through.tar /unpacked/
WORKDIR /leak/made/here
RUN --mount=type=cache,target=/leak/cache --mount=type=tmpfs,target=/d/leak/tmpfs --mount=type=bind,target=/leak/bind touch /leak/cache/x /d/leak/tmpfs/x
D
untouched
[ ! -e /var/tmp/shale-dots ]
for from in "" "--from=links "; do
    for source in /leak/file /file /up /d/leak/file link linked/file; do
        [ -n "$from" ] || source=${source#/}
        printf 'FROM base AS links\nRUN ln -s %s /leak && ln -s %s/file /file && ln -s ../../../../../..%s/file /up && mkdir /d && ln -s %s /d/leak\nFROM busybox\nCOPY %s%s /out\n' \
            "$machine" "$machine" "$machine" "$machine" "$from" "$source" | shale build -q -f - -t t "$c" >"$scratch/refused" 2>"$log" || continue
        ! shale export t | tar -xO out 2>/dev/null | grep of-the-machine || fail "COPY $from$source takes a file of the machine"
    done
done
# --mount sources that lead out of the context, a stage, the store's cache.
for mount in type=bind,source=link type=bind,source=linked type=bind,source=../../machine type=bind,source=/../../../../..$machine \
    type=bind,from=links,source=/leak type=bind,from=links,source=/file type=cache,id=../../../machine type=cache,id=/../x,from=links,source=/leak; do
    printf 'FROM base AS links\nRUN ln -s %s /leak && ln -s %s/file /file\nFROM base\nRUN --mount=%s,target=/m,rw cat /m /m/file >/out 2>&1; echo mine >/m; echo mine >/m/file; true\n' \
        "$machine" "$machine" "$mount" | shale build -q -f - -t t "$c" >"$scratch/refused" 2>"$log" || continue
    ! out t | grep of-the-machine || fail "--mount=$mount shows a file of the machine"
    untouched
done
for target in / /proc /proc/self /../../..$machine; do
    printf 'FROM base\nRUN --mount=type=bind,target=%s,rw echo mine >%s/file\n' "$target" "$target" |
        shale build -q -f - -t t "$c" >"$scratch/refused" 2>"$log" || [ -s "$log" ]
    untouched
done
for name in Dockerfile .dockerignore; do
    rm -f "$c/Dockerfile" "$c/.dockerignore"
    printf 'FROM busybox\nCOPY dir /d\n' >"$c/Dockerfile"
    rm -f "$c/$name" && ln -s "$machine/file" "$c/$name"
    ! shale build "$c" >"$scratch/refused" 2>"$log" || true
    ! grep -r of-the-machine "$log" "$scratch/refused" || fail "$name that is a link shows a file of the machine"
done
rm "$c/Dockerfile" "$c/.dockerignore"

# Processes: as many as there may be, and no more; none stays.
build -t t <<'D' >/dev/null
FROM base
RUN escape bomb >/out
RUN for i in 1 2 3 4 5; do (setsid sh -c 'trap "" TERM HUP INT; while :; do sleep 31536; done' &) ; done; sleep 31536 & echo begun >>/out
RUN ls -d /proc/[0-9]* | wc -l >>/out
D
made=$(out t | sed -n 's/^processes made: \([0-9]*\), then .*/\1/p')
[ "$made" -gt 100 ] && [ "$made" -le 4096 ] || fail "$made processes can be made"
[ "$(out t | tail -n 1)" -lt 6 ]
! pgrep -f 'sleep 31536' -u "$(id -u)" >/dev/null || fail "a process of a RUN stays"
nothing_left

# Whoever may have fewer has fewer.
[ "$(id -u)" = 0 ] || (ulimit -u 1500 && build -t t <<'D' >/dev/null)
FROM base
RUN escape bomb >/out
D

# The store is its owner's: a set-id file that a RUN makes is nobody else's program.
build -t t <<'D' >/dev/null
FROM base
RUN cp /bin/busybox /bin/mine && chmod 4755 /bin/mine
D
same "$(stat -c %a "$store")" 700

# A secret is in no layer, no history, no cache and no log, whatever the RUN does short of writing it.
printf 'frOM-afile-8' >"$scratch/secret"
for progress in plain json tty; do
    VARIABLE=frOM-variable-8 "$SHALE" build --root "$store" --progress $progress -t t --secret "id=one,src=$scratch/secret" --secret id=two,env=VARIABLE \
        --no-cache --cache-to "type=local,dest=$scratch/cache" --metadata-file "$scratch/metadata" -f - "$c" 2>"$log" >"$scratch/output" <<'D'
FROM busybox
RUN --mount=type=secret,id=one,target=/etc/deep/one --mount=type=secret,id=two,env=TWO wc -c /etc/deep/one && echo ${#TWO} && cp /etc/deep/one /dev/shm/ && cp /etc/deep/one /dev/copied
RUN --mount=type=secret,id=one cp /run/secrets/one /tmp/one && rm /tmp/one
RUN --mount=type=secret,id=one --mount=type=cache,target=/c cat /run/secrets/one | md5sum >/c/sum
RUN --mount=type=secret,id=one exit 0
D
    ! grep -raF -e frOM-afile -e frOM-variable "$store" "$scratch/cache" "$log" "$scratch/metadata" "$scratch/output" || fail "a secret is left"
    rm -rf "$scratch/cache"
done
! grep -E 'frOM-(afile|variable)' <<<"$(shale history --no-trunc t; shale inspect t)" || fail "a secret is told"
refuse 1 'exit status 4' --secret "id=one,src=$scratch/secret" <<'D'
FROM busybox
RUN --mount=type=secret,id=one cat /run/secrets/one >/kept; exit 4
D
! grep -raF frOM-afile "$store" "$log" || fail "a secret of a failed step is left"
nothing_left
shale doctor --store
