# What the scripts share; source it.
# shellcheck shell=bash disable=SC2034

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
script=$0 # as it was called: by its name alone where the PATH finds it
if [[ $(command -v -- "${0##*/}") == "$0" ]]; then script=${0##*/}; fi
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
# In the C locale Java knows ASCII alone: it finds no file whose path has any other letter.
case $(locale charmap 2>/dev/null) in '' | ANSI_X3.4-1968 | US-ASCII | 646) export LC_ALL=C.UTF-8 ;; esac
job_sources=("$root/pom.xml" "$root"/{loss-kernels,job}/{pom.xml,src/main})

say() { printf '%s: %s\n' "$script" "$1" >&2; }
die() { say "$1"; exit "${2:-2}"; }
usage() { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; } # prints the comment at the top of the script

need() { command -v "$1" >/dev/null || die "$2"; }

maven() { # runs in the root; some versions reset colours that they were told not to use
    need mvn "cannot find Maven, which fetches and builds: install it, or put mvn on the PATH"
    (cd "$root" && mvn --batch-mode --no-transfer-progress -Dstyle.color=never "$@") 2>&1 | sed -e $'s/\e\\[[0-9;]*m//g'
}

quiet_maven() { maven --quiet "$@" >&2 || die "Maven failed, see above" 1; }

compile() { # SCOPE OPTION... GOAL: also lists the libraries of that scope in target/SCOPE-class-path.txt of each module
    quiet_maven "${@:2}" dependency:build-classpath "-DincludeScope=$1" "-Dmdep.outputFile=target/$1-class-path.txt"
}

# Whether file $1 is missing, empty, or older than anything in the files and folders after it. Deleting a file changes its folder's time.
stale() { [[ ! -s $1 || -n $(find "${@:2}" -newer "$1" -print -quit) ]]; }

lock() { # takes the lock named $1 until unlock, or until the script ends
    mkdir -p "$root/target"
    exec 9>"$root/target/$1.lock"
    if command -v flock >/dev/null; then flock 9; fi
}

unlock() { exec 9>&-; }

# Sets jar: the user's own (SIGLIP_JAR), or else the job's, packed if the sources have changed.
use_jar() {
    jar=${SIGLIP_JAR:-$root/job/target/siglip-spark.jar}
    if [[ -z ${SIGLIP_JAR-} ]]; then
        lock submit
        if stale "$jar" "${job_sources[@]}"; then
            say "packing the job, which takes about a minute"
            quiet_maven -Dquick package
            touch "$jar"
        fi
        unlock
    fi
    [[ -s $jar ]] || die "there is no jar at $jar"
}

# Exports SPARK_HOME: the user's own, or else the one that scripts/spark-home builds.
use_spark_home() {
    if [[ -z ${SPARK_HOME-} ]]; then
        "$root/scripts/spark-home" >/dev/null
        SPARK_HOME=$root/target/spark-home
    fi
    [[ -x $SPARK_HOME/bin/spark-class ]] || die "SPARK_HOME=$SPARK_HOME has no bin/spark-class: unset it to use one made of Maven artefacts"
    export SPARK_HOME SPARK_SCALA_VERSION=2.12
}

# Makes folder $1 and marks it, if nothing but what scripts put there can be in it: only in such a folder do they delete what they know.
own_folder() {
    local mark=$1/.made-by-scripts
    if [[ -e $1 && ! -f $mark && $1 != "$root/target/"* && ! (-d $1 && -z $(ls -A "$1")) ]]; then
        die "$1 holds something else: name another folder, or move that away"
    fi
    mkdir -p "$1"
    touch "$mark"
}

# The options of conf/jvm.options on one line.
java_options() { grep -v -e '^#' -e '^$' "$root/conf/jvm.options" | tr '\n' ' '; }
