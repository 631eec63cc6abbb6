// SPDX-License-Identifier: GPL-2.0-only
#include "system/config/policy_report.h"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "blocks.h"
#include "system/memory/ratio_report.h"

namespace memhp
{
namespace
{

using nlohmann::json;

/// Two blocks of boot memory, a DIMM that is half online.
class ReportOfPolicy : public testing::Test
{
protected:
	ReportOfPolicy()
	{
		for (uint64_t number = 1; number <= 2; ++number) {
			blocks.push_back(online_block(number, Zone::normal));
			blocks.back().source = Source::boot;
		}
		blocks.push_back(online_block(32));
		blocks.push_back(offline_block(33));
		for (size_t i = 2; i <= 3; ++i) {
			blocks[i].source = Source::acpi_dimm;
			blocks[i].device = "PNP0C80:01";
		}
	}

	json report(const std::map<uint64_t, Ledger::Entry> *ledger = nullptr) const
	{
		return to_json({config,
				"/a/file",
				"file",
				{},
				blocks,
				1 << 27,
				count_memory(blocks, 1 << 27, {}),
				ledger,
				nullptr});
	}

	Config config = parse_config("[online]\n"
				     "borrow = true\n"
				     "[[online.rule]]\n"
				     "source = \"acpi-dimm\"\n"
				     "action = \"kernel\"\n",
				     "")
				.value();
	std::vector<Block> blocks;
};

TEST_F(ReportOfPolicy, HasEverySettingWithItsPlace)
{
	const auto all = report();
	EXPECT_EQ(all.at("file"), "/a/file");
	EXPECT_EQ(all.at("daemon"), false);
	std::map<std::string, json> found;
	for (const auto &setting : all.at("settings"))
		found[setting.at("key")] = setting;
	EXPECT_EQ(found.size(), settings(config).size());
	EXPECT_EQ(found.at("online.borrow"),
		  (json{{"key", "online.borrow"}, {"value", true}, {"line", 2}}));
	EXPECT_EQ(found.at("online.action"),
		  (json{{"key", "online.action"}, {"value", "movable"}, {"line", nullptr}}));
	EXPECT_EQ(all.at("rules"), (json{{{"rule", 1},
					  {"line", 3},
					  {"matches", "source=acpi-dimm"},
					  {"action", "kernel"}}}));
}

TEST_F(ReportOfPolicy, SaysOfEachDeviceWhatPolicyWants)
{
	const auto devices = report().at("devices");
	ASSERT_EQ(devices.size(), 2u);
	EXPECT_EQ(devices[0].at("source"), "boot");
	EXPECT_EQ(devices[0].at("action"), nullptr) << "it was online before policy came";
	EXPECT_EQ(devices[1].at("device"), "PNP0C80:01");
	EXPECT_EQ(devices[1].at("size"), 2 << 27);
	EXPECT_EQ(devices[1].at("action"), "kernel");
	EXPECT_EQ(devices[1].at("rule"), 1);
	EXPECT_EQ(devices[1].at("by"), "rule 1 (source=acpi-dimm)");
	EXPECT_EQ(devices[1].at("parts").size(), 2u);
}

TEST_F(ReportOfPolicy, HasASayInBootMemoryThatIsOffline)
{
	blocks[1] = offline_block(2);
	blocks[1].source = Source::boot;
	const auto devices = report().at("devices");
	ASSERT_EQ(devices.size(), 3u);
	EXPECT_EQ(devices[1].at("action"), "movable");
	EXPECT_EQ(devices[1].at("by"), "online.action");
	EXPECT_EQ(devices[1].at("rule"), nullptr);
}

TEST_F(ReportOfPolicy, TellsWhatTheDaemonKnowsOfEachBlock)
{
	blocks[3] = online_block(33);
	blocks[3].device = "PNP0C80:01";
	std::map<uint64_t, Ledger::Entry> ledger;
	ledger[32].why = ledger[33].why = "movable by online.action";
	const auto parts = report(&ledger).at("devices")[1].at("parts");
	EXPECT_EQ(parts, (json{{{"blocks", "32-33"},
				{"count", 2},
				{"state", "online"},
				{"zone", "Movable"},
				{"why", "movable by online.action"},
				{"misplaced", false},
				{"deliberate", false}}}));
	ledger[33].why = "online by request";
	EXPECT_EQ(report(&ledger).at("devices")[1].at("parts").size(), 2u)
		<< "another history is another part";
	ledger[33].why = ledger[32].why;
	ledger[33].standing = Ledger::Standing::deliberate;
	EXPECT_EQ(report(&ledger).at("devices")[1].at("parts")[1].at("deliberate"), true);
	EXPECT_EQ(report(&ledger).at("devices")[0].at("parts")[0].at("why"), nullptr);
	EXPECT_EQ(report(&ledger).at("daemon"), true);
}

TEST_F(ReportOfPolicy, HasTheRatioAndWhatItMakesOfOfflineMemory)
{
	config = parse_config("[online]\nmax_movable_ratio = 0.5\nbeyond_ratio = \"offline\"", "")
			 .value();
	const auto all = report();
	const auto &ratio = all.at("ratio");
	EXPECT_EQ(ratio.at("kernel"), 2 << 27);
	EXPECT_EQ(ratio.at("kernel_added"), 0);
	EXPECT_EQ(ratio.at("movable"), 1 << 27);
	EXPECT_EQ(ratio.at("ratio"), 0.5);
	EXPECT_EQ(ratio.at("standing"), "within");
	EXPECT_EQ(ratio.at("available"), nullptr) << "a recorded tree does not tell";
	EXPECT_EQ(ratio.at("memmap_needed"), 4 << 20) << "1/64 of the DIMM";
	EXPECT_EQ(ratio.at("nodes").size(), 1u);
	const auto devices = all.at("devices");
	EXPECT_EQ(devices[1].at("outlook"), "1 blocks offline: movable : kernel would be 1.00, "
					    "beyond max_movable_ratio (0.5)");
	EXPECT_EQ(devices[0].at("outlook"), nullptr);
	config.online.max_movable_ratio = 1;
	EXPECT_EQ(report().at("devices")[1].at("outlook"), nullptr) << "all goes as it should";
}

TEST_F(ReportOfPolicy, BoundsReadBackTheSame)
{
	for (const auto *text : {"", "[online]\nmax_movable_ratio = 2.5\nhard_ratio = \"off\"\n"
				     "beyond_ratio = \"kernel\"\nratio_per_node = true"}) {
		const auto policy = parse_config(text, "").value().online;
		const auto back = bounds_from_json(json::parse(bounds_to_json(policy).dump()));
		EXPECT_EQ(back.max_movable_ratio, policy.max_movable_ratio);
		EXPECT_EQ(back.hard_ratio, policy.hard_ratio);
		EXPECT_EQ(back.beyond_ratio, policy.beyond_ratio);
		EXPECT_EQ(back.ratio_per_node, policy.ratio_per_node);
	}
	EXPECT_EQ(bounds_from_json(json::object()).hard_ratio, 16) << "the default";
}

TEST_F(ReportOfPolicy, MarksWhatIsInTheWrongZone)
{
	blocks[2].zone = Zone::normal;
	blocks[3] = online_block(33, Zone::normal);
	blocks[3].device = "PNP0C80:01";
	const std::map<uint64_t, Ledger::Entry> ledger;
	const std::set<uint64_t> misplaced = {33};
	const json all = to_json({config,
				  "/a/file",
				  "file",
				  {},
				  blocks,
				  1 << 27,
				  count_memory(blocks, 1 << 27, {}),
				  &ledger,
				  &misplaced});
	const auto parts = all.at("devices")[1].at("parts");
	ASSERT_EQ(parts.size(), 2u);
	EXPECT_EQ(parts[0].at("misplaced"), false);
	EXPECT_EQ(parts[1].at("blocks"), "33");
	EXPECT_EQ(parts[1].at("misplaced"), true);
}

} // namespace
} // namespace memhp
