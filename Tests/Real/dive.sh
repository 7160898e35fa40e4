# `shale analyze` against dive itself: 120 generated images, figures, verdicts, statuses and exports.
# as: user
# needs: dive
. "$(dirname "$0")/lib.sh"
python3 "$(dirname "$0")/dive.py" "$SHALE" "$SHALE_DIVE" 0 120

# Rules by file, by option, disabled, misconfigured: the same lines and statuses.
python3 "$(dirname "$0")/demo.py" "$scratch/image.tar"
cd "$scratch"
printf 'rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB\n  highestUserWastedPercent: 0.5\n' >one.yaml
printf 'rules:\n  LowestEfficiency: 1e-3\n  highestWastedBytes:\n  highestUserWastedPercent: "disabled"\n' >two.yaml
printf 'rules:\n  lowestEfficiency: 2\n' >three.yaml
printf 'rules:\n  highestUserWastedPercent: false\n' >four.yaml
printf '' >five.yaml
printf 'rules: [1\n' >six.yaml
# Sorted: files of the same size are in no order that dive would promise.
judge() {
    local status=0
    CI=true "$@" </dev/null 2>/dev/null >out || status=$?
    sed -e 's/\x1b\[[0-9;]*m//g' out | grep -v -e '^Image Source' -e '^Extracting' -e '^Analyzing' -e '^ci configuration' -e '^Reclaimable' -e '^$' | sort || true
    echo "status $status"
}
same() {
    judge "$SHALE_DIVE" --source docker-archive image.tar "$@" >theirs
    judge "$SHALE" analyze --source docker-archive image.tar "$@" >ours
    diff theirs ours || fail "with $*"
}
same
for file in one two three four five six missing; do same --ci-config "$file.yaml"; done
same --ci-config one.yaml --lowestEfficiency 0.1
same --highestWastedBytes 3000123 --lowestEfficiency 0.5 --highestUserWastedPercent 1
same --highestWastedBytes "2.9 MB"
same --highestWastedBytes disabled --lowestEfficiency disabled --highestUserWastedPercent disabled
same --lowestEfficiency abc
same --lowestEfficiency 1.5
[ -e six.yaml ] && [ "$(judge "$SHALE" analyze image.tar --ci --ci-config six.yaml | tail -n 1)" = "status 1" ]
