// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <net/genetlink.h>
#include "selftest/kunit.h"
#include "tsoff_netlink.h"
#include "tsoff_table.h"

static int __init mod_init(void)
{
	int err;

	err = tsoff_table_init();
	if (err)
		return err;
	tsoff_kunit();
	/* Commands need the tables of all namespaces, so they come last and go first. */
	err = tsoff_netlink_init();
	if (err)
		tsoff_table_exit();
	return err;
}

static void __exit mod_exit(void)
{
	tsoff_netlink_exit();
	tsoff_table_exit();
}

module_init(mod_init);
module_exit(mod_exit);

MODULE_LICENSE("GPL v2");
MODULE_DESCRIPTION("Offsets for the TCP timestamps of migrated connections");
MODULE_VERSION("0.1.0");
MODULE_ALIAS_GENL_FAMILY(TSOFF_GENL_NAME);
