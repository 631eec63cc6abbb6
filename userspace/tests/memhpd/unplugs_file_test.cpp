// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/unplugs_file.h"

#include <fcntl.h>

#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "tree.h"

namespace memhp
{
namespace
{

class UnplugsFile : public testing::Test
{
protected:
	Tree tree;
	Fd dir = std::move(open_at(AT_FDCWD, tree.root(), O_RDONLY | O_DIRECTORY).value());

	Result<SavedUnplugs> load() { return load_unplugs(dir.get(), "unplugs"); }
};

TEST_F(UnplugsFile, KeepsAllThatIsNeededToGoOn)
{
	const SavedUnplugs unplugs = {
		{"PNP0C80:01",
		 {Time(1234), {{32, {1032, Zone::movable}}, {33, {1033, Zone::normal}}}}},
		{"PNP0C80:02", {}}};
	ASSERT_TRUE(save_unplugs(dir.get(), "unplugs", unplugs));
	const auto loaded = load();
	ASSERT_TRUE(loaded) << loaded.error().message;
	EXPECT_EQ(*loaded, unplugs);
}

TEST_F(UnplugsFile, NoFileIsNone)
{
	const auto loaded = load();
	ASSERT_TRUE(loaded);
	EXPECT_TRUE(loaded->empty());
}

TEST_F(UnplugsFile, AFileThatCannotBeUsedIsAFailure)
{
	for (const auto *text : {"", "{", "[]", "{\"version\": 9, \"unplugs\": []}",
				 "{\"version\": 1}", "{\"version\": 1, \"unplugs\": [{}]}"}) {
		tree.write("unplugs", text);
		EXPECT_FALSE(load()) << text;
	}
}

} // namespace
} // namespace memhp
