// SPDX-License-Identifier: GPL-2.0-only
#include "system/base/archive.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace memhp
{
namespace
{

struct Ending {
	std::string_view text;
	int (*pack)(archive *);
};

constexpr std::array<Ending, 5> endings = {{
	{".tar", archive_write_add_filter_none},
	{".tar.gz", archive_write_add_filter_gzip},
	{".tgz", archive_write_add_filter_gzip},
	{".tar.xz", archive_write_add_filter_xz},
	{".tar.zst", archive_write_add_filter_zstd},
}};

const Ending *ending_of(std::string_view path)
{
	for (const auto &ending : endings)
		if (path.size() > ending.text.size() &&
		    path.substr(path.size() - ending.text.size()) == ending.text)
			return &ending;
	return nullptr;
}

struct FreeEntry {
	void operator()(archive_entry *entry) const { archive_entry_free(entry); }
};

} // namespace

std::string archive_stem(const std::string &path)
{
	const auto *ending = ending_of(path);
	if (!ending)
		return {};
	const auto name = path.substr(path.rfind('/') + 1); // npos + 1 is 0
	return name.substr(0, name.size() - ending->text.size());
}

void Archive::Free::operator()(archive *handle) const { archive_write_free(handle); }

Result<Archive> Archive::create(const std::string &path, std::string prefix)
{
	constexpr mode_t readable_for_owner = 0600;

	const auto *ending = ending_of(path);
	if (archive_stem(path).empty())
		return fail_input(fmt::format("'{}' is no name with .tar, .tar.gz, .tgz, .tar.xz, "
					      ".tar.zst",
					      path));
	Archive result;
	result.prefix_ = std::move(prefix);
	result.time_ = std::time(nullptr);
	result.archive_.reset(archive_write_new());
	auto *handle = result.archive_.get();
	const auto temporary = path + ".new";
	unlink(temporary.c_str()); // of one that was interrupted
	const auto before = umask(~readable_for_owner & 0777);
	const bool good = archive_write_set_format_pax_restricted(handle) == ARCHIVE_OK &&
			  // Without its own library it runs a program, and warns of it.
			  ending->pack(handle) >= ARCHIVE_WARN &&
			  archive_write_open_filename(handle, temporary.c_str()) == ARCHIVE_OK;
	umask(before);
	result.path_ = path;
	if (!good)
		return result.failure();
	return result;
}

Archive::~Archive()
{
	if (archive_ && !path_.empty())
		unlink((path_ + ".new").c_str());
}

tl::unexpected<Error> Archive::failure() const
{
	const int error = archive_errno(archive_.get());
	const char *text = archive_error_string(archive_.get());
	// Its text of a system call that failed says which one, and not why.
	const auto why = error > 0 ? fmt::format(": {}", strerror(error)) : std::string();
	return fail({std::error_code(error > 0 ? error : EIO, std::generic_category()),
		     fmt::format("{}: {}{}", path_, text ? text : "cannot be written", why)});
}

Result<void> Archive::write(const std::string &name, std::string_view content,
			    const std::string *target)
{
	const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
	archive_entry_set_pathname(entry.get(), (prefix_ + name).c_str());
	archive_entry_set_mtime(entry.get(), time_, 0);
	if (target) {
		archive_entry_set_filetype(entry.get(), AE_IFLNK);
		archive_entry_set_perm(entry.get(), 0777);
		archive_entry_set_symlink(entry.get(), target->c_str());
	} else {
		archive_entry_set_filetype(entry.get(), AE_IFREG);
		archive_entry_set_perm(entry.get(), 0644);
		archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
	}
	if (archive_write_header(archive_.get(), entry.get()) < ARCHIVE_WARN)
		return failure();
	if (!content.empty() &&
	    archive_write_data(archive_.get(), content.data(), content.size()) !=
		    static_cast<la_ssize_t>(content.size()))
		return failure();
	return {};
}

Result<void> Archive::add_file(const std::string &name, std::string_view content)
{
	return write(name, content, nullptr);
}

Result<void> Archive::add_link(const std::string &name, const std::string &target)
{
	return write(name, {}, &target);
}

Result<void> Archive::finish(bool replace)
{
	if (archive_write_close(archive_.get()) != ARCHIVE_OK)
		return failure();
	const auto temporary = path_ + ".new";
	if (renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path_.c_str(),
		      replace ? 0 : RENAME_NOREPLACE) < 0)
		return fail_errno(errno, path_);
	archive_.reset();
	return {};
}

} // namespace memhp
