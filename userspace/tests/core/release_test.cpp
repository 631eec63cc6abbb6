// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/release.h"

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

TEST(Release, IsComparedByItsFirstTwoNumbers)
{
	const struct {
		const char *release;
		bool older; ///< than 6.2
	} cases[] = {
		{"6.1.0-56-cloud-amd64", true},
		{"5.10.0-30-amd64", true},
		{"6.1", true},
		{"6.2", false},
		{"6.2.0-rc1", false},
		{"6.12.117+deb13-amd64", false},
		{"7.0.1", false},
		{"10.1.0", false},
		{"", false},
		{"6", false},
		{"6.", false},
		{"6.x", false},
		{"lunch", false},
		{"-1.0", false},
		{"99999999999999999999999.1", false},
	};
	for (const auto &[release, older] : cases)
		EXPECT_EQ(older_than(release, 6, 2), older) << release;
}

} // namespace
} // namespace memhp
