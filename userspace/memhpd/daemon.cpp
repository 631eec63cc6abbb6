// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/daemon.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include "memhpd/restore.h"
#include "system/base/log.h"
#include "system/kernel/settings.h"
#include "system/memory/surroundings.h"
#include "system/memory/zoneinfo.h"

namespace memhp
{
namespace
{

constexpr auto buffer_variable = "MEMHP_UEVENT_BUFFER";
constexpr auto marker_file = "active";
/// How long a stop waits for the running writes to end.
constexpr Time stop_patience = std::chrono::seconds(3);
constexpr Time save_delay = std::chrono::milliseconds(20);
/// The state of 131072 blocks takes a third of a second to save: a burst must not wait for that all
/// the time. What a crash in between loses the next memhpd sees by comparing two looks.
constexpr int save_share = 100; ///< of the time, one part saving

/// Between two deliveries of uevents in a burst. What the kernel onlines is looked at when it is
/// done with it: until then each wakeup only keeps it from its work.
constexpr Time usual_interval = std::chrono::milliseconds(50);
constexpr Time kernel_interval = std::chrono::milliseconds(250);

[[noreturn]] void throw_error(const Error &error)
{
	throw std::system_error(error.code, error.message.substr(0, error.message.rfind(": ")));
}

void make_directory(const std::string &path)
{
	if (mkdir(path.c_str(), 0755) < 0 && errno != EEXIST)
		throw std::system_error(errno, std::generic_category(), path);
}

/// Bytes of the receive buffer; `given` is what the environment says, or null.
int uevent_buffer(const char *given)
{
	const auto chosen = choose_receive_buffer(given ? given : "");
	if (chosen)
		return *chosen;
	log::error("{} is not used: {}", buffer_variable, chosen.error().message);
	return default_receive_buffer;
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
	  on_hup_(loop_.signal(SIGHUP, [this] { reload(); })),
	  on_usr1_(loop_.signal(SIGUSR1, [this] { onliner_.look(); })), kmod_(sysfs_.root_fd()),
	  writer_(loop_, sysfs_.root_fd()), engine_(loop_, sysfs_, writer_, OwnGroup::yes),
	  settings_(sysfs_.root_fd(), [this] { save(); }), view_(sysfs_),
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
		    },
		    [this] { save(); }, [this] { look_around(); },
		    [this](bool begin) { begin ? settings_.lend() : settings_.take_back(); },
		    [this](const std::vector<Block> &blocks) {
			    view_.scanned(blocks, Loop::now());
		    }}),
	  requests_({sysfs_, engine_, onliner_, config_, state_dir_,
		     [this] {
			     if (std::exchange(save_source_, {}))
				     save();
		     },
		     [this] { kernel_watch_.drain(); }}),
	  unplugger_({loop_, sysfs_, engine_, requests_, config_, state_dir_},
		     [this] { kernel_watch_.drain(); }),
	  kernel_watch_(loop_, sysfs_.root_fd(), kmod_, config_,
			[this](uint64_t block) { unplugger_.failed(block); }),
	  settled_(loop_, sysfs_, config_, state_dir_),
	  metrics_({loop_, sysfs_, kmod_, config_, writer_, engine_, onliner_, settled_, unplugger_,
		    kernel_watch_, view_,
		    [this] {
			    if (monitor_)
				    monitor_->drain();
		    }}),
	  events_(loop_, kmod_, live_)
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
	control_ = std::make_unique<Control>(Control::Parts{loop_, live_, sysfs_, kmod_, config_,
							    settings_, mode_, engine_, onliner_,
							    requests_, unplugger_, kernel_watch_,
							    metrics_, events_, view_,
							    [this] {
								    if (monitor_)
									    monitor_->drain();
							    },
							    [this] { return reload(); }},
					     std::move(*listening));

	auto loaded = load_state(state_dir_.get(), state_file);
	if (loaded)
		found_state_ = loaded->has_value();
	if (loaded && *loaded)
		saved_ = std::move(**loaded);
	if (!loaded)
		log::warning("saved state is not used: {}", loaded.error().message);

	requests_.load();

	engine_.set_stage_of([this](uint64_t block) { return kmod_.last_stage(block); });
	engine_.set_watch([this](Change change, const Attempted &attempted) {
		view_.attempted(change, attempted);
		metrics_.count(change, attempted);
		events_.attempted(change, attempted);
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
			loop_, uevent_buffer(std::getenv(buffer_variable)),
			[this](const Uevent &event) {
				view_.on_uevent(event);
				onliner_.on_uevent(event);
				unplugger_.on_uevent(event);
				settled_.on_uevent(event);
				events_.on_uevent(event);
				metrics_.changed();
			},
			[this] {
				view_.on_lost();
				onliner_.on_lost();
				settled_.on_lost();
				events_.on_lost();
				metrics_.changed();
			},
			[this] { look_around(); },
			[this](const std::string &name) { unplugger_.container(name); });
		if (!monitor)
			throw_error(monitor.error());
		monitor_ = std::move(*monitor);
		onliner_.follow_events();
	}

	settings_.find(saved_.settings);

	const auto marker_dir = marker_directory(runtime_dir_);
	make_directory(marker_dir);
	const auto marker = marker_dir + "/" + marker_file;
	const auto marked = replace_file(AT_FDCWD, marker, "");
	if (!marked)
		log::warning("the udev rule will not stand back: {}", marked.error().message);

	watch_settings();
	look_around();

	const auto module = kmod_.check();
	log::info("{}; kernel module: {}", describe(config_.config().online),
		  module ? "loaded" : "not used, " + module.error().message);
	loop_.enable_watchdog();
	sd_notify(0, "READY=1");
	auto blocks = found_state_ ? std::optional(std::move(saved_.blocks)) : std::nullopt;
	started_ = true;
	settled_.start();
	metrics_.configure();
	set_limits();
	onliner_.start(std::move(blocks), saved_.dax, settings_.kernel_default(), saved_.moving);
	requests_.resume();
	unplugger_.resume();
	if (live_)
		kernel_watch_.start();

	const int status = loop_.run();

	settled_.stop();
	metrics_.stop();
	unlink(marker.c_str());
	settings_watch_.reset();
	// Once they are put back, what the next memhpd finds is somebody's wish.
	settings_.restore();
	save();
	return status;
}

