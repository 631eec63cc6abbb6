// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/config.h"

#include <functional>
#include <map>

#include <fcntl.h>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "core/units.h"
#include "system/fd.h"

namespace memhp
{
namespace
{

/// Takes one value; the failure's message lacks the place, which the caller adds.
using Setter = std::function<Result<void>(const toml::node &)>;
using Keys = std::map<std::string_view, Setter>;

tl::unexpected<Error> at(const std::string &name, const toml::source_region &where,
			 const std::string &message)
{
	return fail_input(
		fmt::format("{}:{}:{}: {}", name, where.begin.line, where.begin.column, message));
}

std::string known(const Keys &keys)
{
	std::string text;
	for (const auto &[key, setter] : keys)
		text += (text.empty() ? "" : ", ") + std::string(key);
	return text;
}

/// Calls the setter of each key of `table`; `what` names the table in messages.
Result<void> apply(const toml::table &table, const Keys &keys, const std::string &name,
		   const std::string &what)
{
	for (const auto &[key, value] : table) {
		const auto setter = keys.find(key.str());
		if (setter == keys.end())
			return at(name, key.source(),
				  fmt::format("unknown key '{}' {}; known are {}", key.str(), what,
					      known(keys)));
		const auto set = setter->second(value);
		// A mistake in an inner table has its place already.
		if (!set && set.error().message.rfind(name + ":", 0) == 0)
			return set;
		if (!set)
			return at(name, value.source(),
				  fmt::format("{}: {}", key.str(), set.error().message));
	}
	return {};
}

Setter duration(Time &target, Time least)
{
	return [&target, least](const toml::node &value) -> Result<void> {
		const auto text = value.value_exact<std::string>();
		if (!text)
			return fail_input("a duration is a string, as \"10s\"");
		const auto span = parse_duration(*text);
		if (!span)
			return fail(span.error());
		if (*span < least)
			return fail_input(
				fmt::format("must be at least {}", format_duration(least)));
		target = *span;
		return {};
	};
}

Setter number(double &target, double least, double most)
{
	return [&target, least, most](const toml::node &value) -> Result<void> {
		const auto given = value.value<double>();
		if (!given || !(value.is_floating_point() || value.is_integer()))
			return fail_input("must be a number");
		if (!(*given >= least && *given <= most))
			return fail_input(fmt::format("must be from {} to {}", least, most));
		target = *given;
		return {};
	};
}

Setter action(OnlineAction &target)
{
	return [&target](const toml::node &value) -> Result<void> {
		const auto text = value.value_exact<std::string>();
		const auto parsed = text ? parse_online_action(*text) : std::nullopt;
		if (!parsed)
			return fail_input("must be \"movable\", \"kernel\", \"kernel-default\", "
					  "\"leave\" or \"offline\"");
		target = *parsed;
		return {};
	};
}

Setter first_scan(bool &target)
{
	return [&target](const toml::node &value) -> Result<void> {
		const auto text = value.value_exact<std::string>();
		if (text != "online" && text != "leave")
			return fail_input("must be \"online\" or \"leave\"");
		target = text == "online";
		return {};
	};
}

Setter table(Keys keys, const std::string &name, const std::string &what)
{
	return [keys = std::move(keys), name, what](const toml::node &value) -> Result<void> {
		const auto *inner = value.as_table();
		if (!inner)
			return fail_input("must be a table");
		return apply(*inner, keys, name, what);
	};
}

} // namespace

Result<Config> parse_config(std::string_view text, const std::string &name)
{
	Config config;
	auto &backoff = config.offline.backoff;
	constexpr auto ms = std::chrono::milliseconds(1);

	const Keys backoff_keys = {
		{"initial", duration(backoff.initial, ms)},
		{"factor", number(backoff.factor, 1, 100)},
		{"max", duration(backoff.max, ms)},
		{"jitter", number(backoff.jitter, 0, 0.9)},
	};
	const std::map<std::string_view, Keys> sections = {
		{"online",
		 {
			 {"action", action(config.online.action)},
			 {"first_scan", first_scan(config.online.first_scan_online)},
			 {"owner_grace", duration(config.online.owner_grace, Time(0))},
		 }},
		{"offline",
		 {
			 {"deadline", duration(config.offline.deadline, ms)},
			 {"attempt_deadline", duration(config.offline.attempt_deadline, ms)},
			 {"backoff", table(backoff_keys, name, "in backoff")},
		 }},
	};

	try {
		const auto document = toml::parse(text, name);
		for (const auto &[key, value] : document) {
			const auto section = sections.find(key.str());
			if (section == sections.end())
				return at(name, key.source(),
					  fmt::format("unknown section or key '{}'; known are "
						      "[online], [offline]",
						      key.str()));
			const auto *inner = value.as_table();
			if (!inner)
				return at(name, value.source(),
					  fmt::format("'{}' must be a section: [{}]", key.str(),
						      key.str()));
			const auto applied = apply(*inner, section->second, name,
						   fmt::format("in [{}]", key.str()));
			if (!applied)
				return fail(applied.error());
		}
	} catch (const toml::parse_error &error) {
		return at(name, error.source(), std::string(error.description()));
	}
	return config;
}

Result<Config> load_config(const std::string &path, bool optional)
{
	const auto text = read_file(AT_FDCWD, path);
	if (!text && optional && text.error().code == std::errc::no_such_file_or_directory)
		return Config();
	if (!text)
		return fail(text.error());
	return parse_config(*text, path);
}

} // namespace memhp
