#!/bin/bash
# Builds a server of the Remote Execution API, the one that Bazel's own tests use, and runs it until it is killed:
#     tools/cluster/remote_worker.sh PORT DIRECTORY
# Its source is in Debian's source package of the Bazel that is installed, from which it also takes its libraries. It runs
# one machine's actions and trusts who connects: it is for tests, not for a cluster.
set -euo pipefail

if [[ $# -ne 2 || ! $1 =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: remote_worker.sh PORT DIRECTORY" >&2
  exit 2
fi
port=$1
mkdir -p "$2"/{apt/sources,apt/lists/partial,source,classes,work,store}
directory=$(cd "$2" && pwd)
libraries=/usr/share/bazel/A-server.jar
for needed in "$libraries" /usr/bin/javac; do
  [[ -e $needed ]] || { echo "remote_worker.sh: no $needed: install bazel-bootstrap and default-jdk-headless" >&2; exit 2; }
done

# The archives that this machine knows, but for their sources.
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
  [[ -f $list ]] || continue
  sed -E 's/^Types:.*/Types: deb-src/; s/^deb /deb-src /' "$list" >"$directory/apt/sources/${list##*/}"
done
apt=(apt-get --quiet=2 -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$directory/apt/sources"
  -o Dir::State::Lists="$directory/apt/lists" -o APT::Sandbox::User=)
version=$(dpkg-query --show --showformat='${source:Version}' bazel-bootstrap)
# An archive without sources is no reason to stop: whether the package is there is seen next.
"${apt[@]}" update || true
cd "$directory/source"
"${apt[@]}" source --download-only "bazel-bootstrap=$version"
tar --extract --file bazel-bootstrap_*.orig.tar.* --wildcards --no-anchored 'src/tools/remote/src/main/*'
find . -path '*/remote/src/main/*.java' -print0 |
  xargs -0 javac -nowarn -proc:none -cp "$libraries" -d "$directory/classes"
exec java -Xmx256m -cp "$directory/classes:$libraries" com.google.devtools.build.remote.worker.RemoteWorker \
  --listen_port="$port" --work_path="$directory/work" --cas_path="$directory/store"
