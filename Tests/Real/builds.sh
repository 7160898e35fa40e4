# RUN and the instructions around it, on BusyBox: mounts of every kind, networks, here-documents, who runs where with what
# environment, stages and triggers.
# as: root user single
. "$(dirname "$0")/lib.sh"
busybox_store
mkdir "$c"
inspect() { shale inspect -f "$1" "$2"; }
# What a RUN writes to /out is what is compared; the last line of a Dockerfile's image.
out() { shale run --rm "$1" cat /out; }
same() { [ "$1" = "$2" ] || { printf 'not the same:\n%s\n--- wanted ---\n%s\n' "$1" "$2" >&2; exit 1; }; }

# Bind mounts: of the context, a stage, an image; writing is for the step alone.
mkdir -p "$c/dir/sub"
echo context >"$c/dir/file"
echo deep >"$c/dir/sub/deep"
ln -s file "$c/dir/link"
build -t t <<'D' >/dev/null
FROM busybox AS source
RUN mkdir /made && echo stage >/made/file
FROM busybox
RUN --mount=target=/c cat /c/dir/file >/out; ! touch /c/x 2>/dev/null
RUN --mount=type=bind,source=dir,target=/c cat /c/link /c/sub/deep >>/out
RUN --mount=type=bind,source=dir/file,target=/a/file cat /a/file >>/out
RUN --mount=type=bind,src=dir,dst=/c,rw echo changed >/c/file && cat /c/file >>/out && rm -r /c/sub
RUN --mount=type=bind,source=dir,target=/c ls -A /c | tr '\n' ' ' >>/out
RUN --mount=from=source,source=/made,target=/c,readonly cat /c/file >>/out
RUN --mount=from=source,source=made/file,target=/c,rw=true echo more >>/c && cat /c >>/out
RUN --mount=from=busybox,source=/www,target=c cat /c/index >>/out
WORKDIR /tmp
RUN --mount=from=busybox,source=/www,target=relative cat /tmp/relative/index >>/out
D
same "$(out t)" "context
context
deep
context
changed
file link sub stage
stage
more
welcome
welcome"
same "$(cat "$c/dir/file")" context
same "$(shale run --rm t sh -c 'ls -d /c /a 2>/dev/null; ls -A /tmp')" ""
# What was mounted is no part of the image: no mount point stays.
! shale diff busybox t | grep -E ' /(c|a|dev|proc|sys|tmp/relative)' || exit 1
nothing_left

# An ignored file is not there, whatever is mounted.
echo secret >"$c/dir/ignored"
printf 'dir/ignored\n' >"$c/.dockerignore"
build -t t <<'D' >/dev/null
FROM busybox
RUN --mount=target=/c ls -A /c/dir | tr '\n' ' ' >/out
RUN --mount=target=/c,source=dir ls -A /c | tr '\n' ' ' >>/out
D
same "$(out t)" "file link sub file link sub "
rm "$c/.dockerignore" "$c/dir/ignored"

# Caches: they stay from build to build, each with its id; a new one begins with what it is from.
for round in 1 2; do
    build --no-cache -t t <<'D' >/dev/null
FROM busybox AS start
RUN mkdir /start && echo first >/start/log
FROM busybox
RUN --mount=type=cache,target=/cache echo round >>/cache/log && wc -l </cache/log >/out
RUN --mount=type=cache,target=/other,id=/cache wc -l </other/log >>/out
RUN --mount=type=cache,target=/cache,id=other ls -A /cache >>/out
RUN --mount=type=cache,target=/c,mode=0711 stat -c %a /c >>/out
RUN --mount=type=cache,target=/s,from=start,source=start,id=started echo next >>/s/log && wc -l </s/log >>/out
RUN --mount=type=cache,target=/cache,ro ! touch /cache/x 2>/dev/null
RUN --mount=type=cache,target=/p,sharing=private,id=p echo x >>/p/log && wc -l </p/log >>/out
RUN --mount=type=cache,target=/l,sharing=locked,id=l echo x >>/l/log && wc -l </l/log >>/out
RUN --mount=type=cache,target=/l,sharing=locked,id=l echo x >>/l/log && wc -l </l/log >>/out
D
    same "$(out t | tr '\n' ' ')" "$round $round 711 $((round + 1)) $round $((round * 2 - 1)) $((round * 2)) "
