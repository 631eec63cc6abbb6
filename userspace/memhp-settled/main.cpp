// SPDX-License-Identifier: GPL-2.0-only
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fcntl.h>

#include "memhp-settled/runner.h"
#include "system/base/fd.h"
#include "system/base/log.h"

namespace
{

constexpr int exit_usage = 2;
constexpr auto limit_variable = "MEMHP_HOOK_TIMEOUT";

constexpr auto usage = R"(Usage: memhp-settled [DIR]

Runs the programs of memhpd's settled.d once, with what memhpd has left for them in DIR (default
/run/memhp). The unit memhp-settled.service starts it.

  MEMHP_HOOK_TIMEOUT  how long each program may take, as 30s or 5m; 1m without it
)";

} // namespace

int main(int argc, char **argv)
{
	if (argc == 2 && argv[1] == std::string_view("--help")) {
		std::fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
		std::fputs("memhp-settled: see memhp-settled --help\n", stderr);
		return exit_usage;
	}
	memhp::HookLimits limits;
	if (const char *given = std::getenv(limit_variable)) {
		const auto span = memhp::parse_duration(given);
		if (span && span->count() > 0)
			limits.each = *span;
		else
			memhp::log::error("{} is '{}', which is not used; write it as 30s or 5m",
					  limit_variable, given);
	}
	const auto dir = memhp::open_at(AT_FDCWD, argc == 2 ? argv[1] : "/run/memhp",
					O_RDONLY | O_DIRECTORY);
	if (!dir) {
		memhp::log::error("{}", dir.error().message);
		return EXIT_FAILURE;
	}
	const auto report = memhp::run_settled(dir->get(), limits);
	if (!report) {
		memhp::log::error("nothing is run: {}", report.error().message);
		return EXIT_FAILURE;
	}
	if (!report->problem.empty())
		memhp::log::error("nothing is run: {}", report->problem);
	return report->good() ? EXIT_SUCCESS : EXIT_FAILURE;
}
