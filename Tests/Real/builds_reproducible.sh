# One Dockerfile with clamped times gives one image, whoever builds it: root, an ordinary user with subordinate ids and with one
# id, elsewhere, later, from a cache and without, alone and beside another build of the same.
# as: root
. "$(dirname "$0")/lib.sh"
chmod 755 "$scratch"
busybox_archive "$scratch/busybox.tar"
same() { [ "$1" = "$2" ] || { printf 'not the same:\n%s\n--- wanted ---\n%s\n' "$1" "$2" >&2; exit 1; }; }
mkdir -p "$c/src/deep"
cat >"$c/Dockerfile" <<'D'
FROM busybox AS tools
ARG WORD=stone
RUN mkdir -p /opt/t && echo $WORD >/opt/t/word && ln -s word /opt/t/link && ln /opt/t/word /opt/t/hard && chmod 4750 /opt/t/word
RUN dd if=/dev/urandom of=/unused bs=1k count=100 2>/dev/null
FROM busybox AS data
COPY --chmod=u=rwX,go=rX src /data/
RUN find /data -type f | sort | xargs sha256sum >/sums && mv /sums /data/sums && mkfifo /data/pipe && rm /data/deep/b
FROM busybox
RUN rm -r /www && mkdir /www && date >/dev/null && echo index >/www/index && mv /etc/group /etc/groups
COPY --from=tools /opt/t /opt/t
COPY --from=data --link /data /data
ADD archive.tar /unpacked/
WORKDIR /work/here
RUN touch new && mkdir -p a/b/c && truncate -s 3M a/sparse && echo $HOME $PWD >a/b/where
LABEL kind=igneous
CMD ["cat", "/opt/t/word"]
D
# The same with owners of others, which one id records.
{ cat "$c/Dockerfile"; cat <<'D'; } >"$c/Owners"
COPY --chown=web:50 src /owned
RUN chown -R 33:50 /work && chown 7:8 /opt/t/word && touch /unpacked/x && chown 1000:1000 /unpacked
D
for i in a b c; do echo "$i" >"$c/src/deep/$i"; done
head -c 300000 /dev/zero | tr '\0' x >"$c/src/large"
(cd "$c/src" && tar -cf ../archive.tar --owner=33 --group=50 deep)
# Elsewhere, of other times (all of them later than the clamp), written in another order.
mkdir -p "$scratch/elsewhere/there/src/deep"
for i in c a b; do cp "$c/src/deep/$i" "$scratch/elsewhere/there/src/deep/$i"; done
cp "$c/src/large" "$scratch/elsewhere/there/src"
cp "$c/archive.tar" "$c/Owners" "$c/Dockerfile" "$scratch/elsewhere/there"
find "$scratch/elsewhere" -exec touch -d 2023-05-06 {} +
find "$c" "$scratch/elsewhere" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +

as() { # WHO COMMAND...
    local ordinary=(setpriv --reuid shale-test --regid shale-test --init-groups env "HOME=/home/shale-test")
    case $1 in
    root) "${@:2}" ;;
    user) "${ordinary[@]}" "${@:2}" ;;
    single) "${ordinary[@]}" unshare -Urm "${@:2}" ;;
    esac
}
# WHO FILE CONTEXT OPTIONS: the image's id, and its layers'.
image() {
    as "$1" "$SHALE" build -q --root "$scratch/$1" --timestamp 1600000000 -t "$2" -f "$3/$2" "${@:4}" "$3" 2>>"$scratch/log.$1" ||
        { cat "$scratch/log.$1" >&2; return 1; }
    as "$1" "$SHALE" inspect --root "$scratch/$1" -f '{{range .RootFS.Layers}}{{println .}}{{end}}' "$2"
}
for who in root user single; do
    mkdir "$scratch/$who"
    [ $who = root ] || chown shale-test:shale-test "$scratch/$who"
    as $who "$SHALE" load --root "$scratch/$who" -i "$scratch/busybox.tar" >/dev/null
done
for file in Dockerfile Owners; do
    file=$(echo $file | tr A-Z a-z)
    mv "$c/${file^}" "$c/$file" && mv "$scratch/elsewhere/there/${file^}" "$scratch/elsewhere/there/$file"
    wanted=$(image root $file "$c")
    for who in user single; do same "$(image $who $file "$c")" "$wanted"; done
    # So are the bytes that a registry would be sent.
    for who in root user single; do
        as $who "$SHALE" save --root "$scratch/$who" --format oci-archive -o "$scratch/$who/saved" $file
        cmp "$scratch/root/saved" "$scratch/$who/saved"
    done
    for who in root user single; do
        same "$(image $who $file "$c")" "$wanted"
        same "$(image $who $file "$scratch/elsewhere/there")" "$wanted"
        same "$(image $who $file "$scratch/elsewhere/there" --no-cache)" "$wanted"
    done
    # All three at once, each twice in its store, without a cache.
    for who in root user single; do
        for round in 1 2; do image $who $file "$c" --no-cache >"$scratch/$who.$round" & done
    done
    wait
    for who in root user single; do
        for round in 1 2; do same "$(cat "$scratch/$who.$round")" "$wanted"; done
        as $who "$SHALE" doctor --root "$scratch/$who" --store
    done
done
# The owners are in the layers, whoever recorded them.
owners=$(as single "$SHALE" export --root "$scratch/single" owners | tar --no-recursion --numeric-owner -tv opt/t/word owned/deep/a unpacked work/here/new)
same "$(awk '{print $2, $6}' <<<"$owners" | sort -k 2 | tr '\n' ' ')" '7/8 opt/t/word 33/50 owned/deep/a 1000/1000 unpacked/ 33/50 work/here/new '
