# What the benchmarks share; source it. --help prints the comment at the top of a benchmark.
# shellcheck shell=bash disable=SC2034

. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

case ${1-} in --help | -h) usage; exit 0 ;; esac
bench=$root/scripts/bench
out=${OUT:-$root/target/bench/${0##*/}}
python=${PYTHON:-python3}
rounds=${ROUNDS:-3}
read -r -a cores <<<"${CORES:-0 1}"
own_folder "$out"
held= # cores that runs are held to, such as 0,1; all if empty

# Towers 768-1024-512 on the synthetic pairs.
synthetic=(--config "$root/conf/synthetic.conf" --set "data.path=$out/pairs" --set data.train=null --set data.test=null
    --set towers.width=512 --set 'towers.image.hidden=[1024]' --set 'towers.text.hidden=[1024]')

need_torch() { # takes Python from the environment that docs/benchmarks.md describes
    python=${PYTHON:-$root/target/bench/venv/bin/python}
    "$python" -c 'import torch' 2>/dev/null || die "cannot import torch with $python: see docs/benchmarks.md, or set PYTHON"
}

make_pairs() { [[ -d $out/pairs ]] || "$root/scripts/run-local" prepare synthetic --rows 16384 --width 768 --signal 1 --out "$out/pairs"; }

quietly() { # COMMAND...: shows its output only if it fails
    mkdir -p "$out"
    "$@" >"$out/last.log" 2>&1 || { cat "$out/last.log" >&2; exit 1; }
}

hold() { held=$(IFS=,; echo "${cores[*]:0:$1}"); } # to so many cores

compare() { # NAME OPTION...: a run
    quietly ${held:+taskset -c "$held"} "$root/scripts/run-local" compare --overwrite --out "$out" --name "$1" "${@:2}"
}

steps() { # BATCH STEPS: settings of a run that is evaluated at its end, in the array of that name
    steps=(--set "training.batch-size=$1" --set "training.steps=$2" --set "training.warmup-steps=$(($2 / 4))" --set "evaluation.every-steps=$2")
}
