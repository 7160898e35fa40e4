# The interactive view of `shale analyze`, driven by tmux: keys, sizes, signals; the terminal is as it was afterwards.
# as: root user
. "$(dirname "$0")/lib.sh"
python3 "$(dirname "$0")/demo.py" "$scratch/image.tar"
columns=0
tmux() { command tmux -S "$scratch/socket.$columns" -f /dev/null "$@"; }
trap 'tmux kill-server 2>/dev/null || true; finish' EXIT
screen() { tmux capture-pane -p; }
# Waits until the screen shows a text, or no longer does.
shows() {
    for _ in $(seq 100); do
        if screen | grep -qF -- "$1"; then return 0; fi
        sleep 0.1
    done
    screen
    fail "the screen does not show: $1"
}
# Waits until the first or last line has a text: that the screen shows one part does not say that all of it is drawn.
line_shows() { # head|tail TEXT
    for _ in $(seq 100); do
        if screen | "$1" -n 1 | grep -qF -- "$2"; then return 0; fi
        sleep 0.1
    done
    screen
    fail "the $1 of the screen does not show: $2"
}
hides() {
    for _ in $(seq 100); do
        if ! screen | grep -qF -- "$1"; then return 0; fi
        sleep 0.1
    done
    screen
    fail "the screen still shows: $1"
}
start() {
    tmux send-keys "clear; cd '$scratch'; stty -a >'$scratch/before'; CI= '$SHALE' analyze '$scratch/image.tar'; echo status \$?; stty -a >'$scratch/after'" Enter
    shows "Filetree"
}
ended() {
    shows "$1"
    hides "Filetree"
    sleep 0.2
    diff "$scratch/before" "$scratch/after" || fail "the terminal's settings are others"
}

# The one process that the pane's shell runs.
viewer() { pgrep -P "$(tmux display-message -p '#{pane_pid}')"; }

for size in "80 24" "200 50"; do
    read -r columns rows <<<"$size"
    tmux new-session -d -x "$columns" -y "$rows" env PS1='$ ' bash --norc
    start
    shows "Layer details"
    line_shows head Layers
    # The fifth layer removes a key; removed files can be hidden.
    tmux send-keys Down Down Down Down
    shows "A 1  C 0  D 8"
    tmux send-keys Tab C-f id_rsa
    shows "Path filter: id_rsa"
    shows "─ id_rsa"
    tmux send-keys Enter C-r
    hides "─ id_rsa"
    tmux send-keys C-r
    shows "─ id_rsa"
    tmux send-keys Escape
    shows "─ src10.js"
    # Folded directories show nothing of what is in them; attributes can go.
    tmux send-keys C-Space
    hides "─ src10.js"
    shows "⊕ app"
    tmux send-keys C-Space
    shows "─ src10.js"
    shows "drwxr-xr-x"
    tmux send-keys C-b
    hides "drwxr-xr-x"
    tmux send-keys C-b
    # A file of the shown tree is written to the working directory, beside what is there.
    tmux send-keys C-f "src10.js" Enter Home Down C-e
    shows "written to src10.js"
    tmux send-keys C-e
    shows "written to src10.js.1"
    python3 - "$scratch" <<'P'
import io, json, sys, tarfile
image = tarfile.open(sys.argv[1] + "/image.tar")
layer = json.load(image.extractfile("manifest.json"))[0]["Layers"][3]
wanted = tarfile.open(fileobj=io.BytesIO(image.extractfile(layer).read())).extractfile("app/src10.js").read()
for name in ("src10.js", "src10.js.1"):
    assert open(f"{sys.argv[1]}/{name}", "rb").read() == wanted, name
P
    rm "$scratch"/src10.js*
    tmux send-keys Home C-e
    shows "only files are extracted"
    tmux send-keys Escape C-p
    shows "─ src10.js"
    tmux send-keys C-p
    # To the end and back, by pages.
    tmux send-keys End
    shows "list5"
    hides "─ src10.js"
    tmux send-keys PageUp PageUp Home
    shows "─ src10.js"
    tmux send-keys Tab C-a
    shows "Aggregated changes"
    tmux send-keys C-l
    shows "Current layer contents"
    # Another size, and one that is too small.
    tmux resize-window -x 60 -y 20
    shows "Filetree"
    line_shows tail Quit
    tmux resize-window -x 30 -y 8
    shows "too small"
    tmux resize-window -x "$columns" -y "$rows"
    shows "Layer details"
    tmux send-keys q
    ended "status 0"

    start
    tmux send-keys C-c
    ended "status 0"

    # Ended by signals, stopped and continued.
    start
    kill -TERM "$(viewer)"
    ended "status 143"
    start
    kill -HUP "$(viewer)"
    ended "status 129"
    start
    tmux send-keys C-z
    shows "Stopped"
    tmux send-keys fg Enter
    shows "Layer details"
    tmux send-keys q
    ended "analyze"
    tmux kill-server
done

# Where there is no terminal it says so, or prints its report.
if "$SHALE" analyze --interactive "$scratch/image.tar" </dev/null >/dev/null 2>"$scratch/err"; then exit 1; fi
grep -q "have to be a terminal" "$scratch/err"
"$SHALE" analyze "$scratch/image.tar" </dev/null >"$scratch/report"
grep -q "^Reclaimable" "$scratch/report"