void Daemon::watch_settings()
{
	auto watch = FileWatch::open(
		loop_, [this] { settings_.look(Loop::now(), config_.config().online.defend); });
	if (!watch) {
		log::warning("changes of the kernel's settings are seen once a minute only: {}",
			     watch.error().message);
		return;
	}
	settings_watch_ = std::move(*watch);
	for (const auto &[setting, name] : kernel_setting_words) {
		const auto added = settings_watch_->add(sysfs_.root_fd(), setting_path(setting));
		if (!added && added.error().code != std::errc::no_such_file_or_directory)
			log::warning("changes of {} are seen once a minute only: {}", name,
				     added.error().message);
	}
}

void Daemon::look_around()
{
	if (const auto *blocks = onliner_.looking_at())
		settled_.seen(*blocks);
	const auto &policy = config_.config().online;
	auto choice = choose_mode(policy, read_surroundings(sysfs_.root_fd()));
	if (choice.mode != mode_.mode || choice.why != mode_.why)
		log::info("{} mode ({})", to_string(choice.mode), choice.why);
	mode_ = std::move(choice);
	onliner_.set_mode(mode_.mode);
	if (monitor_)
		monitor_->set_interval(mode_.mode == OnlineMode::kernel ? kernel_interval
									: usual_interval);
	settings_.look(Loop::now(), policy.defend);
	settings_.want(wanted_settings(policy, mode_, kernel_side()));
}

KernelSide Daemon::kernel_side() const
{
	KernelSide side;
	side.online_policy = !settings_.found(KernelSetting::online_policy).empty();
	if (mode_.mode != OnlineMode::kernel || mode_.action != OnlineAction::movable)
		return side;
	const auto *blocks = onliner_.looking_at();
	std::vector<Block> found;
	if (!blocks) {
		auto scanned = sysfs_.scan({.candidates = false});
		if (!scanned)
			return side;
		found = std::move(*scanned);
		blocks = &found;
	}
	const auto &policy = config_.config().online;
	const auto state =
		ratio_state(policy, count_memory(sysfs_.root_fd(), *blocks, sysfs_.block_size()));
	side.kernel_next =
		(!side.online_policy && state.full) || (policy.hard_ratio && state.memmap_short());
	return side;
}

void Daemon::set_limits()
{
	const auto &offline = config_.config().offline;
	onliner_.set_limits({offline.deadline, offline.attempt_deadline, offline.backoff},
			    settings_.found(KernelSetting::online_policy).empty());
}

bool Daemon::reload()
{
	sd_notify(0, "RELOADING=1");
	const bool good = config_.load();
	if (good) {
		settings_.forgive();
		look_around();
		set_limits();
		onliner_.set_policy(config_.config().online);
		requests_.resume();
		unplugger_.resume();
		log::info("configuration read again: {}", describe(config_.config().online));
	}
	metrics_.configure();
	settled_.reconfigure();
	sd_notify(0, "READY=1");
	return good;
}

void Daemon::save()
{
	const auto began = Loop::now();
	const SavedState state = {settings_.held(),
				  {},
				  started_ ? onliner_.pending_dax() : saved_.dax,
				  started_ ? onliner_.moving() : saved_.moving};
	const auto saved = save_state(state_dir_.get(), state_file, state,
				      started_ ? onliner_.ledger().entries() : saved_.blocks);
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
	// Memory that has come gets online: nobody else would do it.
	onliner_.stop_moving();
	requests_.suspend();
	unplugger_.suspend();
	engine_.cancel_offlines();
	onliner_.finish();
	finish_stop();
}

void Daemon::finish_stop()
{
	if ((engine_.idle() && !onliner_.busy()) || Loop::now() >= stop_by_) {
		loop_.quit(EXIT_SUCCESS);
		return;
	}
	stop_source_ =
		loop_.timer(Loop::now() + std::chrono::milliseconds(10), [this] { finish_stop(); });
}

} // namespace memhp
