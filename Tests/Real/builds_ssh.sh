# RUN --mount=type=ssh with OpenSSH's agent and a key in it: who may use it, and where; what is not given; that it ends with the step.
# as: root user single
. "$(dirname "$0")/lib.sh"
busybox_store
mkdir -p "$c/lib" "$c/keys"
same() { [ "$1" = "$2" ] || { printf 'not the same:\n%s\n--- wanted ---\n%s\n' "$1" "$2" >&2; exit 1; }; }
out() { shale run --rm "$1" cat /out; }
agents=()
trap 'kill "${agents[@]}" 2>/dev/null || true; finish' EXIT
agent() { # NAME
    ssh-agent -D -a "$scratch/$1" >/dev/null &
    agents+=($!)
    until SSH_AUTH_SOCK=$scratch/$1 ssh-add -l >/dev/null 2>&1 || [ $? = 1 ]; do sleep 0.05; done
    ssh-keygen -q -t ed25519 -N '' -C "key-of-$1" -f "$scratch/key-$1"
    SSH_AUTH_SOCK=$scratch/$1 ssh-add -q "$scratch/key-$1"
}
agent one
agent two
keys() { SSH_AUTH_SOCK=$scratch/$1 ssh-add -l; }
export SSH_AUTH_SOCK=$scratch/one

# ssh-add and what it is linked with, on BusyBox.
cp "$(command -v ssh-add)" "$c/ssh-add"
for library in $(ldd "$c/ssh-add" | grep -o '/[^ ]*'); do
    mkdir -p "$c/root$(dirname "$library")"
    cp -L "$library" "$c/root$library"
done
build -t ssh <<'D' >/dev/null
FROM busybox
COPY root /
COPY ssh-add /bin/
D

# Keys are seen, each agent's at its place; ssh-add signs with what it has (-T), through the same connection and others.
cp "$scratch/key-one.pub" "$c/keys/one.pub"
build -t t --ssh default --ssh "second=$scratch/two" <<'D' >/dev/null
FROM ssh
RUN --mount=type=ssh ssh-add -l >/out
RUN --mount=type=ssh,id=second ssh-add -l >>/out
RUN --mount=type=ssh,id=second --mount=type=ssh,id=default ssh-add -l >>/out; SSH_AUTH_SOCK=/run/buildkit/ssh_agent.1 ssh-add -l >>/out
RUN --mount=type=ssh,target=/agent --mount=type=bind,source=keys,target=/keys echo $SSH_AUTH_SOCK >>/out; ssh-add -T /keys/one.pub && echo signed >>/out
WORKDIR /tmp
RUN --mount=type=ssh,target=here/agent echo $SSH_AUTH_SOCK >>/out; ssh-add -l >>/out
RUN --mount=type=ssh for i in $(seq 20); do ssh-add -l & done | sort | uniq -c >/many; wait
ENV SSH_AUTH_SOCK=/other
RUN --mount=type=ssh,target=/other ssh-add -l >>/out; echo $SSH_AUTH_SOCK >>/out
D
same "$(out t)" "$(keys one)
$(keys two)
$(keys two)
$(keys one)
/agent
signed
/tmp/here/agent
$(keys one)
$(keys one)
/other"
same "$(shale run --rm t cat /many | sed 's/^ *//')" "20 $(keys one)"

# The socket belongs to whom the mount says, and no other user may use it.
if [ "$one_id" = no ]; then
    build -t t --ssh default <<'D' >/dev/null
FROM ssh
RUN --mount=type=ssh,target=/agent stat -c '%u:%g %a %F' /agent >/out
RUN --mount=type=ssh,target=/agent,uid=33,gid=50,mode=0640 stat -c '%u:%g %a' /agent >>/out
RUN touch /denied && chown web /out /denied
USER web
RUN --mount=type=ssh,uid=33 ssh-add -l >>/out
RUN --mount=type=ssh ssh-add -l >/denied 2>&1 || echo status $? >>/out
RUN --mount=type=ssh,mode=0666 ssh-add -l >>/out
D
    same "$(out t)" "0:0 600 socket
33:50 640
$(keys one)
status 2
$(keys one)"
    shale run --rm t cat /denied | grep -q 'Permission denied'
else
    # With one id all are root.
    build -t t --ssh default <<'D' >/dev/null
FROM ssh
USER web
RUN --mount=type=ssh,uid=33,gid=50,mode=0640 ssh-add -l >/out
D
    same "$(out t)" "$(keys one)"
fi

# What is not given is not there, unless it has to be.
build -t t --ssh "second=$scratch/two" <<'D' >/dev/null
FROM ssh
RUN --mount=type=ssh echo ${SSH_AUTH_SOCK-unset} >/out; ssh-add -l >>/out 2>&1 || true
RUN --mount=type=ssh --mount=type=ssh,id=second echo $SSH_AUTH_SOCK >>/out; ssh-add -l >>/out
D
same "$(out t)" "unset
Could not open a connection to your authentication agent.
/run/buildkit/ssh_agent.1
$(keys two)"
refuse 1 '-:2: ssh agent default: not given; --ssh does' <<'D'
FROM ssh
RUN --mount=type=ssh,required ssh-add -l
D
printf 'FROM busybox\n' >"$c/Dockerfile"
usage() { # LINE OPTIONS
    local got=0
    shale build -q "${@:2}" "$c" >/dev/null 2>"$log" || got=$?
    [ $got = 2 ] && grep -qF -- "$1" "$log" || { cat "$log"; fail "status $got; not said: $1"; }
}
usage "$scratch/missing: No such file" --ssh "default=$scratch/missing"
usage 'is no agent' --ssh "default=$scratch/key-one"
(unset SSH_AUTH_SOCK && usage 'SSH_AUTH_SOCK is not set' --ssh default)

kill "${agents[1]}"
wait "${agents[1]}" 2>/dev/null || true
usage "$scratch/two: No such file" --ssh "gone=$scratch/two"

# A process that is left in the background has no agent any more, as it is not there; nothing of the mounts is in the image.
build -t t --ssh default <<'D' >/dev/null
FROM ssh
RUN --mount=type=ssh,target=/agent (sleep 1000 &) ; ssh-add -l >/out
RUN ls -d /agent /run/buildkit >>/out 2>&1 || true
D
same "$(out t)" "$(keys one)
ls: /agent: No such file or directory
ls: /run/buildkit: No such file or directory"
nothing_left
