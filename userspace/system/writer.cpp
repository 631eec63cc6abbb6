// SPDX-License-Identifier: GPL-2.0-only
#include "system/writer.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/log.h"

namespace memhp
{
namespace
{

constexpr Time patience = std::chrono::seconds(1);

/// One message each way on a SOCK_SEQPACKET pair.
struct Order {
	std::array<char, 208> path;
	std::array<char, 48> value;
};

struct Reply {
	int error;
};

/// The whole life of the worker process. All signals stay blocked, so only SIGKILL can end a
/// write: a blocked signal is not pending to the kernel, and a Ctrl-C of the terminal is the
/// parent's business.
[[noreturn]] void work(int socket, int root, pid_t parent)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, nullptr);
	prctl(PR_SET_NAME, "memhp-writer");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);

	// Nothing of the parent's (its socket, its clients) may live on in here.
	constexpr int own_socket = 3;
	constexpr int own_root = 4;
	const int high_socket = fcntl(socket, F_DUPFD_CLOEXEC, 16);
	const int high_root = fcntl(root, F_DUPFD_CLOEXEC, 16);
	if (dup2(high_socket, own_socket) < 0 || dup2(high_root, own_root) < 0)
		_exit(1);
	syscall(SYS_close_range, 5U, ~0U, 0U);

	Order order;
	for (;;) {
		const auto got = recv(own_socket, &order, sizeof(order), 0);
		if (got != sizeof(order))
			_exit(0);
		Reply reply{0};
		const int file = openat(own_root, order.path.data(), O_WRONLY | O_CLOEXEC);
		if (file < 0 || ::write(file, order.value.data(), strlen(order.value.data())) < 0)
			reply.error = errno;
		if (file >= 0)
			close(file);
		if (send(own_socket, &reply, sizeof(reply), MSG_NOSIGNAL) != sizeof(reply))
			_exit(0);
	}
}

} // namespace

Writer::Writer(Loop &loop, int root_fd) : loop_(loop), root_fd_(root_fd) { start(); }

Writer::~Writer()
{
	if (!pidfd_)
		return;
	syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
	pollfd exit = {pidfd_.get(), POLLIN, 0};
	const int ready = poll(&exit, 1, static_cast<int>(patience.count()));
	if (ready > 0)
		waitpid(pid_, nullptr, 0);
	else
		log::error("writer process {} hangs in the kernel; left behind", pid_);
}

void Writer::start()
{
	std::array<int, 2> ends{};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) < 0)
		throw std::system_error(errno, std::generic_category(), "writer socket");
	Fd ours(ends[0]);
	Fd theirs(ends[1]);

	const auto parent = getpid();
	const auto child = fork();
	if (child < 0)
		throw std::system_error(errno, std::generic_category(), "writer process");
	if (child == 0)
		work(theirs.get(), root_fd_, parent);

	Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
	if (!pidfd) {
		const int error = errno;
		kill(child, SIGKILL);
		waitpid(child, nullptr, 0);
		throw std::system_error(error, std::generic_category(), "writer process");
	}
	pid_ = child;
	socket_ = std::move(ours);
	pidfd_ = std::move(pidfd);
	killed_ = false;
	stuck_ = false;
	reply_source_ = loop_.io(socket_.get(), EPOLLIN, [this](uint32_t) { on_reply(); });
	exit_source_ = loop_.io(pidfd_.get(), EPOLLIN, [this](uint32_t) { on_exit(); });
}

void Writer::write(const std::string &path, const std::string &value, Time deadline, Done done)
{
	Order order{};
	started_ = Loop::now();
	done_ = std::move(done);
	if (path.size() >= order.path.size() || value.size() >= order.value.size()) {
		deadline_source_ = loop_.defer([this] { finish({ENAMETOOLONG, false, Time{}}); });
		return;
	}
	if (!pidfd_) { // an earlier start failed: try again now
		try {
			start();
		} catch (const std::system_error &error) {
			const int code = error.code().value();
			deadline_source_ = loop_.defer([this, code] {
				finish({code, false, Time{}});
			});
			return;
		}
	}
	std::memcpy(order.path.data(), path.data(), path.size());
	std::memcpy(order.value.data(), value.data(), value.size());
	if (send(socket_.get(), &order, sizeof(order), MSG_NOSIGNAL) != sizeof(order)) {
		// It died, or there was no memory for the message: on_exit() reports either way,
		// and replaces it.
		syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
		return;
	}
	// Time::max() has no point in time.
	if (deadline < std::chrono::hours(24 * 365))
		deadline_source_ = loop_.timer(started_ + deadline, [this] { interrupt(); });
}

void Writer::interrupt()
{
	// Without a process the answer is on its way already.
	if (!busy() || killed_ || !pidfd_)
		return;
	killed_ = true;
	syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
	deadline_source_ = loop_.timer(Loop::now() + patience, [this] {
		stuck_ = true;
		log::error("writer process {} was killed and does not die: it hangs in the kernel "
			   "(see /proc/{}/stack); nothing is onlined or offlined until it ends",
			   pid_, pid_);
	});
}

void Writer::on_reply()
{
	Reply reply{};
	const auto got = recv(socket_.get(), &reply, sizeof(reply), MSG_DONTWAIT);
	if (got == sizeof(reply)) {
		if (killed_)
			return; // it is dying: on_exit() reports
		finish({reply.error, false, Loop::now() - started_});
	} else if (got == 0 || errno != EAGAIN) {
		reply_source_.reset(); // on_exit() follows
	}
}

void Writer::on_exit()
{
	waitpid(pid_, nullptr, 0);
	const bool killed = killed_;
	if (stuck_)
		log::info("writer process {} has ended after all", pid_);
	else if (!killed)
		log::warning("writer process {} died by another hand; starting a new one", pid_);
	reply_source_.reset();
	exit_source_.reset();
	socket_.reset();
	pidfd_.reset();
	killed_ = false;
	stuck_ = false;
	try {
		start();
	} catch (const std::system_error &error) {
		log::error("{}; the next write tries again", error.what());
	}
	if (busy())
		finish({EINTR, killed, Loop::now() - started_});
}

void Writer::finish(Outcome outcome)
{
	deadline_source_.reset();
	const auto done = std::exchange(done_, nullptr);
	done(outcome);
}

} // namespace memhp
