// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/worker.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string_view>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/memory/sysfs.h"

namespace memhp::worker
{
namespace
{

constexpr int own_socket = 3;
constexpr int own_root = 4;
constexpr int own_memory = 5;

int64_t now_ns()
{
	constexpr int64_t second = 1'000'000'000;
	timespec now{};
	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * second + now.tv_nsec;
}

int write_value(const Order &order)
{
	const int file = openat(own_root, order.path.data(), O_WRONLY | O_CLOEXEC);
	if (file < 0)
		return errno;
	const int error =
		::write(file, order.value.data(), strlen(order.value.data())) < 0 ? errno : 0;
	close(file);
	return error;
}

/// Content of an open attribute without its newline; nothing where it cannot be read, see errno.
std::string_view attribute(int file, std::array<char, 128> &buffer)
{
	const auto got = file < 0 ? -1 : pread(file, buffer.data(), buffer.size(), 0);
	std::string_view text(buffer.data(), got > 0 ? static_cast<size_t>(got) : 0);
	return text.substr(0, text.find('\n'));
}

BlockState state_of(int file)
{
	std::array<char, 128> buffer;
	return parse_block_state(attribute(file, buffer));
}

Zone zone_of(uint64_t block)
{
	std::array<char, 64> path;
	std::array<char, 128> buffer;
	std::snprintf(path.data(), path.size(), "memory%llu/valid_zones",
		      static_cast<unsigned long long>(block));
	const int file = openat(own_memory, path.data(), O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return Zone::none;
	const auto zone = parse_zone(attribute(file, buffer)).value_or(Zone::none);
	close(file);
	return zone;
}

/// Changes a block by an open `state`. One descriptor for all that is done with it: the way to a
/// file takes as long as half a dozen reads. `obeyed`: the kernel has put the block before this one
/// where it was told to.
void change(int file, std::string_view value, BlockState wanted, bool obeyed, Changed &result)
{
	std::array<char, 128> buffer;
	errno = 0;
	const auto before = attribute(file, buffer);
	if (before.empty()) {
		result.read_error = errno != 0 ? errno : EIO;
		return;
	}
	result.state = parse_block_state(before);
	if (result.state == BlockState::online && wanted == BlockState::offline) {
		// It counts only if the block is online before and after it was read.
		const auto zone = zone_of(result.block);
		if (state_of(file) == BlockState::online)
			result.zone = zone;
	}
	if (result.state != wanted) {
		result.wrote = true;
		if (::write(file, value.data(), value.size()) < 0)
			result.write_error = errno;
		// After a failed write too: somebody else may have done it.
		result.state = result.write_error == 0 ? wanted : state_of(file);
	}
	if (result.state != wanted)
		return;
	if (wanted == BlockState::offline) {
		result.state = state_of(file);
		return;
	}
	// One witness for a list is enough, unless the kernel may choose, or somebody else was
	// faster. The zone counts only where the block is online before and after it was read.
	const bool known = obeyed && result.wrote && result.write_error == 0;
	const auto zone = known ? Zone::movable : zone_of(result.block);
	result.state = state_of(file);
	if (result.state == BlockState::online)
		result.zone = zone;
}

void change_blocks(const Order &order, Board &board)
{
	const std::string_view value(order.value.data());
	const auto wanted =
		value == to_string(BlockState::offline) ? BlockState::offline : BlockState::online;
	const auto started = now_ns();
	auto began = started;
	bool obeyed = false;
	for (uint32_t i = 0; i < order.blocks; ++i) {
		auto &result = board.results[i];
		board.began_ns = began;
		std::array<char, 64> path;
		std::snprintf(path.data(), path.size(), "memory%llu/state",
			      static_cast<unsigned long long>(result.block));
		const int file = openat(own_memory, path.data(), O_RDWR | O_CLOEXEC);
		if (file < 0)
			result.read_error = errno;
		else
			change(file, value, wanted, obeyed, result);
		if (file >= 0)
			close(file);
		const auto ended = now_ns();
		result.took_ns = ended - began;
		began = ended;
		obeyed = result.wrote && result.zone == Zone::movable &&
			 value == to_string(OnlineType::movable);
		board.done = i + 1;
		if (result.state != wanted || ended - started >= order.slice_ns)
			return;
	}
}

} // namespace

void work(int socket, int root, Board &board, pid_t parent)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, nullptr);
	prctl(PR_SET_NAME, "memhp-writer");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);

	// Nothing of the parent's (its socket, its clients) may live on in here.
	const int high_socket = fcntl(socket, F_DUPFD_CLOEXEC, 16);
	const int high_root = fcntl(root, F_DUPFD_CLOEXEC, 16);
	if (dup2(high_socket, own_socket) < 0 || dup2(high_root, own_root) < 0)
		_exit(1);
	syscall(SYS_close_range, 5U, ~0U, 0U);
	const int memory = openat(own_root, Sysfs::memory_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (memory >= 0 && memory != own_memory)
		_exit(1);

	Order order;
	for (;;) {
		const auto got = recv(own_socket, &order, sizeof(order), 0);
		if (got != sizeof(order))
			_exit(0);
		Reply reply{0};
		if (order.blocks != 0)
			change_blocks(order, board);
		else
			reply.error = write_value(order);
		if (send(own_socket, &reply, sizeof(reply), MSG_NOSIGNAL) != sizeof(reply))
			_exit(0);
	}
}

} // namespace memhp::worker
