/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The version of memhp: of the module, of the package that DKMS builds.
 */
#ifndef MEMHP_VERSION_H
#define MEMHP_VERSION_H

#define MEMHP_VERSION "0.1"

#endif /* MEMHP_VERSION_H */
