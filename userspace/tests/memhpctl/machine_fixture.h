// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/offline/select.h"
#include "machines.h"
#include "memhpd/onliner.h"
#include "play.h"
#include "program.h"
#include "system/config/policy_report.h"
#include "system/kernel/kmod.h"

namespace memhp
{

using Lines = std::vector<std::string>;
using Numbers = std::vector<uint64_t>;
using Standing = Ledger::Standing;

inline constexpr uint64_t gib = 1 << 30;

inline Sysfs opened(const Tree &tree)
{
	auto sysfs = Sysfs::open(tree.root());
	if (!sysfs)
		throw std::runtime_error(sysfs.error().message);
	return std::move(*sysfs);
}

inline std::vector<Block> scanned(const Sysfs &sysfs)
{
	auto blocks = sysfs.scan();
	if (!blocks)
		throw std::runtime_error(blocks.error().message);
	return std::move(*blocks);
}

/// memhpctl list, without the columns that depend on the size of a block or on the time.
inline std::string listed(const Tree &tree)
{
	const auto output = run(MEMHPCTL, {"--sysroot", tree.root(), "list", "-o",
					   "range,size,state,zone,node,source,device"});
	EXPECT_EQ(output.status, 0) << output.err;
	return output.out;
}

inline Target target(const std::string &word)
{
	const auto parsed = parse_target({word});
	EXPECT_TRUE(parsed) << parsed.error().message;
	return parsed.value_or(Target());
}

/// What policy has for each device: "PNP0C80:00 2 movable by online.action", with the number of
/// blocks.
inline Lines verdicts(const std::vector<Block> &blocks, uint64_t block_size,
		      const Config &config = {})
{
	const nlohmann::json report = to_json({config,
					       "",
					       "no-file",
					       {},
					       blocks,
					       block_size,
					       count_memory(blocks, block_size, {}),
					       nullptr,
					       nullptr});
	Lines lines;
	for (const auto &device : report.at("devices")) {
		size_t count = 0;
		for (const auto &part : device.at("parts"))
			count += part.at("count").get<size_t>();
		const auto text = [&](const char *key) {
			return device.at(key).is_null() ? "-" : device.at(key).get<std::string>();
		};
		auto line = text("device") + " " + std::to_string(count) + " " + text("action");
		if (!device.at("by").is_null())
			line += " by " + text("by");
		lines.push_back(std::move(line));
	}
	return lines;
}

/// memhpd's onliner on a machine with a kernel, until nothing is left to do.
class Reconciled
{
public:
	explicit Reconciled(const MachineTree &tree)
		: kernel_(tree), sysfs_(opened(tree)), kmod_(sysfs_.root_fd())
	{
		sysfs_.set_early([this] { return kmod_.early_blocks(); });
	}

	/// False where it comes to no end. `saved` is what a memhpd before knew.
	bool run(size_t onlined, std::optional<std::map<uint64_t, Ledger::Entry>> saved = {})
	{
		Loop loop;
		Writer writer(loop, sysfs_.root_fd());
		Engine engine(loop, sysfs_, writer);
		Onliner onliner(loop, sysfs_, engine, OnlinePolicy(),
				{[] {}, [] {}, [] {}, [] {}, [](bool) {}});
		onliner.start(std::move(saved), {}, std::nullopt);
		const bool ended = play(loop, {{[&] {
						return engine.idle() && onliner.pending() == 0 &&
						       onliner.counters().onlined >= onlined;
					}}});
		entries = onliner.ledger().entries();
		return ended;
	}

	/// Blocks in the order in which they were brought online, without the writes of the
	/// barrier.
	Numbers order() const
	{
		Numbers numbers;
		for (const auto &line : kernel_.writes())
			if (line.find(" online_movable") != std::string::npos)
				numbers.push_back(std::stoull(line));
		return numbers;
	}
	Lines writes() const { return kernel_.writes(); }

	std::map<uint64_t, Ledger::Entry> entries;

private:
	FakeKernel kernel_;
	Sysfs sysfs_;
	Kmod kmod_;
};

/// That of a device alone in its zone.
inline Numbers hole_order(uint64_t first, uint64_t last)
{
	Numbers order = {first};
	for (auto number = first + 2; number <= last; ++number)
		order.push_back(number);
	order.push_back(first + 1);
	return order;
}

} // namespace memhp
