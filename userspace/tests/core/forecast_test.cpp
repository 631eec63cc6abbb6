// SPDX-License-Identifier: GPL-2.0-only
#include "core/advice/forecast.h"

#include <numeric>

#include <gtest/gtest.h>

namespace memhp
{
namespace
{

constexpr uint64_t mib = 1ull << 20;
constexpr uint64_t gib = 1ull << 30;
constexpr uint64_t block_size = 128 * mib;
constexpr uint64_t page = 4096;

void add(std::vector<Block> &blocks, uint64_t first, uint64_t last, BlockState state, Zone zone,
	 Source source, const std::string &device, int node)
{
	for (auto number = first; number <= last; ++number) {
		Block block;
		block.number = number;
		block.state = state;
		block.zone = zone;
		block.source = source;
		block.device = device;
		block.node = node;
		blocks.push_back(std::move(block));
	}
}

/// Node 0: 4 GiB of the boot, a DIMM of 1 GiB that is movable. Node 1: a virtio-mem device of 512
/// MiB, movable but for one block.
Snapshot machine()
{
	Snapshot now;
	add(now.blocks, 0, 31, BlockState::online, Zone::normal, Source::boot, "", 0);
	add(now.blocks, 64, 71, BlockState::online, Zone::movable, Source::acpi_dimm, "PNP0C80:01",
	    0);
	add(now.blocks, 80, 82, BlockState::online, Zone::movable, Source::virtio_mem, "virtio0",
	    1);
	add(now.blocks, 83, 83, BlockState::online, Zone::normal, Source::virtio_mem, "virtio0", 1);
	now.count = count_memory(now.blocks, block_size, {});
	now.count.available = 2 * gib / page;
	return now;
}

class ForecastOf : public testing::Test
{
protected:
	Forecast of_adding(uint64_t bytes, std::optional<int> node = std::nullopt,
			   Source source = Source::acpi_dimm)
	{
		auto forecast =
			forecast_add({bytes, node, source}, now, block_size, config.online, {});
		EXPECT_TRUE(forecast) << forecast.error().message;
		return std::move(*forecast);
	}

	Forecast of_offline(const std::vector<uint64_t> &chosen)
	{
		return forecast_offline(chosen, now, block_size, config, load);
	}

	Totals total(const Snapshot &snapshot) { return totals_of(snapshot.blocks, block_size); }

	/// The words before the colon of each warning.
	static std::string kinds(const Forecast &forecast)
	{
		std::string text;
		for (const auto &warning : forecast.warnings)
			text += warning.substr(0, warning.find(' ')) + " ";
		return text;
	}

