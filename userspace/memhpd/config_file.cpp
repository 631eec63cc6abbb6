// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/config_file.h"

#include <system_error>
#include <utility>

#include "system/base/log.h"
#include <fmt/ranges.h>

namespace memhp
{
namespace
{

constexpr Words<ConfigFile::Origin, 4> origin_words = {{
	{ConfigFile::Origin::file, "file"},
	{ConfigFile::Origin::no_file, "no-file"},
	{ConfigFile::Origin::defaults, "defaults"},
	{ConfigFile::Origin::older_file, "older-file"},
}};

} // namespace

std::string_view to_string(ConfigFile::Origin origin) { return word_for(origin_words, origin); }

ConfigFile::ConfigFile(std::string path, bool required)
	: path_(std::move(path)), required_(required)
{
	load();
}

bool ConfigFile::load()
{
	auto loaded = load_config(path_);
	if (loaded && !*loaded && required_)
		loaded = tl::unexpected<Mistakes>(Mistakes{
			path_ + ": " +
			std::make_error_code(std::errc::no_such_file_or_directory).message()});
	if (!loaded) {
		mistakes_ = std::move(loaded.error());
		if (origin_ != Origin::defaults)
			origin_ = Origin::older_file;
		for (const auto &line : mistakes_)
			log::error("{}", line);
		log::error("{}", unknown() ? "going on with the defaults, and taking nothing "
					     "offline until the file is mended and memhpd "
					     "reloaded"
					   : "the configuration from before stays in force");
		return false;
	}
	mistakes_.clear();
	origin_ = *loaded ? Origin::file : Origin::no_file;
	config_ = std::move(*loaded).value_or(Config());
	return true;
}

} // namespace memhp
