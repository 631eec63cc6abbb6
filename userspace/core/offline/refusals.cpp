// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/refusals.h"

#include <string_view>

#include <fmt/format.h>

#include "core/base/units.h"

namespace memhp
{

std::string poisoned(const std::vector<uint64_t> &blocks, Asker asker)
{
	return fmt::format("blocks {} have broken (poisoned) memory: they could go offline, but "
			   "not come back, {}",
			   format_ranges(blocks),
			   asker == Asker::person
				   ? "so all or nothing cannot be kept; leave them out, or do "
				     "without --all-or-nothing"
				   : "and whether all of it will go is not known");
}

std::string named_by(int node, const std::string &who)
{
	return fmt::format("node {} would be left without memory, and it is named by {}", node,
			   who);
}

std::string claimed(int node, const std::string &who, Asker asker)
{
	return fmt::format("{}; {}", named_by(node, who),
			   asker == Asker::person ? "let them use another, or add --force"
						  : "let them use another first");
}

std::string left_to_host(const std::vector<Block> &left, Asker asker)
{
	std::string text;
	const auto add = [&](Source source, std::string_view owner, std::string_view way,
			     std::string_view name) {
		std::vector<uint64_t> numbers;
		for (const auto &block : left)
			if (block.source == source)
				numbers.push_back(block.number);
		if (numbers.empty())
			return;
		text += fmt::format("{}blocks {} belong to {}: only the host can take them back, "
				    "{}, and offlining them here gives it nothing",
				    text.empty() ? "" : "; ", format_ranges(numbers), owner, way);
		if (asker == Asker::person)
			text += fmt::format("; to do it all the same, name the {} and add --force",
					    name);
	};
	add(Source::virtio_mem, "a virtio-mem device", "by a smaller requested-size", "device");
	add(Source::hv_balloon, "the balloon of Hyper-V", "by its dynamic memory (Set-VMMemory)",
	    "blocks");
	add(Source::xen_balloon, "the balloon of Xen", "by a smaller target (xl mem-set)",
	    "blocks");
	return text;
}

} // namespace memhp
