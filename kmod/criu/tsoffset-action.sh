#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# criu dump ... --action-script tsoffset-action.sh
# criu restore ... --action-script tsoffset-action.sh
#
# Keeps the timestamps of dumped TCP connections from going back. At the dump it notes, beside the images, the last TSval
# that each peer can have seen; at the restore it gives each connection the offset with which the next one follows it.
# If it cannot, the restore is aborted, and may be repeated: nothing has been sent.
#
# post-restore is the hook: the sockets exist, so that their clocks can be read, and are still in TCP_REPAIR, so that
# they are silent. CRIU leaves TCP_REPAIR after it, and that sends a packet at once; pre-resume comes too late.
set -eu

table=$CRTOOLS_IMAGE_DIR/tsoffset.table
case $CRTOOLS_SCRIPT_ACTION in
post-dump)
	# What is odd here would be microseconds for Linux 6.7 and newer.
	tsoffset criu-even "$CRTOOLS_IMAGE_DIR" >/dev/null
	tsoffset -n "/proc/$CRTOOLS_INIT_PID/ns/net" save criu "$CRTOOLS_IMAGE_DIR" >"$table"
	;;
post-restore)
	[ -s "$table" ] || exit 0
	[ -d /sys/module/tsoffset ] || modprobe tsoffset
	tsoffset -n "/proc/$CRTOOLS_INIT_PID/ns/net" restore auto replace "$table"
	;;
esac
