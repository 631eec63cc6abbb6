// SPDX-License-Identifier: GPL-2.0-only
#include "core/show/progress_bar.h"

#include <algorithm>

#include <fmt/format.h>

namespace memhp
{
namespace
{

/// "61 blocks/s, 6s left"; empty where nothing tells.
std::string pace(const BarState &state)
{
	constexpr auto first_guess = std::chrono::milliseconds(500);
	if (state.done == 0 || state.elapsed < first_guess)
		return {};
	const auto rate =
		static_cast<double>(state.done) * 1000 / static_cast<double>(state.elapsed.count());
	auto text = rate < 10 ? fmt::format(", {:.1f}/s", rate) : fmt::format(", {:.0f}/s", rate);
	if (state.done < state.goal) {
		const auto left = static_cast<double>(state.goal - state.done) / rate;
		text += fmt::format(", {} left", format_duration(std::chrono::seconds(
							 static_cast<int64_t>(left) + 1)));
	}
	return text;
}

} // namespace

std::string progress_bar(const BarState &state, size_t width)
{
	constexpr size_t longest_bar = 30;
	constexpr size_t shortest_bar = 10;

	const auto counts = fmt::format("{} of {} blocks{}", state.done, state.goal, pace(state));
	const auto head = state.doing.empty() ? "" : state.doing + " ";
	const auto used = head.size() + counts.size() + 4; // brackets, a blank, the last column
	const auto room = width > used ? width - used : 0;
	std::string line = head;
	if (room >= shortest_bar && state.goal > 0) {
		const auto note = state.note.empty() ? 0 : state.note.size() + 2;
		const auto length = room < longest_bar + note
					    ? std::min(room, note ? shortest_bar : longest_bar)
					    : longest_bar;
		const auto full = std::min(length, length * state.done / state.goal);
		line += "[" + std::string(full, '#') + std::string(length - full, '.') + "] ";
	}
	line += counts;
	if (!state.note.empty())
		line += ", " + state.note;
	constexpr std::string_view cut = "...";
	if (line.size() >= width && width > cut.size())
		line = line.substr(0, width - cut.size() - 1) + std::string(cut);
	return line.substr(0, width > 0 ? width - 1 : 0);
}

} // namespace memhp
