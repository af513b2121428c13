#!/bin/bash
# Build the three images with buildah and ask each: images.sh [TARGET...]. Skipped, with the reason, where buildah cannot
# work; what goes wrong once it builds is a failure.
#
# No registry is asked: one small Debian made of this machine's packages stands in for all base images, with nginx, and
# this machine's Python and Node. What pip's configuration here names is there during the build as well.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

skip() {
  echo "skipped: the images are not built: $*"
  exit 0
}
[ "$(id -u)" = 0 ] || skip "only root can make the stand-in for their base images"
for program in buildah mmdebstrap node curl; do
  command -v $program >/dev/null || skip "$program is missing (apt-get install buildah mmdebstrap nodejs curl)"
done
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11, 5))' || skip "python3 is older than 3.11.5"
needed=12 # gigabytes
free=$(df --block-size=G --output=avail "${TMPDIR:-/tmp}" | tail -1 | tr -dc 0-9)
[ "$free" -ge $needed ] || skip "${TMPDIR:-/tmp} has $free GB free, $needed are needed"

work=$(mktemp -d "${TMPDIR:-/tmp}/images.XXXXXX")
needs() { # WHAT COMMAND...: what this machine must allow
  local what=$1
  shift
  "$@" >"$work/needs.log" 2>&1 || skip "$what: $(tail -1 "$work/needs.log")"
}
started=()
finish() {
  for each in "${started[@]}"; do kill -- "-$each" 2>/dev/null || true; done
  buildah umount --all >/dev/null 2>&1 || true
  buildah rm --all >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=${STORAGE_DRIVER:-overlay}
buildah() { command buildah --root "$work/storage" --runroot "$work/run" "$@"; }
serve() { # LOG ARGUMENTS...: a command of `buildah run` in the background, in a group of its own
  local log=$1
  shift
  setsid buildah --root "$work/storage" --runroot "$work/run" run "$@" >"$log" 2>&1 &
  started+=($!)
}

above() { # FOLDER: it, and all that it lies in
  local folder=$1
  while [ "$folder" != / ]; do
    echo "$folder"
    folder=$(dirname "$folder")
  done
}
say() { printf '%4ds  %s\n' "$SECONDS" "$*"; }

say "a small Debian"
base=${IMAGES_BASE:-$work/base.tar}
[ -f "$base" ] || needs "mmdebstrap makes no Debian here" mmdebstrap --quiet --variant=apt \
  --include=python3,python3-venv,ca-certificates,make,nginx-light,procps bookworm "$base"
first=stand-in
needs "buildah does not work here" buildah from --name $first scratch
buildah add --quiet "$first" "$base" / >/dev/null
needs "buildah runs no command here" buildah run "$first" -- true
buildah copy --quiet "$first" "$(readlink -f "$(command -v node)")" /usr/local/bin/node >/dev/null
npm=$(dirname "$(readlink -f "$(command -v npm)")")/..
buildah copy --quiet "$first" "$npm" /usr/local/lib/node_modules/npm >/dev/null
authorities=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
buildah copy --quiet "$first" "$authorities" /etc/ssl/certs/ca-certificates.crt >/dev/null
prefix=$(python3 -c 'import sys; print(sys.base_prefix)')
if [ "$prefix" != /usr ]; then # Debian's own may be older than the project's packages allow
  tar --create --directory / --exclude='*/site-packages/*' --exclude='*/test/*' --file "$work/python.tar" "${prefix#/}"
  buildah add --quiet "$first" "$work/python.tar" / >/dev/null
fi
# shellcheck disable=SC2046  # one word each
buildah run "$first" -- chmod a+rx $(above "$prefix")
buildah config --env "PATH=$prefix/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$first"
buildah commit --quiet "$first" stand-in >/dev/null
buildah rm "$first" >/dev/null
# A name with a digest is that image and no other, so the stand-in can have the name alone.
sed 's/^\(FROM [^ ]*\)@sha256:[0-9a-f]*/\1/' containers/Dockerfile >"$work/Dockerfile"
grep -oP '^FROM \K\S+:\S+' "$work/Dockerfile" | sort -u | while read -r name; do
  case $name in */*) name=docker.io/$name ;; *) name=docker.io/library/$name ;; esac
  buildah tag stand-in "$name"
done

mounts=()
for path in $({ python3 -m pip config list -v 2>/dev/null | grep -oE "(file://)?/[^ ',]+" | sed 's#^file://##; s#/simple$##'; } | sort -u) ${PIP_FIND_LINKS-}; do
  [ "$path" = "$authorities" ] || ! [ -e "$path" ] || mounts+=(--volume "$path:$path:ro")
done
settings=()
for name in PIP_CERT PIP_DEFAULT_TIMEOUT PIP_CONSTRAINT PIP_FIND_LINKS PIP_EXTRA_INDEX_URL NODE_EXTRA_CA_CERTS; do
  [ -z "${!name-}" ] || settings+=(--env "$name=${!name}")
done

build() { # TARGET
  say "building $1"
  buildah bud --pull-never --layers --network host "${mounts[@]}" "${settings[@]}" \
    --file "$work/Dockerfile" --target "$1" --tag "backdoors-$1" . 2>&1 | tee "$work/$1.log" |
    sed --unbuffered --quiet 's/^.*STEP [0-9/]*: RUN /  /p' | while read -r step; do say "  $step"; done ||
    { tail -40 "$work/$1.log"; echo "FAILED: $1 is not built"; exit 1; }
}

answers() { # URL TEXT
  for _ in $(seq 120); do
    if curl --silent --fail --max-time 5 "$1" 2>/dev/null | grep --quiet "$2"; then return 0; fi
    sleep 0.5
  done
  echo "FAILED: $1 does not answer with $2"
  exit 1
}

[ $# -gt 0 ] || set -- report lab train
for each in "$@"; do
  build "$each"
  container=$(buildah from --pull-never "backdoors-$each")
  case $each in
    report)
      # nginx opens its standard output by name, as its own user
      serve "$work/report.out" --user 101:101 "$container" -- env PORT=18080 sh -c '/opt/report/report.sh >/tmp/out 2>&1'
      answers http://127.0.0.1:18080/healthz ok
      answers http://127.0.0.1:18080/ 'Backdoors in Neural Networks'
      ;;
    lab)
      serve "$work/lab.out" --user 10001:10001 "$container" -- env PORT=18888 JUPYTER_TOKEN=0123456789abcdef \
        /app/containers/lab.sh
      answers 'http://127.0.0.1:18888/api' version
      answers 'http://127.0.0.1:18888/api/kernelspecs?token=0123456789abcdef' mxnet
      ;;
    train)
      for command in train export; do
        buildah run --user 10001:10001 "$container" -- /app/containers/train.sh $command digits-badnet >"$work/train.out" 2>&1 ||
          { tail -20 "$work/train.out"; echo "FAILED: $command"; exit 1; }
      done
      ;;
  esac
  say "$each answers"
done
echo "$# images built and asked"
