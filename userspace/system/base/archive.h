// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

struct archive;

namespace memhp
{

/// A tar archive that is being written, with files that need not exist anywhere: those of /sys and
/// /proc do not know how long they are. Directories come by themselves.
class Archive
{
public:
	/// By its end the file is packed or not: .tar, .tar.gz, .tgz, .tar.xz, .tar.zst. It is made
	/// as `path`.new, readable for its owner only, and gets its name at finish(). `prefix`:
	/// before all names. Fails on another end, with the ends that there are.
	static Result<Archive> create(const std::string &path, std::string prefix);
	Archive(Archive &&) noexcept = default;
	/// Removes what was not finished.
	~Archive();

	Result<void> add_file(const std::string &name, std::string_view content);
	Result<void> add_link(const std::string &name, const std::string &target);
	/// Writes the rest. Without `replace` fails with EEXIST where there is such a file already.
	Result<void> finish(bool replace);

private:
	struct Free {
		void operator()(archive *) const;
	};

	Archive() = default;
	Result<void> write(const std::string &name, std::string_view content,
			   const std::string *target);
	tl::unexpected<Error> failure() const;

	std::unique_ptr<archive, Free> archive_;
	std::string path_;
	std::string prefix_;
	std::time_t time_ = 0; ///< of all entries
};

/// The name of a file without its directory and the end that create() takes; empty where it has
/// none of those.
std::string archive_stem(const std::string &path);

} // namespace memhp
