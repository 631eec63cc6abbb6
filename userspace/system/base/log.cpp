// SPDX-License-Identifier: GPL-2.0-only
#include "system/base/log.h"

#include <cstdio>
#include <cstdlib>

namespace memhp::log
{
namespace
{

Level threshold = Level::info;

} // namespace

void set_level(Level level) { threshold = level; }

bool wanted(Level level) { return level <= threshold; }

void write(Level level, std::string_view line)
{
	if (!wanted(level))
		return;
	// JOURNAL_STREAM: standard error is the journal, see systemd.exec(5) and sd-daemon(3).
	static const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
	const auto text = journal ? fmt::format("<{}>{}\n", static_cast<int>(level), line)
				  : fmt::format("{}\n", line);
	std::fwrite(text.data(), 1, text.size(), stderr);
}

} // namespace memhp::log
