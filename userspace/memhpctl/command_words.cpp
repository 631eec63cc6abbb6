// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/command_words.h"

#include <map>
#include <utility>

#include "core/base/units.h"
#include "core/memory/target.h"
#include "core/offline/eject.h"

namespace memhp
{

Result<void> read_size(const char *option, const std::string &text, std::optional<uint64_t> &size)
{
	if (text.empty())
		return {};
	const auto parsed = parse_size(text);
	if (!parsed)
		return fail_input(std::string(option) + ": " + parsed.error().message);
	if (*parsed == 0)
		return fail_input(std::string(option) + " 0 is nothing; write it as 1G");
	size = *parsed;
	return {};
}

namespace
{

Result<int> read_node(const std::string &word)
{
	constexpr uint64_t most_nodes = 4096;
	uint64_t node = 0;
	if (!parse_number(word, 10, node) || node >= most_nodes)
		return fail_input("'" + word + "' is not a NUMA node");
	return static_cast<int>(node);
}

} // namespace

Result<void> read_nodes(const std::vector<std::string> &words, std::vector<int> &nodes)
{
	for (const auto &word : words) {
		const auto node = read_node(word);
		if (!node)
			return fail(node.error());
		nodes.push_back(*node);
	}
	return {};
}

Result<void> read_blocks(const std::vector<std::string> &words, std::vector<Target::Range> &blocks)
{
	if (words.empty())
		return {};
	const auto target = parse_target(words);
	if (!target)
		return fail(target.error());
	if (target->bytes || target->all || !target->addresses.empty() || !target->nodes.empty() ||
	    !target->zones.empty() || !target->devices.empty())
		return fail_input("--block takes numbers of blocks, as 32 or 32-47");
	blocks = target->numbers;
	return {};
}

Result<void> read_span(const std::string &text, std::optional<Time> &span)
{
	if (text.empty())
		return {};
	const auto parsed = parse_duration(text);
	if (!parsed)
		return fail(parsed.error());
	if (parsed->count() == 0)
		return fail_input("a deadline of 0 leaves no time for anything; "
				  "write it as 2s or 10m");
	span = *parsed;
	return {};
}

namespace
{

Result<void> read_durations(const ChangeWords &words, ChangeRequest &request)
{
	const std::pair<const std::string *, std::optional<Time> *> spans[] = {
		{&words.deadline, &request.deadline},
		{&words.attempt_deadline, &request.attempt_deadline},
	};
	for (const auto &[text, span] : spans)
		if (const auto read = read_span(*text, *span); !read)
			return read;
	return {};
}

} // namespace

Result<void> complete(const ChangeWords &words, ChangeRequest &request)
{
	static const std::map<std::string, OnlineType> zones = {
		{"movable", OnlineType::movable},
		{"kernel", OnlineType::kernel},
		{"auto", OnlineType::by_default},
	};
	const auto zone = zones.find(words.zone);
	if (zone == zones.end())
		return fail_input("--zone is movable, kernel or auto, not '" + words.zone + "'");
	request.type = zone->second;
	const auto target = parse_target(request.target);
	if (!target)
		return fail(target.error());
	if (request.eject) {
		const auto device = device_to_eject(*target);
		if (!device)
			return fail(device.error());
	}
	if (!words.min_free.empty()) {
		const auto min_free = parse_amount(words.min_free);
		if (!min_free)
			return fail_input("--min-free: " + min_free.error().message);
		request.min_free = *min_free;
	}
	return read_durations(words, request);
}

Result<PlanAddOptions> complete(const PlanWords &words)
{
	PlanAddOptions options;
	const auto bytes = parse_size(words.size);
	if (!bytes)
		return fail(bytes.error());
	if (*bytes == 0)
		return fail_input("a size of 0 adds nothing; write it as 64G");
	options.bytes = *bytes;
	if (!words.node.empty()) {
		const auto node = read_node(words.node);
		if (!node)
			return fail(node.error());
		options.node = *node;
	}
	const auto source = value_of(source_words, words.source);
	if (!source || *source == Source::boot || *source == Source::unknown)
		return fail_input("--source is acpi-dimm, virtio-mem, dax-kmem, hv-balloon "
				  "or xen-balloon, not '" +
				  words.source + "'");
	options.source = *source;
	return options;
}

} // namespace memhp
