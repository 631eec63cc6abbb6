// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/requests_file.h"

#include <fcntl.h>

#include <gtest/gtest.h>

#include "system/base/fd.h"
#include "tree.h"

namespace memhp
{
namespace
{

class RequestsFile : public testing::Test
{
protected:
	Tree tree;
	Fd dir = std::move(open_at(AT_FDCWD, tree.root(), O_RDONLY | O_DIRECTORY).value());

	Result<std::vector<SavedRequest>> load() { return load_requests(dir.get(), "requests"); }
};

SavedRequest full()
{
	SavedRequest saved;
	saved.id = 7;
	saved.uid = 1000;
	saved.detached = true;
	saved.owned = true;
	auto &plan = saved.plan;
	plan.request.target = {"4G", "zone:movable"};
	plan.request.all_or_nothing = true;
	plan.request.eject = true;
	plan.request.force = true;
	plan.terms.attempt_deadline = Time(300);
	plan.terms.backoff = {Time(1), 3.5, Time(9), 0.7};
	plan.terms.limits = {{false, uint64_t{3} << 30}, 12.5};
	plan.terms.assist = {Assist::compact, Assist::hugepages};
	plan.parts = {
		{33, 1033, Zone::movable, 1}, {2, 1002, Zone::dma32, 0}, {5, 9, Zone::none, -1}};
	plan.lowered = {{"nr_hugepages", {10, 3}}};
	plan.shared = {{5}, {{41, {1041, Zone::normal}}}};
	plan.goal = 2;
	plan.already = {40};
	plan.left_to_host = {50};
	plan.deadline = Time(123456);
	plan.rolling_back = true;
	return saved;
}

TEST_F(RequestsFile, KeepsAllThatIsNeededToGoOn)
{
	const auto saved = full();
	ASSERT_TRUE(save_requests(dir.get(), "requests", {saved, SavedRequest()}));
	const auto loaded = load();
	ASSERT_TRUE(loaded) << loaded.error().message;
	ASSERT_EQ(loaded->size(), 2u);
	const auto &one = loaded->front();
	EXPECT_EQ(one.id, 7u);
	EXPECT_EQ(one.uid, 1000u);
	EXPECT_TRUE(one.detached);
	EXPECT_TRUE(one.owned);
	const auto &plan = one.plan;
	EXPECT_EQ(plan.request.change, Change::offline);
	EXPECT_EQ(plan.request.target, saved.plan.request.target);
	EXPECT_TRUE(plan.request.all_or_nothing);
	EXPECT_TRUE(plan.request.eject);
	EXPECT_TRUE(plan.request.force);
	EXPECT_EQ(plan.terms.attempt_deadline, Time(300));
	EXPECT_EQ(plan.terms.backoff.initial, Time(1));
	EXPECT_EQ(plan.terms.backoff.factor, 3.5);
	EXPECT_EQ(plan.terms.backoff.max, Time(9));
	EXPECT_EQ(plan.terms.backoff.jitter, 0.7);
	EXPECT_EQ(to_string(plan.terms.limits.min_free), "3G");
	EXPECT_EQ(plan.terms.limits.max_pressure, 12.5);
	EXPECT_EQ(plan.terms.assist, saved.plan.terms.assist);
	ASSERT_EQ(plan.parts.size(), 3u);
	for (size_t i = 0; i < 3; ++i) {
		EXPECT_EQ(plan.parts[i].block, saved.plan.parts[i].block);
		EXPECT_EQ(plan.parts[i].inode, saved.plan.parts[i].inode);
		EXPECT_EQ(plan.parts[i].zone, saved.plan.parts[i].zone);
		EXPECT_EQ(plan.parts[i].node, saved.plan.parts[i].node);
	}
	EXPECT_EQ(plan.goal, 2u);
	EXPECT_EQ(plan.already, std::vector<uint64_t>{40});
	EXPECT_EQ(plan.left_to_host, std::vector<uint64_t>{50});
	EXPECT_EQ(plan.deadline, Time(123456));
	EXPECT_TRUE(plan.rolling_back);
	EXPECT_TRUE(plan.resumed);
	EXPECT_EQ(plan.lowered.at("nr_hugepages").found, 10u);
	EXPECT_EQ(plan.lowered.at("nr_hugepages").left, 3u);
	EXPECT_EQ(plan.shared, saved.plan.shared);
}

TEST_F(RequestsFile, AMissingOneHasNone)
{
	ASSERT_TRUE(load());
	EXPECT_TRUE(load()->empty());
}

TEST_F(RequestsFile, ABadOneIsAFailureWhateverIsWrong)
{
	ASSERT_TRUE(save_requests(dir.get(), "requests", {full()}));
	const auto good = tree.read("requests");
	for (size_t length = 0; length < good.size(); ++length) {
		tree.write("requests", good.substr(0, length));
		EXPECT_FALSE(load()) << length;
	}
	const std::pair<const char *, const char *> changes[] = {
		{"\"version\":1", "\"version\":2"},
		{"\"compact\"", "\"lunch\""},
		{"\"3G\"", "\"lots\""},
		{"\"goal\":2", "\"goal\":\"2\""},
		{"[33,", "[\"x\","},
		{"\"target\":[", "\"target\":[1,"},
	};
	for (const auto &[from, to] : changes) {
		auto text = good;
		const auto at = text.find(from);
		ASSERT_NE(at, std::string::npos) << from;
		text.replace(at, std::string(from).size(), to);
		tree.write("requests", text);
		EXPECT_FALSE(load()) << to;
	}
}

} // namespace
} // namespace memhp
