/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TSOFF_SELFTEST_KUNIT_H
#define _TSOFF_SELFTEST_KUNIT_H

/* Runs all tests; the kernel log has the results. Only in a module made with KUNIT=1. */
#ifdef TSOFF_KUNIT
void tsoff_kunit(void);
#else
static inline void tsoff_kunit(void) {}
#endif

#endif /* _TSOFF_SELFTEST_KUNIT_H */
