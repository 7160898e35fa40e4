# The live picture of a build in tmux, in two sizes: stages that run at once, lines that are too long, colours and tabs, another
# size meanwhile, a failing step, Ctrl-C once and twice. The terminal is as it was afterwards.
# as: root user
. "$(dirname "$0")/lib.sh"
busybox_store
mkdir "$c"
columns=0
tmux() { command tmux -S "$scratch/socket.$columns" -f /dev/null "$@"; }
trap 'tmux kill-server 2>/dev/null || true; finish' EXIT
screen() { tmux capture-pane -p; }
# The picture of three steps.
bottom() { screen | grep . | tail -n 6; }
# All that was ever shown and is still there.
all() { tmux capture-pane -p -S -; }
shows() {
    for _ in $(seq 200); do
        if screen | grep -qF -- "$1"; then return 0; fi
        sleep 0.1
    done
    all
    fail "the screen does not show: $1"
}
once() { # TEXT [WHERE]
    local count
    count=$("${2:-all}" | grep -cF -- "$1" || true)
    [ "$count" = 1 ] || { all; fail "shown $count times: $1"; }
}
never() { ! screen | grep -F -- "$1" || { all; fail "shown: $1"; }; }
# Steps wait for a file that is put into this cache mount.
gate=$store/cache/mounts/$(printf gate | sha256sum | cut -c 1-64)
start() { # FILE OPTIONS
    rm -f "$gate"/*
    tmux send-keys "clear; tmux clear-history; stty -a >'$scratch/before'; '$SHALE' build --root '$store' --progress tty -f '$scratch/$1' ${*:2} '$c' >'$scratch/id'; echo status \$?; stty -a >'$scratch/after'" Enter
    shows '[one '
}
ended() {
    shows "status $1"
    for _ in $(seq 50); do [ -s "$scratch/after" ] && break || sleep 0.1; done
    diff "$scratch/before" "$scratch/after" || fail "the terminal's settings are others"
    [ "$(tmux display-message -p '#{cursor_flag} #{wrap_flag} #{alternate_on}')" = "1 1 0" ]
    rm -f "$scratch/before" "$scratch/after"
    nothing_left
}
cat >"$scratch/stages" <<'D'
FROM busybox AS one
RUN --mount=type=cache,id=gate,target=/g for i in $(seq 30); do echo "first $i"; usleep 20000; done; touch /g/one; until [ -e /g/go ]; do usleep 50000; done; echo "one ended"
FROM busybox AS two
RUN --mount=type=cache,id=gate,target=/g for i in $(seq 30); do echo "second $(seq 1000 1200 | tr '\n' ' ')"; usleep 20000; done; printf '\033[31mred\033[0m\tx\ty\tz\t1\t2\t3\t4\t5\t6\t7\t8\t9\t10\t11\t12\t13\t14\t15\t16\t17\t18\n'; touch /g/two; until [ -e /g/go ]; do usleep 50000; done
FROM busybox AS three
RUN --mount=type=cache,id=gate,target=/g for i in $(seq 30); do for k in $(seq 120); do printf '\347\237\263'; done; echo; usleep 20000; done; touch /g/three; until [ -e /g/go ]; do usleep 50000; done
FROM busybox
COPY --from=one /www /a
COPY --from=two /www /b
COPY --from=three /www /c
D
sed 's/"one ended"/"one ended"; for i in $(seq 5); do echo "failing $i"; done; printf "without end"; exit 7/' "$scratch/stages" >"$scratch/failing"
reached() { for name in one two three; do for _ in $(seq 200); do [ ! -e "$gate/$name" ] || break; sleep 0.1; done; [ -e "$gate/$name" ]; done; }
running() {
    for name in one two three; do shows "  [$name 1/1] RUN"; done
    # A terminal that becomes narrower has rows of an earlier picture scrolled away, or shows them again.
    for name in one two three; do once "[$name 1/1] RUN" "${1:-all}"; done
}

for size in "80 24" "200 50"; do
    read -r columns rows <<<"$size"
    tmux new-session -d -x "$columns" -y "$rows" env PS1='$ ' PATH="$PATH" bash --norc

    # A build that works. Lines are cut, so nothing is shown twice, in this size and in others.
    start stages --no-cache
    reached
    shows "    first 30"
    shows "    red     x       y       z       1"
    shows "    石石石石"
    running
    [ "$(screen | grep -cE '^    石+…$')" = 1 ] || { screen; fail "a line of wide characters is not cut"; }
    tmux resize-window -x $((columns - 25)) -y $((rows - 6))
    sleep 0.5
    running bottom
    tmux resize-window -x "$columns" -y "$rows"
    sleep 0.5
    running bottom
    # Time goes on where nothing is written.
    time_of() { screen | sed -n 's/.*\[one 1\/1\].* \([0-9.]*\)s$/\1/p'; }
    before=$(time_of)
    for _ in $(seq 50); do [ "$(time_of)" = "$before" ] || break; sleep 0.1; done
    [ -n "$before" ] && [ "$(time_of)" != "$before" ] || { screen; fail "time stands still"; }
    touch "$gate/go"
    ended 0
    for name in one two three; do
        once "✔ [$name 1/1] RUN"
    done
    once "✔ [stage-3 3/3] COPY --from=three /www /c"
    never "first 30"
    [ "$(cut -c 1-7 "$scratch/id")" = sha256: ]
    # What is there already is said so.
    tmux send-keys "clear; tmux clear-history; '$SHALE' build --root '$store' -f '$scratch/stages' '$c'; echo again \$?" Enter
    shows "again 0"
    [ "$(all | grep -c '✔ CACHED \[')" = 6 ]

    # A step that fails shows its output and why; those that it takes with it say no more than that.
    start failing --no-cache
    reached
    touch "$gate/go"
    ended 1
    once "✘ [one 1/1] RUN"
    for i in 1 2 3 4 5; do once "  failing $i"; done
    once "  without end"
    all | tr -d '\n' | grep -qE "shale: $scratch/failing:2: run RUN .*: exit status 7" || { all; fail "no line says why"; }
    never "second 1000"

    # Ctrl-C ends all, cleanly; twice, at once.
    for keys in C-c "C-c C-c"; do
        start stages --no-cache
        reached
        running
        tmux send-keys $keys
        shows "status 130"
        for _ in $(seq 100); do pgrep -f -- "$store" >/dev/null || break; sleep 0.1; done
        [ "$keys" = C-c ] || shale prune -f >/dev/null
        ended 130
        [ "$keys" != C-c ] || for name in one two three; do once "■ [$name 1/1] RUN"; done
        never "  first 20"
    done
    tmux send-keys "clear; tmux clear-history; '$SHALE' build --root '$store' -t after -f '$scratch/stages' '$c'; echo after \$?" Enter
    shows "after 0"
    shale doctor --store >/dev/null
    tmux kill-server
done
