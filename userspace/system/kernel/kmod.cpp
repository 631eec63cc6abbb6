// SPDX-License-Identifier: GPL-2.0-only
#include "system/kernel/kmod.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/base/units.h"
#include "memhp/abi.h"

namespace memhp
{
namespace
{

constexpr auto debugfs = "sys/kernel/debug";

/// Calls `each` with every line of `text`; stops at the first failure.
template <typename Each> Result<void> for_each_line(std::string_view text, Each each)
{
	while (!text.empty()) {
		const auto end = text.find('\n');
		const auto line = text.substr(0, end);
		text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
		auto record = Record::parse(line);
		if (!record)
			return fail(record.error());
		each(std::move(*record));
	}
	return {};
}

} // namespace

std::string Kmod::path(const std::string &file) const
{
	return fmt::format("{}/{}/{}", debugfs, MEMHP_DEBUGFS_DIR, file);
}

Result<void> Kmod::check() const
{
	const auto text = read_file(root_fd_, path("abi"));
	if (!text) {
		const auto &error = text.error();
		if (error.code == std::errc::permission_denied)
			return fail({error.code, "reading the module's files needs root"});
		if (error.code == std::errc::no_such_file_or_directory)
			return fail({error.code, "the module is not loaded (modprobe memhp), or "
						 "debugfs is not mounted at /sys/kernel/debug"});
		return fail(error);
	}
	uint64_t abi = 0;
	if (!parse_number(*text, 10, abi) || abi != MEMHP_ABI_VERSION)
		return fail_input(
			fmt::format("the loaded module memhp speaks ABI '{}', this program "
				    "ABI {}; install both from one version",
				    *text, MEMHP_ABI_VERSION));
	return {};
}

Result<std::vector<Record>> Kmod::records(const std::string &file) const
{
	const auto ready = check();
	if (!ready)
		return fail(ready.error());
	const auto text = read_file(root_fd_, path(file));
	if (!text)
		return fail(text.error());
	std::vector<Record> result;
	const auto parsed =
		for_each_line(*text, [&](Record record) { result.push_back(std::move(record)); });
	if (!parsed)
		return fail(parsed.error());
	return result;
}

Result<Record> Kmod::status() const
{
	const auto ready = check();
	if (!ready)
		return fail(ready.error());
	auto text = read_file(root_fd_, path("status"));
	if (!text)
		return fail(text.error());
	for (auto &character : *text)
		if (character == '\n')
			character = ' ';
	return Record::parse(*text);
}

Result<Fd> Kmod::open_events(From from) const
{
	const auto ready = check();
	if (!ready)
		return fail(ready.error());
	auto file = open_at(root_fd_, path("events"), O_RDONLY | O_NONBLOCK);
	if (!file)
		return fail(file.error());
	if (from == From::next && lseek(file->get(), 0, SEEK_END) < 0)
		return fail_errno(errno, path("events"));
	return file;
}

Result<uint64_t> Kmod::end_of_events() const
{
	const auto file = open_at(root_fd_, path("events"), O_RDONLY | O_NONBLOCK);
	if (!file)
		return fail(file.error());
	const auto end = lseek(file->get(), 0, SEEK_END);
	if (end < 0)
		return fail_errno(errno, path("events"));
	return static_cast<uint64_t>(end);
}

Result<std::optional<Record>> Kmod::read_event(int events)
{
	std::array<char, MEMHP_RECORD_MAX> buffer;
	for (;;) {
		const auto got = read(events, buffer.data(), buffer.size());
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return std::optional<Record>();
		if (got < 0)
			return fail_errno(errno, "events of the module");
		if (got == 0)
			return std::optional<Record>();
		std::string_view text(buffer.data(), static_cast<size_t>(got));
		// The module gives one record a read; a recorded tree has a plain file there.
		const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
		if (end < text.size() &&
		    lseek(events, -static_cast<off_t>(text.size() - end), SEEK_CUR) < 0)
			return fail_errno(errno, "events of the module");
		auto record = Record::parse(text.substr(0, end));
		if (!record)
			return fail(record.error());
		return std::optional<Record>(std::move(*record));
	}
}

Result<void> Kmod::read_events(std::optional<uint64_t> &next,
			       const std::function<void(const Record &)> &callback) const
{
	auto events = open_events(From::oldest);
	if (!events) {
		next.reset();
		return fail(events.error());
	}
	// A position that is not yet due is of an earlier life of the module.
	if (next && *next > 0 && lseek(events->get(), static_cast<off_t>(*next), SEEK_SET) < 0)
		next.reset();
	next = next.value_or(0);
	for (;;) {
		const auto record = read_event(events->get());
		if (!record)
			return fail(record.error());
		if (!*record)
			return {};
		if (const auto seq = (*record)->number("seq"))
			next = *seq + 1;
		callback(**record);
	}
}

Result<Record> Kmod::pages(uint64_t block) const
{
	const auto file = open_at(root_fd_, path("pages"), O_RDONLY);
	if (!file)
		return fail(file.error());
	std::array<char, MEMHP_PAGES_RECORD_MAX> buffer;
	const auto got =
		pread(file->get(), buffer.data(), buffer.size(), static_cast<off_t>(block));
	if (got < 0)
		return fail_errno(errno, path("pages"));
	auto record = Record::parse({buffer.data(), static_cast<size_t>(got)});
	if (record && record->number("block") != block)
		return fail_input(
			fmt::format("{}: it does not tell of block {}", path("pages"), block));
	return record;
}

std::map<uint64_t, bool> Kmod::early_blocks() const
{
	std::map<uint64_t, bool> early;
	for (const auto &record : blocks().value_or(std::vector<Record>()))
		if (const auto number = record.number("block"), is = record.number("early");
		    number && is)
			early[*number] = *is == 1;
	return early;
}

std::map<uint64_t, uint64_t> Kmod::online_since() const
{
	std::map<uint64_t, uint64_t> since;
	for (const auto &record : blocks().value_or(std::vector<Record>()))
		if (const auto number = record.number("block"),
		    changed = record.number("changed_ns");
		    number && changed && record.text("state") == "online")
			since[*number] = *changed;
	return since;
}

std::string Kmod::last_stage(uint64_t block) const
{
	const auto known = blocks();
	if (!known)
		return {};
	for (const auto &record : *known)
		if (record.number("block") == block)
			return std::string(record.text("stage").value_or(""));
	return {};
}

} // namespace memhp
