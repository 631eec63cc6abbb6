// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "system/base/fd.h"

namespace memhp
{

struct Output {
	int status = -1; ///< of exit, -1 for another end
	std::string out;
	std::string err;
};

/// Makes this process, a child, that program. `arguments` without its name, `environment`:
/// variables to set, NAME=value.
[[noreturn]] void become(const std::string &program, const std::vector<std::string> &arguments,
			 const std::vector<std::string> &environment);

/// Runs a program to its end, with nothing to read and no terminal. The rest as for become().
Output run(const std::string &program, const std::vector<std::string> &arguments,
	   const std::vector<std::string> &environment = {});

/// A program in the background, killed when this goes.
class Program
{
public:
	/// As for become().
	Program(const std::string &program, const std::vector<std::string> &arguments,
		const std::vector<std::string> &environment);
	~Program();
	Program(const Program &) = delete;
	Program &operator=(const Program &) = delete;

	void signal(int signal) const;
	/// The most memory that was resident so far, in bytes; 0 where the kernel does not tell.
	uint64_t peak_resident() const;
	/// Exit status; -1 for another end or none within 20 s.
	int wait();

private:
	pid_t pid_;
	Fd pidfd_;
};

} // namespace memhp
