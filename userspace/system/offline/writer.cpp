// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/writer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/base/log.h"

namespace memhp
{
namespace
{

constexpr Time patience = std::chrono::seconds(1);

/// A span that has no end; Time::max() has no point in time.
constexpr Time forever = std::chrono::hours(24 * 365);

worker::Board *new_board()
{
	// Nothing but memory of its own: the process is forked, and sees the same.
	void *memory = mmap(nullptr, sizeof(worker::Board), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		throw std::system_error(errno, std::generic_category(), "writer's results");
	return new (memory) worker::Board();
}

} // namespace

void Writer::Unmap::operator()(worker::Board *board) const { munmap(board, sizeof(*board)); }

Writer::Writer(Loop &loop, int root_fd, std::chrono::nanoseconds slice)
	: loop_(loop), root_fd_(root_fd), slice_(slice), board_(new_board())
{
	start();
}

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
		worker::work(theirs.get(), root_fd_, *board_, parent);

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
	worker::Order order{};
	started_ = Loop::now();
	done_ = std::move(done);
	if (path.size() >= order.path.size() || value.size() >= order.value.size()) {
		refuse(ENAMETOOLONG);
		return;
	}
	std::memcpy(order.path.data(), path.data(), path.size());
	std::memcpy(order.value.data(), value.data(), value.size());
	send(order, deadline);
}

void Writer::change(const std::vector<uint64_t> &blocks, const std::string &value, Time deadline,
		    Each each, Done done, std::optional<Extension> extension)
{
	worker::Order order{};
	started_ = Loop::now();
	each_ = std::move(each);
	done_ = std::move(done);
	extension_ = std::move(extension);
	blocks_ = std::min(blocks.size(), most_blocks);
	told_ = 0;
	board_->done = 0;
	board_->began_ns = std::chrono::nanoseconds(started_).count();
	for (size_t i = 0; i < blocks_; ++i) {
		board_->results[i] = {};
		board_->results[i].block = blocks[i];
	}
	order.blocks = static_cast<uint32_t>(blocks_);
	order.slice_ns = slice_.count();
	std::memcpy(order.value.data(), value.data(),
		    std::min(value.size(), order.value.size() - 1));
	// After this no further block is begun.
	const auto slice = std::chrono::ceil<Time>(slice_);
	if (slice < deadline && deadline < forever)
		slice_source_ = loop_.timer(started_ + slice, [this] { tell(); });
	send(order, deadline);
}

void Writer::tell()
{
	while (told_ < board_->done)
		each_(board_->results[told_++]);
}

std::optional<uint64_t> Writer::changing() const
{
	const auto at = board_->done.load();
	return at < blocks_ ? std::optional(board_->results[at].block) : std::nullopt;
}

void Writer::send(const worker::Order &order, Time deadline)
{
	if (!pidfd_) { // an earlier start failed: try again now
		try {
			start();
		} catch (const std::system_error &error) {
			refuse(error.code().value());
			return;
		}
	}
	if (::send(socket_.get(), &order, sizeof(order), MSG_NOSIGNAL) != sizeof(order)) {
		// It died, or there was no memory for the message: on_exit() reports either way,
		// and replaces it.
		syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
		return;
	}
	deadline_ = deadline;
	if (extension_)
		watch(started_ + extension_->interval);
	else if (deadline < forever)
		watch(started_ + deadline);
}

void Writer::watch(Time at)
{
	deadline_source_ = loop_.timer(at, [this] {
		const auto now = Loop::now();
		// Of a list, it may be a later block's turn by now.
		const auto began = blocks_ == 0
					   ? started_
					   : std::chrono::duration_cast<Time>(
						     std::chrono::nanoseconds(board_->began_ns));
		const bool gets_on =
			extension_ && extension_->gets_on() && now - began < extension_->longest;
		if (now - began >= deadline_ && !gets_on)
			interrupt();
		else
			watch(extension_ ? now + extension_->interval : began + deadline_);
	});
}

void Writer::refuse(int error)
{
	deadline_source_ = loop_.defer([this, error] { finish({error, false, Time{}}); });
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
	worker::Reply reply{};
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
	slice_source_.reset();
	extension_.reset();
	// It is over: nobody may interrupt it any more.
	const auto done = std::exchange(done_, nullptr);
	if (blocks_ != 0)
		tell();
	blocks_ = 0;
	done(outcome);
}

} // namespace memhp