	Snapshot now = machine();
	Config config;
	Result<Load> load = Load{8 * gib, 6 * gib, std::nullopt, 0};
};

TEST_F(ForecastOf, AddingByTheDefaultIsMovable)
{
	const auto forecast = of_adding(2 * gib);
	ASSERT_EQ(forecast.parts.size(), 1u);
	EXPECT_EQ(forecast.parts[0].blocks.front(), 84u);
	EXPECT_EQ(forecast.parts[0].blocks.size(), 16u);
	EXPECT_EQ(forecast.parts[0].action, "movable");
	EXPECT_EQ(forecast.parts[0].zone, Zone::movable);
	EXPECT_EQ(forecast.parts[0].by, "online.action");
	EXPECT_EQ(total(forecast.after).movable, total(forecast.before).movable + 2 * gib);
	EXPECT_EQ(forecast.after.nodes(block_size).at(0).movable, 3 * gib);
	EXPECT_EQ(forecast.memmap, 32 * mib) << "64 bytes for each page of 4 KiB";
	EXPECT_EQ(forecast.memmap_node, 0);
	EXPECT_EQ(*forecast.after.count.available, (2 * gib - 32 * mib) / page);
	EXPECT_EQ(kinds(forecast), "");
}

TEST_F(ForecastOf, TheRatioIsThatOfTheKernelsFormula)
{
	// 4 GiB of the boot allow for 4 GiB; there are 1 GiB and what virtio-mem does not pay for.
	config.online.max_movable_ratio = 1;
	config.online.beyond_ratio = BeyondRatio::kernel;
	const auto fits = [&](uint64_t bytes) {
		return of_adding(bytes).parts.at(0).action == "movable";
	};
	uint64_t most = 0;
	while (fits((most + 1) * block_size))
		++most;
	auto count = now.count;
	EXPECT_TRUE(memhp::fits(count, {most * count.block_pages, 0, ""}, 1, false));
	EXPECT_FALSE(memhp::fits(count, {(most + 1) * count.block_pages, 0, ""}, 1, false));

	const auto beyond = of_adding((most + 1) * block_size);
	EXPECT_EQ(beyond.parts.at(0).action, "kernel");
	EXPECT_EQ(beyond.parts.at(0).by, "online.beyond_ratio");
	EXPECT_NE(beyond.parts.at(0).why, "");
	EXPECT_EQ(beyond.after.count.all().movable, now.count.all().movable);
}

TEST_F(ForecastOf, ADeviceThatGrowsIsDecidedOnBlockByBlock)
{
	config.online.max_movable_ratio = 1;
	config.online.beyond_ratio = BeyondRatio::kernel;
	const auto forecast = of_adding(8 * gib, 0, Source::virtio_mem);
	ASSERT_GE(forecast.parts.size(), 2u) << "as far as the ratio goes, then the kernel zone";
	EXPECT_EQ(forecast.parts[0].action, "movable");
	EXPECT_EQ(forecast.parts[1].action, "kernel");
	size_t all = 0;
	for (const auto &part : forecast.parts)
		all += part.blocks.size();
	EXPECT_EQ(all, 64u);
	EXPECT_EQ(total(forecast.after).online(), total(forecast.before).online() + 8 * gib);
}

TEST_F(ForecastOf, AddingByOtherActions)
{
	const struct {
		const char *name;
		OnlineAction action;
		uint64_t Totals::*goes_to;
		Zone zone;
	} cases[] = {
		{"kernel", OnlineAction::kernel, &Totals::kernel, Zone::normal},
		{"kernel-default", OnlineAction::kernel_default, &Totals::kernel, Zone::normal},
		{"leave", OnlineAction::leave, &Totals::offline, Zone::none},
		{"offline", OnlineAction::offline, &Totals::offline, Zone::none},
	};
	for (const auto &[name, action, goes_to, zone] : cases) {
		config.online.action = action;
		const auto forecast = of_adding(gib);
		ASSERT_EQ(forecast.parts.size(), 1u) << name;
		EXPECT_EQ(forecast.parts[0].action, name);
		EXPECT_EQ(forecast.parts[0].zone, zone) << name;
		EXPECT_EQ(total(forecast.after).*goes_to, total(forecast.before).*goes_to + gib)
			<< name;
		EXPECT_EQ(forecast.after.count.all().added,
			  now.count.all().added + (zone == Zone::normal ? gib / page : 0));
	}
	config.online.action = OnlineAction::movable;
	EXPECT_EQ(of_adding(gib, std::nullopt, Source::dax_kmem).parts[0].by,
		  "default for dax-kmem");
}

TEST_F(ForecastOf, WhatCanBeGivenBack)
{
	// The DIMM as a whole, and of the virtio-mem device what is movable.
	EXPECT_EQ(now.unpluggable(block_size), gib + 3 * block_size);
	EXPECT_EQ(of_adding(2 * gib).after.unpluggable(block_size), 3 * gib + 3 * block_size);
	config.online.action = OnlineAction::kernel;
	EXPECT_EQ(of_adding(2 * gib).after.unpluggable(block_size), gib + 3 * block_size);
	now.blocks[33].zone = Zone::normal;
	EXPECT_EQ(now.unpluggable(block_size), 3 * block_size) << "one block keeps the whole DIMM";
	now.blocks[33].state = BlockState::offline;
	EXPECT_EQ(now.unpluggable(block_size), gib + 3 * block_size);
}

TEST_F(ForecastOf, WarningsOfAdding)
{
	EXPECT_EQ(kinds(of_adding(gib, 2)), "node ") << "its first memory, and all of it movable";
	EXPECT_EQ(of_adding(gib, 2).memmap_node, std::nullopt);
	EXPECT_EQ(kinds(of_adding(20 * gib)), "ratio: ") << "beyond 4";
	// 16 MiB for the memmap of 1 GiB, and as much again for another.
	now.count.available = 40 * mib / page;
	EXPECT_EQ(kinds(of_adding(gib)), "");
	now.count.available = 20 * mib / page;
	EXPECT_EQ(of_adding(gib).parts.at(0).by, "online.hard_ratio");
	EXPECT_EQ(kinds(of_adding(gib)), "");
	config.online.hard_ratio.reset();
	EXPECT_EQ(kinds(of_adding(gib)), "headroom: ");
	now.count.available = 10 * mib / page;
	EXPECT_EQ(of_adding(gib).warnings.at(0).find("memmap: it takes 16M of kernel memory"), 0u);
	now.count.memmap_on_memory = true;
	EXPECT_EQ(kinds(of_adding(gib)), "") << "a DIMM brings the room for its own";
	EXPECT_TRUE(of_adding(gib).memmap_on_memory);
	EXPECT_FALSE(of_adding(gib, 0, Source::virtio_mem).memmap_on_memory);
}

TEST_F(ForecastOf, ImpossibleSizesAndNodesAreRefused)
{
	const auto refused = [&](uint64_t bytes, std::optional<int> node) {
		const auto forecast = forecast_add({bytes, node, Source::acpi_dimm}, now,
						   block_size, config.online, {0, 1});
		return forecast ? "" : forecast.error().message;
	};
	EXPECT_EQ(refused(gib, 1), "");
	EXPECT_NE(refused(mib, 0).find("no multiple"), std::string::npos);
	EXPECT_NE(refused(0, 0).find("no multiple"), std::string::npos);
	EXPECT_NE(refused(1ull << 62, 0).find("more than 1048576"), std::string::npos);
	EXPECT_NE(refused(gib, 2).find("cannot have a node 2"), std::string::npos);
}

TEST_F(ForecastOf, AMachineOfNothing)
{
	now = Snapshot();
	now.count.block_pages = block_size / page;
	const auto forecast = of_adding(gib);
	EXPECT_EQ(forecast.parts.at(0).blocks.front(), 0u);
	EXPECT_EQ(total(forecast.before), Totals());
}

TEST_F(ForecastOf, OfflineOfADevice)
{
	const auto forecast = of_offline({64, 65, 66, 67, 68, 69, 70, 71});
	ASSERT_EQ(forecast.parts.size(), 1u);
	EXPECT_EQ(forecast.parts[0].blocks.size(), 8u);
	EXPECT_EQ(forecast.parts[0].zone, Zone::movable);
	EXPECT_EQ(total(forecast.after).offline, gib);
	EXPECT_EQ(forecast.after.count.all().movable, now.count.all().movable - gib / page);
	EXPECT_EQ(forecast.ejectable, std::vector<std::string>{"PNP0C80:01"});
	EXPECT_EQ(forecast.memmap, 16 * mib);
	EXPECT_EQ(kinds(forecast), "");
	EXPECT_EQ(of_offline({64, 65}).ejectable, std::vector<std::string>());
}

TEST_F(ForecastOf, OfflineOfKernelMemory)
{
	const auto forecast = of_offline({30, 31, 64});
	ASSERT_EQ(forecast.parts.size(), 2u);
	EXPECT_EQ(forecast.parts[0].zone, Zone::normal);
	EXPECT_NE(forecast.parts[0].why, "");
	EXPECT_EQ(kinds(forecast), "kernel ");
	EXPECT_EQ(forecast.memmap, 2 * mib) << "that of the boot does not come back";
	EXPECT_EQ(forecast.after.count.all().early, now.count.all().early - 2 * block_size / page);
	EXPECT_EQ(forecast.after.count.available,
		  now.count.available.value() - 2 * block_size / page);
	config.online.max_movable_ratio = 0.34;
	EXPECT_EQ(kinds(of_offline({31})), "kernel ratio: ");
	std::vector<uint64_t> all(32);
	std::iota(all.begin(), all.end(), 0);
	EXPECT_EQ(kinds(of_offline(all)), "kernel ratio: node ")
		<< "nothing is left to compare with";
}

TEST_F(ForecastOf, WarningsOfOffline)
{
	EXPECT_EQ(of_offline({80, 81, 82, 83}).warnings.back(), "node 1 loses its last memory");
	EXPECT_EQ(of_offline({83}).warnings.back().find("node 1 has no kernel memory then"), 0u);
	load->available = 2 * gib;
	load->total = 16 * gib; // of which 10 % are to stay
	const auto forecast = of_offline({64, 65, 66, 67});
	EXPECT_EQ(forecast.warnings.at(0), "headroom: 2G are available and min_free keeps 1.6G: "
					   "only 3 of 4 blocks would go, then it waits");
	EXPECT_EQ(kinds(of_offline({64, 65, 66})), "");
	load = fail_errno(ENOENT, "proc/meminfo");
	EXPECT_EQ(kinds(of_offline({64})), "headroom: ");
}

} // namespace
} // namespace memhp
