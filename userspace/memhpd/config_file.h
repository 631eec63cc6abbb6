// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

#include "core/base/words.h"
#include "system/config/config.h"

namespace memhp
{

/// memhpd.toml, and the configuration in force, which is what the last good version of it said.
class ConfigFile
{
public:
	/// Where the configuration in force comes from.
	enum class Origin {
		file,
		no_file,    ///< the defaults, for there is no file and none was named
		defaults,   ///< because no version of the file was good so far
		older_file, ///< because the file has become a bad one
	};

	/// Reads the file. Where `required`, a missing one is a mistake.
	ConfigFile(std::string path, bool required);

	/// Reads it again and logs what is wrong with it. False when it is not in force.
	bool load();

	const std::string &path() const { return path_; }
	/// The same object for ever; load() changes its content.
	const Config &config() const { return config_; }
	Origin origin() const { return origin_; }
	/// In the file as it was at the last load.
	const Mistakes &mistakes() const { return mistakes_; }
	/// Nobody knows what the operator wants: memory gets online, nothing goes offline.
	bool unknown() const { return origin_ == Origin::defaults; }

private:
	std::string path_;
	bool required_;
	Config config_;
	Origin origin_ = Origin::defaults;
	Mistakes mistakes_;
};

std::string_view to_string(ConfigFile::Origin origin);

} // namespace memhp
