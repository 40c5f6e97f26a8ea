#!/usr/bin/env bash
# Slurm on this machine alone, for tests: munged, slurmctld and slurmd, with a configuration of their own in
# target/slurm-node (/etc/slurm is left alone).
#   scripts/slurm-one-node.sh start | stop    start prints the configuration's file, for SLURM_CONF
# Needs root, to install Debian's packages and to start the daemons.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$PWD/target/slurm-node
conf=$folder/slurm.conf

needs_root() {
  [ "$(id -u)" = 0 ] || { echo "slurm-one-node: needs root to $1: sudo $0 ${2:-start}" >&2; exit 2; }
}

stop() {
  needs_root "stop the daemons" stop
  # Only what this script started, and only if the number is still that program's.
  for daemon in slurmd slurmctld munged; do
    local pid
    pid=$(cat "$folder/$daemon.pid" 2>/dev/null) || continue
    if [ "$(ps -o comm= -p "$pid")" = "$daemon" ]; then kill "$pid"; fi
    rm -f "$folder/$daemon.pid"
  done
}

provide() {
  command -v slurmctld slurmd munged >/dev/null && return
  needs_root "install slurm-wlm and munge"
  command -v apt-get >/dev/null || { echo "slurm-one-node: no apt-get: install Slurm and munge by hand" >&2; exit 2; }
  apt-get install -y --no-install-recommends slurm-wlm munge >&2
}

configure() {
  local host
  host=$(hostname -s)
  mkdir -p "$folder/state" "$folder/spool"
  cat >"$conf" <<END
ClusterName=one
SlurmctldHost=$host
SlurmctldAddr=127.0.0.1
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
}

start() {
  provide
  export SLURM_CONF=$conf
  if [ -e "$conf" ] && timeout 10 sinfo >/dev/null 2>&1; then echo "$conf"; return; fi
  needs_root "start munged, slurmctld and slurmd"
  configure
  if ! munge -n >/dev/null 2>&1; then
    install -d -o munge -g munge /run/munge 2>/dev/null || { mkdir -p /run/munge && chown munge: /run/munge; }
    runuser -u munge -- munged
    cp /run/munge/munged.pid "$folder/munged.pid"
  fi
  slurmctld >&2
  slurmd >&2
  for _ in $(seq 30); do
    if [ "$(timeout 5 sinfo --noheader --format=%t 2>/dev/null)" = idle ]; then echo "$conf"; return; fi
    sleep 1
  done
  echo "slurm-one-node: no idle node after 30 s; see $folder/slurmctld.log and $folder/slurmd.log" >&2
  exit 1
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  *) echo "usage: $0 start | stop" >&2; exit 2 ;;
esac
