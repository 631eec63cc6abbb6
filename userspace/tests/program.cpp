// SPDX-License-Identifier: GPL-2.0-only
#include "program.h"

#include <csignal>
#include <cstdlib>
#include <fstream>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tree.h"

namespace memhp
{
namespace
{

void redirect(int fd, const std::string &path, int flags)
{
	const int file = open(path.c_str(), flags, 0600);
	if (file < 0 || dup2(file, fd) < 0)
		_exit(126);
}

int exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

} // namespace

void become(const std::string &program, const std::vector<std::string> &arguments,
	    const std::vector<std::string> &environment)
{
	for (const auto &variable : environment)
		putenv(const_cast<char *>(variable.c_str()));
	std::vector<char *> argv = {const_cast<char *>(program.c_str())};
	for (const auto &argument : arguments)
		argv.push_back(const_cast<char *>(argument.c_str()));
	argv.push_back(nullptr);
	execv(program.c_str(), argv.data());
	_exit(127);
}

Output run(const std::string &program, const std::vector<std::string> &arguments,
	   const std::vector<std::string> &environment)
{
	const Tree tree;
	const auto pid = fork();
	if (pid == 0) {
		redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
		redirect(STDOUT_FILENO, tree.path("out"), O_WRONLY | O_CREAT);
		redirect(STDERR_FILENO, tree.path("err"), O_WRONLY | O_CREAT);
		become(program, arguments, environment);
	}
	int status = 0;
	waitpid(pid, &status, 0);
	return {exit_status(status), tree.read("out"), tree.read("err")};
}

Program::Program(const std::string &program, const std::vector<std::string> &arguments,
		 const std::vector<std::string> &environment)
	: pid_(fork())
{
	if (pid_ == 0)
		become(program, arguments, environment);
	pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
}

Program::~Program()
{
	if (pid_ <= 0)
		return;
	kill(pid_, SIGKILL);
	waitpid(pid_, nullptr, 0);
}

void Program::signal(int signal) const { kill(pid_, signal); }

uint64_t Program::peak_resident() const
{
	const auto status = Tree::slurp("/proc/" + std::to_string(pid_) + "/status");
	const auto at = status.find("VmHWM:");
	return at == std::string::npos ? 0 : std::stoull(status.substr(at + 6)) << 10;
}

int Program::wait()
{
	pollfd exit = {pidfd_.get(), POLLIN, 0};
	if (poll(&exit, 1, 20'000) != 1)
		return -1;
	int status = 0;
	waitpid(pid_, &status, 0);
	pid_ = -1;
	return exit_status(status);
}

} // namespace memhp
