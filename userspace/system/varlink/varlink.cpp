// SPDX-License-Identifier: GPL-2.0-only
#include "system/varlink/varlink.h"

#include <cerrno>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/base/units.h"
#include "memhp/version.h"
#include "system/base/log.h"
#include "system/varlink/varlink_check.h"
#include "system/varlink/varlink_connection.h"

namespace memhp::varlink
{

using nlohmann::json;

namespace
{

constexpr auto service_name = "org.varlink.service";
constexpr Time pause_of_accept = std::chrono::milliseconds(100);

constexpr auto service_description =
	R"(# What every Varlink service offers
interface org.varlink.service

method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)

method GetInterfaceDescription(interface: string) -> (description: string)

error InterfaceNotFound (interface: string)
error MethodNotFound (method: string)
error MethodNotImplemented (method: string)
error InvalidParameter (parameter: string)
error PermissionDenied ()
error ExpectedMore ()
)";

const Description &own_description()
{
	static const auto description = parse_description(service_description);
	return *description;
}

Result<sockaddr_un> address_of(const std::string &path)
{
	sockaddr_un address{};
	address.sun_family = AF_UNIX;
	if (path.size() >= sizeof(address.sun_path))
		return fail_errno(ENAMETOOLONG, path);
	std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
	return address;
}

} // namespace

json parse_message(std::string_view text)
{
	constexpr int max_depth = 32;
	bool too_deep = false;
	auto message = json::parse(
		text.begin(), text.end(),
		[&](int depth, json::parse_event_t, const json &) {
			too_deep = too_deep || depth > max_depth;
			return !too_deep;
		},
		false);
	return too_deep ? json(json::value_t::discarded) : message;
}

Result<Fd> connect_at(const std::string &path, int flags)
{
	const auto address = address_of(path);
	if (!address)
		return fail(address.error());
	Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
	if (!socket)
		return fail_errno(errno, "socket");
	if (connect(socket.get(), reinterpret_cast<const sockaddr *>(&*address), sizeof(*address)) <
	    0)
		return fail_errno(errno, path);
	return socket;
}

Server::Server(Loop &loop, Fd listening, Interface interface, const ClientLimits &limits)
	: loop_(loop), listening_(std::move(listening)), interface_(std::move(interface)),
	  clients_(limits)
{
	auto description = parse_description(interface_.description);
	if (!description)
		throw std::invalid_argument("interface: " + description.error().message);
	description_ = std::move(*description);
	source_ = loop_.io(listening_.get(), EPOLLIN, [this](uint32_t) { accept(); });
}

// Nobody is told: those who would be may need a loop that has ended.
Server::~Server() = default;

void Server::accept()
{
	Fd socket(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
	if (!socket &&
	    (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
		// The client stays in the queue and would wake the loop at once.
		log::warning("a client of the socket waits: {}",
			     std::generic_category().message(errno));
		source_.reset();
		pause_ = loop_.timer(Loop::now() + pause_of_accept, [this] {
			pause_.reset();
			source_ =
				loop_.io(listening_.get(), EPOLLIN, [this](uint32_t) { accept(); });
		});
	}
	ucred peer{};
	socklen_t size = sizeof(peer);
	if (!socket || getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return;
	if (!clients_.admit(peer.uid)) {
		note(peer.uid, "is refused: there are too many");
		const auto text = complaint("TooManyClients",
					    "too many clients of memhpd's socket; try again later");
		// What does not fit into an empty socket's buffer is lost, with the client.
		static_cast<void>(::send(socket.get(), text.data(), text.size(),
					 MSG_DONTWAIT | MSG_NOSIGNAL));
		return;
	}
	const auto connection = std::make_shared<Connection>(*this, std::move(socket), peer.uid);
	connections_.emplace(connection.get(), connection);
	connection->start();
}

void Server::closed(const Connection *connection)
{
	clients_.leave(connection->uid());
	connections_.erase(connection);
}

std::string Server::complaint(std::string_view error, std::string_view text) const
{
	const json message = {{"error", fmt::format("{}.{}", description_.name, error)},
			      {"parameters", {{"message", text}}}};
	return message.dump() + '\0';
}

void Server::note(uid_t uid, const std::string &what)
{
	const auto count = ++notes_[what];
	if (worth_a_line(count))
		log::warning("a client of the socket (uid {}) {} ({} times so far)", uid, what,
			     count);
}

void Server::dispatch(const std::shared_ptr<Call> &call, const std::string &method) const
{
	const auto dot = method.rfind('.');
	const auto interface = method.substr(0, dot == std::string::npos ? 0 : dot);
	const auto name = dot == std::string::npos ? method : method.substr(dot + 1);

	const bool service = interface == service_name;
	if (!service && interface != description_.name) {
		call->error("org.varlink.service.InterfaceNotFound", {{"interface", interface}});
		return;
	}
	const auto &description = service ? own_description() : description_;
	const auto known = description.methods.find(name);
	if (known == description.methods.end()) {
		call->error("org.varlink.service.MethodNotFound", {{"method", method}});
		return;
	}
	auto &parameters = *call->parameters_;
	const auto wrong = mismatch(description, known->second.takes, parameters);
	if (!wrong.empty()) {
		call->error("org.varlink.service.InvalidParameter", {{"parameter", wrong}});
		return;
	}
	for (auto item = parameters.begin(); item != parameters.end();)
		item = item->is_null() ? parameters.erase(item) : std::next(item);

	if (!service)
		this->call(call, name);
	else if (name == "GetInfo")
		call->reply({{"vendor", "memhp"},
			     {"product", "memhpd"},
			     {"version", MEMHP_VERSION},
			     {"url", ""},
			     {"interfaces", {service_name, description_.name}}});
	else
		describe(*call);
}

void Server::call(const std::shared_ptr<Call> &call, const std::string &name) const
{
	const auto method = interface_.methods.find(name);
	if (method == interface_.methods.end())
		call->error("org.varlink.service.MethodNotImplemented",
			    {{"method", fmt::format("{}.{}", description_.name, name)}});
	else if (method->second.for_root && call->uid() != 0)
		call->error("org.varlink.service.PermissionDenied", json::object());
	else if (method->second.needs_more && !call->more())
		call->error("org.varlink.service.ExpectedMore", json::object());
	else
		method->second.handler(call);
}

void Server::describe(Call &call) const
{
	const auto &wanted = call.parameters().at("interface");
	if (wanted == description_.name)
		call.reply({{"description", interface_.description}});
	else if (wanted == service_name)
		call.reply({{"description", service_description}});
	else
		call.error("org.varlink.service.InterfaceNotFound", {{"interface", wanted}});
}

Result<Fd> listen_at(const std::string &path, unsigned mode)
{
	const auto address = address_of(path);
	if (!address)
		return fail(address.error());
	const auto other = connect_at(path, SOCK_NONBLOCK);
	// EAGAIN: its listen queue is full.
	if (other || other.error().code == std::errc::resource_unavailable_try_again)
		return fail_errno(EADDRINUSE, path + " is served by another memhpd");
	unlink(path.c_str());

	Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (!socket)
		return fail_errno(errno, "socket");
	const auto mask = umask(0777); // nobody connects before the owner and mode are set
	const int bound =
		bind(socket.get(), reinterpret_cast<const sockaddr *>(&*address), sizeof(*address));
	const int error = errno;
	umask(mask);
	if (bound < 0)
		return fail_errno(error, path);
	if (chmod(path.c_str(), mode) < 0 || listen(socket.get(), SOMAXCONN) < 0)
		return fail_errno(errno, path);
	return socket;
}

} // namespace memhp::varlink