done
[ "$one_id" = yes ] || {
    build -t t <<'D' >/dev/null
FROM busybox
RUN --mount=type=cache,target=/c,id=owned,uid=33,gid=50,mode=700 stat -c '%u:%g %a' /c >/out
USER web
RUN --mount=type=cache,target=/c,id=web,uid=33 touch /c/file
D
    same "$(out t)" "33:50 700"
}
# Two builds that share a locked cache take turns: what one reads and writes no other sees half.
build_locked() {
    build --no-cache <<'D' >/dev/null
FROM busybox
RUN --mount=type=cache,target=/l,sharing=locked,id=turns n=$(cat /l/n 2>/dev/null || echo 0); usleep 300000; echo $((n + 1)) >/l/n
RUN usleep 300000
D
}
log=$scratch/log1 build_locked &
first=$!
log=$scratch/log2 build_locked
wait $first
build -t t <<'D' >/dev/null
FROM busybox
RUN --mount=type=cache,target=/l,id=turns cat /l/n >/out
D
same "$(out t)" 2
# Two stages of one build as well: a lock ends with its step.
timeout 60 "$SHALE" build -q --root "$store" -f - "$c" <<'D' >/dev/null
FROM busybox AS a
RUN --mount=type=cache,target=/l,sharing=locked,id=turns echo a >>/l/n
FROM busybox AS b
RUN --mount=type=cache,target=/l,sharing=locked,id=turns echo b >>/l/n
FROM busybox
COPY --from=a /www /a
COPY --from=b /www /b
D

# tmpfs.
build -t t <<'D' >/dev/null
FROM busybox
RUN --mount=type=tmpfs,target=/www,size=1m ls -A /www >/out; df -k /www | awk 'NR == 2 {print $2}' >>/out; ! dd if=/dev/zero of=/www/x bs=1k count=2000 2>/dev/null
RUN ls /www >>/out
D
same "$(out t)" "1024
index"

