# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by captures/demo and tests/run: what tsaudit needs of Debian 12, and how to get it.

# shellcheck disable=SC2034  # the lists are for the scripts that source this file
build_packages="g++ cmake ninja-build pkg-config libpcap-dev libfmt-dev libcli11-dev nlohmann-json3-dev libtomlplusplus-dev libmnl-dev libtins-dev zlib1g-dev libzstd-dev liblz4-dev"
test_packages="libgtest-dev libgmock-dev libbenchmark-dev git python3"
# The viewer, and the display that its tests make. The build does without; CI does not.
gui_packages="qt6-base-dev qt6-svg-dev libqcustomplot-dev xvfb xauth imagemagick desktop-file-utils appstream shared-mime-info libglib2.0-bin lowdown"
# Without these the tests that need them say SKIPPED: oracles, the live kernel, and other kernels under emulation.
oracle_packages="libxml2-utils tshark tcptrace python3-jsonschema iproute2 clang libbpf-dev bpftool qemu-system-x86 cpio kmod busybox-static nftables ethtool make libelf-dev sparse criu"

PATH=$PATH:/usr/sbin:/sbin # Debian leaves them out for ordinary users

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || printf '%s ' "$package"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# apt_install LOG PACKAGE...: true if all of them are there afterwards. Says in one line what it installs, and in
# one line why it cannot.
apt_install() {
  local log=$1 missing
  shift
  if ! command -v dpkg-query >/dev/null; then
    echo "Not a Debian system: taking for granted what these packages of Debian 12 hold: $*" >&2
    return 0
  fi
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  echo "Installing ${missing% }" >&2
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "Cannot install, being neither root nor in reach of sudo. As root: apt-get install ${missing% }" >&2
    return 1
  fi
  # shellcheck disable=SC2086  # a list on purpose
  if ! { as_root apt-get -qq update && as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
    --no-install-recommends -o Dpkg::Use-Pty=0 install $missing; } >"$log" 2>&1 </dev/null; then
    echo "Cannot install (log: $log): $(grep -m1 -E '^E:|sudo:' "$log" || tail -n 1 "$log")" >&2
    return 1
  fi
}

# quietly LOG COMMAND...: its output goes to LOG, and is shown only if it fails.
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 || {
    local status=$?
    tail -n 40 "$log" >&2
    echo "Failed ($status): $* (log: $log)" >&2
    return "$status"
  }
}

# A compiler cache where there is one; CMake takes it from the environment.
if command -v ccache >/dev/null; then
  export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
