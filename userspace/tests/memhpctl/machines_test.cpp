// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

#include "core/memory/totals.h"
#include "core/show/metrics.h"
#include "machine_fixture.h"
#include "memhpd/state.h"
#include "system/varlink/varlink.h"

namespace memhp
{
namespace
{

class Arm64Machine : public testing::TestWithParam<uint64_t>
{
protected:
	uint64_t block_size = GetParam();
	uint64_t at(uint64_t address) const { return address / block_size; }

	std::unique_ptr<MachineTree> tree = arm64_machine(block_size);
};

TEST_P(Arm64Machine, IsListedByItsAddresses)
{
	EXPECT_EQ(listed(*tree),
		  "RANGE                                  SIZE  STATE    ZONE            NODE  "
		  "SOURCE     DEVICE\n"
		  "0x0000000040000000-0x00000000ffffffff    3G  online   DMA                0  "
		  "boot       -\n"
		  "0x0000000100000000-0x000000013fffffff    1G  online   Normal             0  "
		  "boot       -\n"
		  "0x0000000140000000-0x00000001bfffffff    2G  offline  Normal/Movable     0  "
		  "acpi-dimm  PNP0C80:00\n"
		  "0x0000008000000000-0x00000080ffffffff    4G  offline  Normal/Movable     1  "
		  "dax-kmem   dax0.0");
	const auto numbers = opened(*tree).numbers().value_or(Numbers());
	ASSERT_EQ(numbers.size(), at(10 * gib));
	EXPECT_EQ(numbers.front(), at(gib)) << "there is no block 0";
}

TEST_P(Arm64Machine, IsReconciled)
{
	Reconciled first(*tree);
	ASSERT_TRUE(first.run(at(2 * gib)));
	EXPECT_EQ(first.writes().front(), std::to_string(at(gib)) + " online")
		<< "the barrier takes the lowest block there is";
	EXPECT_EQ(first.order(), hole_order(at(5 * gib), at(7 * gib) - 1));
	EXPECT_EQ(tree->state(at(512 * gib)), "offline") << "that is daxctl's";
	EXPECT_EQ(first.entries.size(), at(10 * gib));
	EXPECT_EQ(first.entries.at(at(5 * gib)).standing, Standing::handled);
	EXPECT_EQ(first.entries.at(at(512 * gib)).standing, Standing::fresh);

	// Taken offline while no memhpd ran; another block with a new life.
	const auto before = first.order().size();
	tree->write(MachineTree::dir(at(6 * gib)) + "/state", "offline\n");
	first.entries.at(at(5 * gib)).inode = 1;
	tree->write(MachineTree::dir(at(5 * gib)) + "/state", "offline\n");
	ASSERT_TRUE(first.run(1, first.entries));
	EXPECT_EQ(first.order().size(), before + 1);
	EXPECT_EQ(first.order().back(), at(5 * gib));
	EXPECT_EQ(first.entries.at(at(6 * gib)).standing, Standing::deliberate);
	EXPECT_EQ(tree->state(at(6 * gib)), "offline");
}

TEST_P(Arm64Machine, IsChangedInTheOrderOfItsZones)
{
	const auto blocks = scanned(opened(*tree));
	const auto online =
		select_online(target("device:PNP0C80:00"), blocks, block_size, OnlineType::movable);
	ASSERT_TRUE(online) << online.error().message;
	EXPECT_EQ(online->blocks, hole_order(at(5 * gib), at(7 * gib) - 1));

	const auto offline = select_offline(target("all"), blocks, block_size, false);
	ASSERT_TRUE(offline) << offline.error().message;
	EXPECT_EQ(offline->goal, at(4 * gib));
	EXPECT_EQ(offline->already.size(), at(6 * gib));
	// The upper zone first; in each the second lowest first, the lowest last.
	const auto upper = at(gib);
	EXPECT_EQ(offline->blocks.front(), upper > 1 ? at(4 * gib) + 1 : at(4 * gib));
	EXPECT_EQ(offline->blocks[upper - 1], at(4 * gib));
	EXPECT_EQ(offline->blocks[upper], at(gib) + 1);
	EXPECT_EQ(offline->blocks.back(), at(gib));

	const auto nothing = select_offline(target("0"), blocks, block_size, false);
	ASSERT_FALSE(nothing);
	EXPECT_NE(nothing.error().message.find("memory block 0 does not exist"), std::string::npos);
}

TEST_P(Arm64Machine, PolicyDecidesOnItsDevices)
{
	const auto blocks = scanned(opened(*tree));
	const auto count = [&](uint64_t gibs) { return std::to_string(at(gibs * gib)); };
	EXPECT_EQ(verdicts(blocks, block_size),
		  (Lines{"- " + count(4) + " -",
			 "PNP0C80:00 " + count(2) + " movable by online.action",
			 "dax0.0 " + count(4) + " leave by default for dax-kmem"}));

	Config config;
	config.online.rules.resize(2);
	config.online.rules[0].min_size = 4 * gib;
	config.online.rules[0].action = OnlineAction::offline;
	config.online.rules[1].range = {5 * gib, 7 * gib - 1};
	config.online.rules[1].action = OnlineAction::kernel;
	EXPECT_EQ(verdicts(blocks, block_size, config),
		  (Lines{"- " + count(4) + " -",
			 "PNP0C80:00 " + count(2) +
				 " kernel by rule 2 (range=0x140000000-0x1bfffffff)",
			 "dax0.0 " + count(4) + " offline by rule 1 (min_size=4G)"}));
}

INSTANTIATE_TEST_SUITE_P(BlockSize, Arm64Machine, testing::Values(gib, gib / 32),
			 [](const auto &size) { return format_size(size.param); });

/// Everything in one test, for the machine takes a moment to make. What is quadratic in the number
/// of blocks runs into the test's time limit.
TEST(LargeMachine, IsListedReconciledOrderedAndDecidedOn)
{
	const auto tree = large_machine();
	auto sysfs = opened(*tree);
	const auto block_size = sysfs.block_size();
	const auto blocks = scanned(sysfs);
	ASSERT_EQ(blocks.size(), large_machine_blocks);
	const auto last_dimm = large_machine_blocks - large_machine_dimm;
	const auto last = large_machine_blocks - 1;

	// List.
	const auto list = listed(*tree);
	EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 1 + 12) << list;
	EXPECT_NE(list.find("0x0000000000000000-0x000003ffffffffff    4T  online   Normal  "),
		  std::string::npos)
		<< list;
	const auto totals = totals_of(blocks, block_size);
	EXPECT_EQ(totals.kernel, large_machine_boot * block_size);
	EXPECT_EQ(totals.offline, large_machine_dimm * block_size);
	EXPECT_EQ(totals.movable, (last_dimm - large_machine_boot) * block_size);

