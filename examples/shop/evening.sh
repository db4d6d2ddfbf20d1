#!/bin/sh
# The evening of evening.py by commands: sh examples/shop/evening.sh shop
# The bots stay in here. With --questions first they are asked about as often as everybody else.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"

data="--data log --user shopper_ref --item sku --time happened_ms --kind what --items items.parquet"
model="--model sasrec --max-length 50 --epochs 8 --learning-rate 0.003 --no-exclude-seen"

# Each shopper's last event, then what each did first in the last days. The second is what nightly lists
# answer: its model is then fitted on everything, for use.
miqrec train $data $model --out runs/leave-one-out
miqrec train $data $model --split time --questions first --final --out runs/by-time

# More than is shown, since some of it is sold out.
miqrec recommend runs/by-time --k 50 --out candidates.parquet
python "$here/stock.py" candidates.parquet items.parquet lists.parquet
