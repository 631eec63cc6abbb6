// SPDX-License-Identifier: GPL-2.0-only
#include "core/kernel/kernel_log.h"

#include <fmt/format.h>

#include "core/base/units.h"

namespace memhp
{
namespace
{

/// Cuts off what stands before `end`, and `end` too; all where it is not there.
std::string_view cut(std::string_view &text, char end)
{
	const auto at = text.find(end);
	const auto head = text.substr(0, at);
	text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
	return head;
}

bool take_prefix(std::string_view &text, std::string_view prefix)
{
	if (text.substr(0, prefix.size()) != prefix)
		return false;
	text.remove_prefix(prefix.size());
	return true;
}

} // namespace

Result<KernelMessage> parse_kernel_message(std::string_view record)
{
	// "4,1234,567890,-;text\n KEY=VALUE\n…": priority, sequence, microseconds, flags, and what
	// later kernels may add there.
	const auto end = record.find(';');
	if (end == std::string_view::npos)
		return fail_input(
			fmt::format("a record of the kernel log has no ';': '{}'", record));
	auto head = record.substr(0, end);
	record.remove_prefix(end + 1);

	KernelMessage message;
	cut(head, ',');
	const auto sequence = cut(head, ',');
	if (!parse_number(sequence, 10, message.sequence))
		return fail_input(
			fmt::format("a record of the kernel log has the number '{}'", sequence));
	message.text = cut(record, '\n');
	while (!record.empty()) {
		auto line = cut(record, '\n');
		if (take_prefix(line, " DEVICE="))
			message.device = line;
	}
	return message;
}

std::optional<uint64_t> failed_unplug(const KernelMessage &message)
{
	std::string_view device = message.device;
	uint64_t block = 0;
	if (!take_prefix(device, "+memory:memory") || !parse_number(device, 10, block) ||
	    message.text != fmt::format("memory memory{}: Offline failed.", block))
		return std::nullopt;
	return block;
}

} // namespace memhp
