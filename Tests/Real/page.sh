# The page of `shale analyze --html` in headless Chromium.
# as: root
. "$(dirname "$0")/lib.sh"
python3 "$(dirname "$0")/demo.py" "$scratch/image.tar"
"$SHALE" analyze "$scratch/image.tar" --html "$scratch/page.html"
python3 "$(dirname "$0")/page.py" "$scratch/page.html"
# An image with nothing in it has a page, too.
python3 -c "
import sys; sys.path.insert(0, sys.argv[2])
from dive import archive, Layer
archive([], [], sys.argv[1])
" "$scratch/empty.tar" "$(dirname "$0")"
"$SHALE" analyze "$scratch/empty.tar" --html "$scratch/empty.html"
grep -q '"layers":\[\]' "$scratch/empty.html"
python3 "$(dirname "$0")/page.py" "$scratch/empty.html"
