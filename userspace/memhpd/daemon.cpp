// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/daemon.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include "system/log.h"

namespace memhp
{
namespace
{

constexpr int uevent_buffer = 128 << 20;
constexpr auto state_file = "state.json";
constexpr auto socket_file = "io.memhp";
constexpr auto marker_file = "active";
/// How long a stop waits for the running writes to end.
constexpr Time stop_patience = std::chrono::seconds(3);
constexpr Time save_delay = std::chrono::milliseconds(20);
/// The state of 131072 blocks takes a third of a second to save: a burst must not wait for that all
/// the time. What a crash in between loses the next memhpd sees by comparing two looks.
constexpr int save_share = 10; ///< of the time, one part saving

[[noreturn]] void throw_error(const Error &error)
{
	throw std::system_error(error.code, error.message.substr(0, error.message.rfind(": ")));
}

void make_directory(const std::string &path)
{
	if (mkdir(path.c_str(), 0755) < 0 && errno != EEXIST)
		throw std::system_error(errno, std::generic_category(), path);
}

/// The directory for the marker that the udev rule looks for: the service's own, which systemd
/// removes when the service ends in any way.
std::string marker_directory(const std::string &run)
{
	const char *given = std::getenv("RUNTIME_DIRECTORY");
	return given ? given : run + "/memhpd";
}

} // namespace

Daemon::Daemon(ConfigFile config, Sysfs sysfs, bool live, const std::string &sysroot)
	: config_(std::move(config)), sysfs_(std::move(sysfs)), live_(live),
	  runtime_dir_((live ? "" : sysroot) + "/run"),
	  on_term_(loop_.signal(SIGTERM, [this] { stop(); })),
	  on_int_(loop_.signal(SIGINT, [this] { stop(); })),
	  on_hup_(loop_.signal(SIGHUP, [this] { reload(); })), kmod_(sysfs_.root_fd()),
	  writer_(loop_, sysfs_.root_fd()), engine_(loop_, sysfs_, writer_), auto_online_(sysfs_),
	  onliner_(loop_, sysfs_, engine_, config_.config().online,
		   {[this] {
			    if (monitor_)
				    monitor_->drain();
		    },
		    [this] {
			    if (!save_source_)
				    save_source_ = loop_.timer(
					    Loop::now() +
						    std::max(save_delay, save_share * save_took_),
					    [this] {
						    save_source_.reset();
						    save();
					    });
		    }}),
	  settled_(loop_, sysfs_, config_, state_dir_),
	  metrics_({loop_, sysfs_, kmod_, config_, writer_, engine_, onliner_, settled_})
{
	make_directory(runtime_dir_ + "/memhp");
	auto dir = open_at(AT_FDCWD, runtime_dir_ + "/memhp", O_RDONLY | O_DIRECTORY);
	if (!dir)
		throw_error(dir.error());
	state_dir_ = std::move(*dir);

	// Before anything is changed: is there another memhpd?
	const auto socket_path = runtime_dir_ + "/memhp/" + socket_file;
	auto listening = varlink::listen_at(socket_path, 0660);
	if (!listening)
		throw_error(listening.error());
	if (const auto *group = getgrnam("memhp"); live_ && group)
		if (chown(socket_path.c_str(), 0, group->gr_gid) < 0)
			log::warning("{}: group memhp: {}", socket_path,
				     std::generic_category().message(errno));
	control_ = std::make_unique<Control>(Control::Parts{loop_, sysfs_, kmod_, config_,
							    auto_online_, engine_, onliner_,
							    metrics_, [this] { return reload(); }},
					     std::move(*listening));

	auto loaded = load_state(state_dir_.get(), state_file);
	if (loaded)
		saved_ = std::move(*loaded);
	else
		log::warning("saved state is not used: {}", loaded.error().message);

	engine_.set_stage_of([this](uint64_t block) { return kmod_.last_stage(block); });
	engine_.set_watch([this](Change change, const Attempted &attempted) {
		metrics_.count(change, attempted);
		if (attempted.outcome.reached)
			settled_.changed();
	});
	sysfs_.set_early([this] { return kmod_.early_blocks(); });
}

Daemon::~Daemon() = default;

int Daemon::run()
{
	// The monitor first: what comes during the first scan must not be lost.
	if (live_) {
		auto monitor = UeventMonitor::open(
			loop_, uevent_buffer,
			[this](const Uevent &event) {
				onliner_.on_uevent(event);
				settled_.on_uevent(event);
				metrics_.changed();
			},
			[this] {
				onliner_.on_lost();
				settled_.on_lost();
				metrics_.changed();
			});
		if (!monitor)
			throw_error(monitor.error());
		monitor_ = std::move(*monitor);
	}

	const auto found = auto_online_.find(saved_ ? saved_->auto_online : std::nullopt);
	if (!found)
		log::warning("auto_online_blocks cannot be read: {}", found.error().message);

	const auto marker_dir = marker_directory(runtime_dir_);
	make_directory(marker_dir);
	const auto marker = marker_dir + "/" + marker_file;
	const auto marked = replace_file(AT_FDCWD, marker, "");
	if (!marked)
		log::warning("the udev rule will not stand back: {}", marked.error().message);

	auto blocks = saved_ ? std::optional(std::move(saved_->blocks)) : std::nullopt;
	saved_ = SavedState{auto_online_.found().empty() ? std::nullopt
							 : std::optional(auto_online_.found()),
			    blocks.value_or(std::map<uint64_t, Ledger::Entry>())};
	// What was found must be on record before it is overwritten.
	const auto recorded = save_state(state_dir_.get(), state_file, *saved_);
	if (!recorded)
		log::warning("state cannot be saved: {}", recorded.error().message);
	const auto taken = auto_online_.take_over();
	if (!taken)
		log::warning("auto_online_blocks stays {}: {}", auto_online_.found(),
			     taken.error().message);

	const auto module = kmod_.check();
	log::info("{}; kernel module: {}", describe(config_.config().online),
		  module ? "loaded" : "not used, " + module.error().message);
	loop_.enable_watchdog();
	sd_notify(0, "READY=1");
	settled_.start();
	metrics_.configure();
	onliner_.start(std::move(blocks), auto_online_.kernel_default());

	const int status = loop_.run();

	settled_.stop();
	metrics_.stop();
	unlink(marker.c_str());
	// Once it is put back, an "offline" that the next memhpd finds is somebody's wish.
	if (auto_online_.restore())
		saved_->auto_online.reset();
	save();
	return status;
}

bool Daemon::reload()
{
	sd_notify(0, "RELOADING=1");
	const bool good = config_.load();
	if (good) {
		onliner_.set_policy(config_.config().online);
		log::info("configuration read again: {}", describe(config_.config().online));
	}
	metrics_.configure();
	sd_notify(0, "READY=1");
	return good;
}

void Daemon::save()
{
	const auto began = Loop::now();
	const SavedState state{saved_ ? saved_->auto_online : std::nullopt,
			       onliner_.ledger().entries()};
	const auto saved = save_state(state_dir_.get(), state_file, state);
	if (!saved && !save_failed_)
		log::warning(
			"state cannot be saved, a restart will not know what was taken offline "
			"on purpose: {}",
			saved.error().message);
	save_failed_ = !saved;
	save_took_ = Loop::now() - began;
}

void Daemon::stop()
{
	if (stop_by_ != Time{})
		return;
	sd_notify(0, "STOPPING=1");
	stop_by_ = Loop::now() + stop_patience;
	// Memory that is just being onlined gets online: nobody else would do it.
	engine_.cancel_offlines();
	finish_stop();
}

void Daemon::finish_stop()
{
	if (engine_.idle() || Loop::now() >= stop_by_) {
		loop_.quit(EXIT_SUCCESS);
		return;
	}
	stop_source_ =
		loop_.timer(Loop::now() + std::chrono::milliseconds(10), [this] { finish_stop(); });
}

} // namespace memhp