# Secrets: files and variables, in no layer, no history and no log.
printf 'frOM-afile-7' >"$scratch/secret"
VARIABLE='frOM-variable-7' build -t t --secret "id=one,src=$scratch/secret" --secret id=two,env=VARIABLE --secret id=VARIABLE <<'D' >/dev/null
FROM busybox
RUN --mount=type=secret,id=one cat /run/secrets/one | wc -c >/out; stat -c %a /run/secrets/one >>/out
RUN --mount=type=secret,id=one,target=/etc/one,mode=0444 stat -c %a /etc/one >>/out && cut -c 1-4 /etc/one >>/out
RUN --mount=type=secret,id=one,target=relative wc -c </relative >>/out
RUN --mount=type=secret,id=two,env=TWO echo ${#TWO} >>/out; ls /run/secrets >>/out 2>&1 || true
RUN --mount=type=secret,id=two,env=TWO,target=/t cut -c 1-4 /t >>/out; echo ${#TWO} >>/out
RUN --mount=type=secret,id=VARIABLE,env=VARIABLE echo ${#VARIABLE} >>/out
RUN --mount=type=secret,id=missing,target=/m ls /m >>/out 2>&1 || true
RUN --mount=type=secret,id=missing,env=M echo ${M-unset} >>/out
D
same "$(out t)" "12
400
444
frOM
12
15
ls: /run/secrets: No such file or directory
frOM
15
15
ls: /m: No such file or directory
unset"
! grep -rqF -e 'frOM-afile-7' -e 'frOM-variable-7' "$store" || fail "a secret is in the store"
! shale history --no-trunc t | grep -q frOM || fail "a secret is in the history"
refuse 1 'secret missing: not found' <<'D'
FROM busybox
RUN --mount=type=secret,id=missing,required true
D

# ssh: an agent's socket.
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$scratch/agent"
SSH_AUTH_SOCK=$scratch/agent build -t t --ssh default --ssh "other=$scratch/agent" <<'D' >/dev/null
FROM busybox
RUN --mount=type=ssh echo $SSH_AUTH_SOCK >/out && test -S $SSH_AUTH_SOCK
RUN --mount=type=ssh,id=other,target=/agent echo $SSH_AUTH_SOCK >>/out && test -S /agent
RUN echo ${SSH_AUTH_SOCK-unset} >>/out; ls /agent /run >>/out 2>&1 || true
RUN --mount=type=ssh,id=none echo ${SSH_AUTH_SOCK-unset} >>/out
D
same "$(out t)" "/run/buildkit/ssh_agent.0
/agent
unset
ls: /agent: No such file or directory
ls: /run: No such file or directory
unset"
refuse 1 'ssh agent none: not given' <<'D'
FROM busybox
RUN --mount=type=ssh,id=none,required true
D

# The network.
build -t t <<'D' >/dev/null
FROM busybox
RUN --network=none ls /sys/class/net >/out
RUN --network=host ls /sys/class/net | wc -l >>/out
RUN cat /etc/hostname >>/out
D
same "$(out t)" "lo
$(ls /sys/class/net | wc -l)
buildkitsandbox"
build -t t --network none --add-host stone:10.1.2.3 --build-arg BUILDKIT_SANDBOX_HOSTNAME=quarry <<'D' >/dev/null
FROM busybox
RUN ls /sys/class/net >/out; grep stone /etc/hosts >>/out; hostname >>/out
D
same "$(out t)" "lo
10.1.2.3	stone
quarry"
! shale run --rm t grep -q stone /etc/hosts 2>/dev/null || fail "an extra host is in the image"
refuse 1 '--security=insecure' <<'D'
FROM busybox
RUN --security=insecure true
D

# Here-documents.
build -t t <<'D' >/dev/null
FROM busybox
ARG NAME=stone
RUN <<EOF
echo "one $NAME" >/out
for i in 1 2; do
	echo $i >>/out
done
EOF
RUN <<-'EOF'
	echo two $NAME >>/out
	EOF
RUN <<EOF cat >>/out
three $NAME
EOF
RUN <<'EOF' cat >>/out
four $NAME
EOF
RUN cat <<A - <<B 3<&0 >>/out && echo after >>/out
in a
A
in b
B
RUN <<EOF
#!/bin/awk -f
BEGIN { print "five", ARGC >> "/out" }
EOF
RUN <<SCRIPT sh -e
echo six >>/out
SCRIPT
COPY <<one <<"two" /files/
content $NAME
one
content $NAME
two
COPY --chmod=750 <<EOF /files/three
#!/bin/sh
echo seven \$0
EOF
RUN cat /files/one /files/two >>/out; /files/three >>/out
D
same "$(out t)" "one stone
1
2
two stone
three stone
four \$NAME
in b
after
five 1
six
content stone
content \$NAME
seven /files/three"

# SHELL, and the exec form that takes none.
build -t t <<'D' >/dev/null
FROM busybox
RUN ["sh", "-c", "echo exec $0 >/out", "zero"]
SHELL ["sh", "-e", "-c"]
RUN case $- in *e*) echo e >>/out ;; esac
SHELL ["/bin/busybox", "ash", "-xc"]
RUN echo shelled >>/out
CMD echo hello
D
same "$(out t)" "exec zero
e
shelled"
same "$(inspect '{{json .Config.Cmd}}' t)" '["/bin/busybox","ash","-xc","echo hello"]'

# Who, where, with what.
build -t t <<'D' >/dev/null
FROM busybox
WORKDIR /a
WORKDIR b/../c
ENV WHERE=d
WORKDIR $WHERE
RUN pwd >/out; chmod 666 /out
RUN env | grep -v -e ^PATH= -e ^SHLVL= | sort >>/out
USER 0
RUN echo $HOME >>/out
WORKDIR /
D
same "$(out t)" "/a/c/d
HOME=/root
PWD=/a/c/d
WHERE=d
/root"
same "$(shale history --no-trunc --format '{{.CreatedBy}}' t | grep WORKDIR | tr '\n' ' ')" \
    'WORKDIR / WORKDIR /a/c/d WORKDIR /a/c WORKDIR /a '
[ "$one_id" = yes ] || {
    build -t t <<'D' >/dev/null
FROM busybox
RUN touch /out && chmod 666 /out
USER web
WORKDIR /home/made
RUN id -u >>/out; id -G >>/out; echo $HOME >>/out; stat -c '%u:%g %a' . >>/out; touch mine && ! touch /etc/x 2>/dev/null
USER web:staff
RUN id -g >>/out; id -G >>/out
USER 1234
RUN id -u >>/out; id -g >>/out; echo $HOME >>/out
USER 1234:56
RUN id -G >>/out
ENV HOME=/elsewhere
RUN echo $HOME >>/out
D
    same "$(out t | tr '\n' ' ')" "33 33 50 /www 33:33 755 50 50 1234 0 / 56 /elsewhere "
}
refuse 1 'find user nobody-here' <<'D'
FROM busybox
USER nobody-here
RUN true
D

# ENV and ARG: what is seen where.
build -t t --build-arg GIVEN=given --build-arg VERSION=2 --build-arg HTTP_PROXY=http://proxy:1 <<'D' >/dev/null
ARG VERSION=1
ARG GLOBAL=global
ARG BASE=busybox
FROM ${BASE}:latest AS base
RUN echo "1 ${VERSION-unset} ${GIVEN-unset}" >/out
ARG VERSION
ARG GIVEN=default
ARG GLOBAL
ARG NONE
RUN echo "2 $VERSION $GIVEN $GLOBAL ${NONE-unset} $HTTP_PROXY" >>/out
ENV GIVEN=env KEPT="two words"
ARG GIVEN=arg
RUN echo "3 $GIVEN $KEPT" >>/out
FROM base
# A stage on a stage has its arguments, but for what the image's environment says.
RUN echo "4 ${VERSION-unset} $GIVEN ${TARGETARCH-unset}" >>/out
ARG TARGETARCH
ARG TARGETPLATFORM
ENV LATER=${KEPT:+yes} LONG="${KEPT#two }"
RUN [ linux/$TARGETARCH = "$TARGETPLATFORM" ] && echo "5 $LATER $LONG" >>/out
D
same "$(out t)" "1 unset unset
2 2 given global unset http://proxy:1
3 given two words
4 2 env unset
5 yes words"
same "$(inspect '{{json .Config.Env}}' t)" '["PATH=/bin:/sbin","GIVEN=env","KEPT=two words","LATER=yes","LONG=words"]'
shale history --no-trunc --format '{{.CreatedBy}}' t >"$scratch/history"
grep -qF 'RUN |4 VERSION=2 GIVEN=given GLOBAL=global NONE= /bin/sh -c echo "2 $VERSION' "$scratch/history"
! grep -q 'http://proxy' "$scratch/history" || fail "a proxy is in the history"

# ONBUILD: kept by the base, done by whoever builds on it, once.
echo trigger >"$c/triggered"
build -t base:trigger <<'D' >/dev/null
FROM busybox
ONBUILD COPY triggered /triggered
ONBUILD RUN echo ran >>/out
ONBUILD ENV TRIGGERED=yes
D
same "$(inspect '{{len .Config.OnBuild}}' base:trigger)" 3
build -t t <<'D' >/dev/null
FROM base:trigger
RUN cat /triggered >>/out; echo $TRIGGERED >>/out
D
same "$(out t | tr '\n' ' ')" "ran trigger yes "
same "$(inspect '{{len .Config.OnBuild}}' t)" 0
# The base may be a stage: the trigger takes files from another one then, too.
build -t t <<'D' >/dev/null
FROM busybox AS other
RUN echo other >/other
FROM busybox AS base
ONBUILD COPY --from=other /other /copied
ONBUILD RUN cat /copied >/out
FROM base
RUN echo own >>/out
D
same "$(out t | tr '\n' ' ')" "other own "
same "$(inspect '{{len .Config.OnBuild}}' t)" 0

# Stages: only those that are needed, and a --target.
cat >"$scratch/stages" <<'D'
FROM busybox AS unneeded
RUN exit 1
FROM busybox AS one
RUN echo one >/one
FROM busybox AS two
RUN echo two >/two
FROM scratch AS both
COPY --from=one /one /
COPY --from=2 /two /
FROM busybox AS last
COPY --from=both / /
RUN cat /one /two >/out
D
build -t t <"$scratch/stages" >/dev/null
same "$(out t | tr '\n' ' ')" "one two "
build -t t --target both <"$scratch/stages" >/dev/null
same "$(shale export t | tar -t | sort | tr '\n' ' ')" "one two "
refuse 1 'target stage' --target nowhere <"$scratch/stages"
# Independent stages at once: each waits for the other.
timeout 60 "$SHALE" build -q --root "$store" -f - "$c" <<'D' >/dev/null
FROM busybox AS a
RUN --mount=type=cache,target=/m,id=meet rm -f /m/a; touch /m/a; until [ -e /m/b ]; do usleep 10000; done
FROM busybox AS b
RUN --mount=type=cache,target=/m,id=meet rm -f /m/b; touch /m/b; until [ -e /m/a ]; do usleep 10000; done
FROM busybox
COPY --from=a /www /a
COPY --from=b /www /b
D

# What an image may say besides.
build -t t --label over=line --label 'kind=two words' --annotation org.example.a=b <<'D' >/dev/null
FROM busybox
LABEL over=file "quoted key"=value
EXPOSE 80 53/udp
VOLUME /data /more
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --retries=2 CMD true
ENTRYPOINT ["/bin/echo"]
CMD ["hello"]
MAINTAINER somebody
D
same "$(inspect '{{json .Config.Labels}}' t)" '{"kind":"two words","over":"line","quoted key":"value"}'
same "$(inspect '{{json .Config.ExposedPorts}} {{json .Config.Volumes}} {{.Config.StopSignal}} {{.Author}}' t)" \
    '{"53/udp":{},"80/tcp":{}} {"/data":{},"/more":{}} SIGQUIT somebody'
same "$(inspect '{{json .Config.Healthcheck}}' t)" '{"Test":["CMD-SHELL","true"],"Interval":5000000000,"Retries":2}'
same "$(shale run --rm t)" hello
skopeo inspect --raw "oci:$store:t" 2>/dev/null | grep -q '"org.example.a":"b"' ||
    grep -rqs '"org.example.a":"b"' "$store/blobs" || fail "the annotation is nowhere"
nothing_left
