// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/block.h"
#include "core/result.h"

namespace memhp
{

/// What the words of a command name: `4G`, `32`, `memory32`, `32-47`, `32,40-47`,
/// `0x100000000-0x17fffffff`, `node:1`, `zone:movable`, `device:PNP0C80:00`, `all`.
/// Words of one kind add up, different kinds narrow each other down.
struct Target {
	using Range = std::pair<uint64_t, uint64_t>; ///< both ends included

	std::optional<uint64_t> bytes;
	std::vector<Range> numbers;
	std::vector<Range> addresses;
	std::vector<int> nodes;
	std::vector<Zone> zones;
	std::vector<std::string> devices;
	bool all = false;
	std::string text; ///< as written, for messages
};

/// Fails on a word of no known form, a range upside down, a number beyond 2^63-1, size 0.
Result<Target> parse_target(const std::vector<std::string> &words);

/// True where the target takes a whole machine or node 0 or its kernel zones, so that a person is
/// asked before an offline.
bool needs_consent(const Target &target);

/// Blocks that a request is about, in the order in which they should be tried.
struct Selection {
	std::vector<uint64_t> blocks;  ///< to be changed
	size_t goal = 0;	       ///< how many of `blocks` are wanted; less than all for a size
	std::vector<uint64_t> already; ///< named, and in the wanted state before
	std::vector<uint64_t> left_to_host; ///< virtio-mem blocks left out; see select_offline()
};

/// Blocks of `target` whatever their state, ascending. Fails when nothing matches, and on a block
/// number or address at which there is no block.
Result<std::vector<Block>> match(const Target &target, const std::vector<Block> &blocks,
				 uint64_t block_size);

/// Offline blocks of `target`, lowest first within each node, in the order of online_order().
Result<Selection> select_online(const Target &target, const std::vector<Block> &blocks,
				uint64_t block_size, OnlineType type);

/// Online blocks of `target`: movable ones before those of kernel zones, highest first, in the order
/// of offline_order(). A virtio-mem block is the host's to resize: it is selected only when `device:`
/// names its device, and then only with `force`.
Result<Selection> select_offline(const Target &target, const std::vector<Block> &blocks,
				 uint64_t block_size, bool force);

/// The online order for blocks that all shall become `type`, node by node.
std::vector<uint64_t> arrange_online(const std::vector<Block> &chosen,
				     const std::vector<Block> &all, OnlineType type);

} // namespace memhp
