// SPDX-License-Identifier: GPL-2.0-only
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>

#include <malloc.h>
#include <sys/mman.h>

#include <getopt.h>

#include "memhp/version.h"

#include "memhpd/config_file.h"
#include "memhpd/daemon.h"
#include "memhpd/restore.h"
#include "system/base/log.h"

namespace
{

constexpr int exit_usage = 2;

constexpr auto usage = R"(Usage: memhpd [--config FILE] [--sysroot DIR] [--log-level LEVEL]
       memhpd --restore [--sysroot DIR]

Onlines hot-added memory by policy, and takes memory offline for memhpctl.

  --config FILE      policy, default /etc/memhp/memhpd.toml (which may be missing)
  --sysroot DIR      work on the recorded tree DIR instead of this machine
  --log-level LEVEL  error, warning, info (default) or debug
  --restore          put back the kernel's settings that a memhpd which crashed left
                     behind, and exit
  --help             this text
  --version          the version, and nothing else

Signals: HUP reads the configuration again, USR1 looks at all memory blocks now (which
happens once a minute anyway).

  MEMHP_UEVENT_BUFFER  receive buffer for the kernel's events, as 4K; 128M without it. What
                       does not fit is lost, and memhpd then looks at all blocks
)";

std::optional<memhp::log::Level> parse_level(const std::string &text)
{
	using memhp::log::Level;
	if (text == "error")
		return Level::error;
	if (text == "warning")
		return Level::warning;
	if (text == "info")
		return Level::info;
	if (text == "debug")
		return Level::debug;
	return std::nullopt;
}

/// Reads the command line; exits on --help and on a mistake.
memhp::Options parse_options(int argc, char **argv)
{
	enum { opt_config = 1, opt_sysroot, opt_log_level, opt_restore, opt_help, opt_version };
	const option known[] = {
		{"config", required_argument, nullptr, opt_config},
		{"sysroot", required_argument, nullptr, opt_sysroot},
		{"log-level", required_argument, nullptr, opt_log_level},
		{"restore", no_argument, nullptr, opt_restore},
		{"help", no_argument, nullptr, opt_help},
		{"version", no_argument, nullptr, opt_version},
		{nullptr, 0, nullptr, 0},
	};
	memhp::Options options;
	for (int found; (found = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
		switch (found) {
		case opt_config:
			options.config = optarg;
			options.config_given = true;
			break;
		case opt_sysroot:
			options.sysroot = optarg;
			break;
		case opt_log_level:
			if (const auto level = parse_level(optarg)) {
				memhp::log::set_level(*level);
				break;
			}
			std::fprintf(
				stderr,
				"memhpd: log level '%s' is none of error, warning, info, debug\n",
				optarg);
			std::exit(exit_usage);
		case opt_restore:
			options.restore = true;
			break;
		case opt_help:
			std::fputs(usage, stdout);
			std::exit(EXIT_SUCCESS);
		case opt_version:
			std::puts("memhpd " MEMHP_VERSION);
			std::exit(EXIT_SUCCESS);
		default:
			std::fputs("memhpd: see memhpd --help\n", stderr);
			std::exit(exit_usage);
		}
	}
	if (optind < argc) {
		std::fprintf(stderr, "memhpd: unexpected argument '%s'; see memhpd --help\n",
			     argv[optind]);
		std::exit(exit_usage);
	}
	return options;
}

} // namespace

int main(int argc, char **argv)
{
	const auto options = parse_options(argc, argv);

	if (options.restore) {
		const auto restored = memhp::restore_settings(options.sysroot);
		if (!restored)
			memhp::log::error("settings not put back: {}", restored.error().message);
		return restored ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	memhp::ConfigFile config(options.config, options.config_given);
	auto sysfs = memhp::Sysfs::open(options.sysroot);
	if (!sysfs) {
		memhp::log::error("{}", sysfs.error().message);
		return EXIT_FAILURE;
	}
	// What is large lives as long as a look at all blocks, and goes back to the kernel. By
	// itself malloc would stop to do so after the first time.
	constexpr int large = 1 << 20;
	mallopt(M_MMAP_THRESHOLD, large);
	// A machine short of memory is where new memory must not wait for a page of ours.
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		memhp::log::debug("own memory is not locked");
	try {
		memhp::Daemon daemon(std::move(config), std::move(*sysfs), options.sysroot == "/",
				     options.sysroot);
		return daemon.run();
	} catch (const std::exception &error) {
		memhp::log::error("{}", error.what());
		return EXIT_FAILURE;
	}
}