	// Reconcile: what a memhpd knows, also after a restart.
	Ledger ledger;
	EXPECT_TRUE(ledger.observe(blocks, Time(1)).taken_offline.empty());
	for (const auto &block : blocks)
		ledger.explain(block.number, "movable by rule 1 (source=acpi-dimm node=0,1,2,3)");
	const Tree state;
	const Fd directory(open(state.root().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	SavedState known;
	known.blocks = ledger.entries();
	ASSERT_TRUE(save_state(directory.get(), "state", known));
	const auto loaded = load_state(directory.get(), "state");
	ASSERT_TRUE(loaded) << loaded.error().message;
	ASSERT_TRUE(*loaded);
	Ledger next;
	next.restore((*loaded)->blocks);
	auto later = blocks;
	later[large_machine_boot].state = BlockState::offline;
	EXPECT_EQ(next.observe(later, Time(2)).taken_offline, Numbers{large_machine_boot});
	EXPECT_EQ(next.standing(large_machine_boot), Standing::deliberate);
	EXPECT_EQ(next.standing(0), Standing::handled);
	EXPECT_EQ(next.standing(last), Standing::fresh);

	// Order.
	std::vector<Block> fresh;
	std::copy_if(
		blocks.begin(), blocks.end(), std::back_inserter(fresh),
		[&](const Block &block) { return next.standing(block.number) == Standing::fresh; });
	ASSERT_EQ(fresh.size(), large_machine_dimm);
	const auto online = arrange_online(fresh, blocks, OnlineType::movable).blocks;
	EXPECT_EQ(online.front(), last_dimm + 1);
	EXPECT_EQ(online.back(), last_dimm) << "the hole beside the online ones below";
	const auto offline = select_offline(target("zone:movable"), blocks, block_size, false);
	ASSERT_TRUE(offline) << offline.error().message;
	EXPECT_EQ(offline->goal, last_dimm - large_machine_boot);
	EXPECT_EQ(offline->blocks.front(), large_machine_boot + 1);
	EXPECT_EQ(offline->blocks[1], last_dimm - 1);
	EXPECT_EQ(offline->blocks.back(), large_machine_boot);

	// Policy, and the metrics.
	const auto decided = verdicts(blocks, block_size);
	ASSERT_EQ(decided.size(), 13u);
	EXPECT_EQ(decided.front(), "- 32768 -");
	EXPECT_EQ(decided.back(), "PNP0C80:0b 8192 movable by online.action");
	Measures measures;
	measures.block_size = block_size;
	measures.tally = tally_of(blocks);
	EXPECT_NE(to_text(metrics_of(measures))
			  .find("memhp_blocks{source=\"acpi-dimm\",state=\"online\"} 90112\n"),
		  std::string::npos);
}

#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);
#else
constexpr bool sanitized = false;
#endif

TEST(LargeMachine, AMemhpdThatKnowsAllOfItTakesLittleMemory)
{
	if (sanitized)
		GTEST_SKIP() << "a sanitizer takes memory of its own";
	const auto tree = large_machine();
	tree->make_directory("run");
	tree->write("memhpd.toml", "[online]\naction = \"offline\"\n");
	Program memhpd(MEMHPD_FAKE,
		       {"--sysroot", tree->root(), "--config", tree->path("memhpd.toml")}, {});
	const auto reaches = [&](auto &&condition) {
		for (int turn = 0; turn < 1000 && !condition(); ++turn)
			usleep(20'000);
		return condition();
	};
	const auto scans = [&]() -> uint64_t {
		auto client = varlink::Client::connect(tree->path("run/memhp/io.memhp"));
		if (!client)
			return 0;
		const auto answer = client->call("io.memhp.Status", nlohmann::json::object());
		return answer ? answer->at("status").at("scans").get<uint64_t>() : 0;
	};
	// The first look, a round, what it knows saved; and all of it again.
	ASSERT_TRUE(reaches([&] { return scans() >= 2 && tree->exists("run/memhp/state.json"); }));
	memhpd.signal(SIGUSR1);
	ASSERT_TRUE(reaches([&] { return scans() >= 3; }));
	const auto peak = memhpd.peak_resident();
	RecordProperty("peak_resident", std::to_string(peak));
	EXPECT_GT(peak, 1u << 20);
	EXPECT_LT(peak, 64u << 20);

	// They do not fit into one answer.
	auto client = varlink::Client::connect(tree->path("run/memhp/io.memhp"));
	ASSERT_TRUE(client);
	EXPECT_FALSE(client->call("io.memhp.Blocks", nlohmann::json::object()));
	uint64_t told = 0;
	const auto count = [&](const nlohmann::json &answer) {
		for (const auto &block : answer.at("blocks"))
			told += block.at("block") == told;
	};
	const auto last = client->call("io.memhp.Blocks", nlohmann::json::object(), count);
	ASSERT_TRUE(last);
	count(*last);
	EXPECT_EQ(told, large_machine_blocks) << "each once, in their order";
	EXPECT_LT(memhpd.peak_resident(), peak + (64u << 20));
	memhpd.signal(SIGTERM);
	EXPECT_EQ(memhpd.wait(), 0);
}

} // namespace
} // namespace memhp
