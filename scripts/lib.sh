# What the scripts have in common; to be sourced.
# shellcheck shell=bash

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
script=${0##*/}

say() { printf '%s: %s\n' "$script" "$1" >&2; }
die() { say "$1"; exit "${2:-2}"; }

need() { command -v "$1" >/dev/null || die "$2"; }

run_maven() { # in the root, with its output on standard error
    need mvn "cannot find Maven, which fetches and builds: install it, or put mvn on the PATH"
    (cd "$root" && mvn --quiet --batch-mode -Dstyle.color=never --no-transfer-progress "$@" >&2) || die "Maven failed, see above" 1
}

lock() { # of this name, until the script ends
    mkdir -p "$root/target"
    exec 9>"$root/target/$1.lock"
    if command -v flock >/dev/null; then flock 9; fi
}

unlock() { exec 9>&-; }

# Sets SPARK_HOME to the one that scripts/spark-home builds, unless the user has one, and exports it.
use_spark_home() {
    if [[ -z ${SPARK_HOME-} ]]; then
        "$root/scripts/spark-home" >/dev/null
        SPARK_HOME=$root/target/spark-home
    fi
    [[ -x $SPARK_HOME/bin/spark-class ]] || die "SPARK_HOME=$SPARK_HOME has no bin/spark-class: unset it to use one made of Maven artefacts"
    export SPARK_HOME SPARK_SCALA_VERSION=2.12
}

# The options of conf/jvm.options on one line.
java_options() { grep -v -e '^#' -e '^$' "$root/conf/jvm.options" | tr '\n' ' '; }
