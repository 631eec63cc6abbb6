// SPDX-License-Identifier: GPL-2.0-only
#include "system/varlink/varlink_connection.h"

#include <array>
#include <cerrno>
#include <utility>

#include <nlohmann/json.hpp>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace memhp::varlink
{

using nlohmann::json;

namespace
{

constexpr size_t piece = 16384;

} // namespace

Connection::Connection(Server &server, Fd socket, uid_t uid)
	: server_(server), socket_(std::move(socket)), uid_(uid)
{
}

Connection::~Connection() = default;

void Connection::start() { watch(); }

void Connection::send(std::string_view message, bool last)
{
	if (last)
		current_.reset();
	if (!socket_ || doomed_)
		return;
	if (!last && output_.size() - sent_ > max_message) {
		server_.note(uid_, "does not take its answers; its connection is closed");
		close_soon();
		return;
	}
	if (!nobody_) {
		output_ += message;
		flush();
	}
	account();
	if (last)
		go_on();
	watch();
}

void Connection::close_soon()
{
	doomed_ = true;
	source_.reset();
	next_ = server_.loop_.defer([this] { close(); });
}

void Connection::close()
{
	const auto keep = shared_from_this();
	source_.reset();
	next_.reset();
	socket_.reset();
	input_.clear();
	output_.clear();
	sent_ = 0;
	account();
	if (const auto call = std::exchange(current_, nullptr); call && call->gone_)
		std::exchange(call->gone_, nullptr)();
	server_.closed(this);
}

/// At once when what is awaited changes: a socket that is writable and is still watched for that
/// would wake the loop for ever, and keep the next step from its turn.
void Connection::watch()
{
	if (!socket_ || doomed_ || nobody_)
		return;
	uint32_t events = 0;
	if (!output_.empty())
		events = EPOLLOUT;
	else if (!current_ && !message_ && !ended_)
		events = EPOLLIN;
	if (source_ && events == watched_)
		return;
	watched_ = events;
	source_.reset(); // epoll takes a descriptor only once
	source_ = server_.loop_.io(socket_.get(), events,
				   [this](uint32_t happened) { ready(happened); });
}

void Connection::ready(uint32_t events)
{
	const auto keep = shared_from_this();
	if (events & EPOLLIN) {
		receive();
		if (socket_ && !doomed_)
			step();
		return;
	}
	if (events & (EPOLLHUP | EPOLLERR)) {
		hung_up();
		return;
	}
	flush();
	account();
	if (doomed_ || nobody_)
		return;
	if (output_.empty() && current_ && current_->on_taken_)
		// It may end the call.
		std::function<void()>(current_->on_taken_)();
	if (output_.empty() && !current_)
		go_on();
	watch();
}

void Connection::hung_up()
{
	nobody_ = true;
	source_.reset();
	output_.clear();
	sent_ = 0;
	account();
	if (current_)
		close_soon();
	else
		go_on();
}

void Connection::go_on()
{
	if (!doomed_)
		next_ = server_.loop_.defer([this] {
			const auto keep = shared_from_this();
			step();
		});
}

void Connection::step()
{
	next_.reset();
	if (!socket_ || current_ || !output_.empty()) {
		watch();
		return;
	}
	// With nobody there it is not epoll that tells what there is to read.
	while (nobody_ && !ended_ && !message_ && !doomed_ && receive())
		;
	if (doomed_)
		return;
	if (message_)
		take_message();
	else if (ended_)
		close();
	else
		watch();
}

bool Connection::receive()
{
	std::array<char, piece> buffer;
	const auto got = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
	if (got < 0 && errno == EINTR)
		return true;
	if (got < 0 && errno == EAGAIN && !nobody_)
		return false;
	if (got <= 0) {
		ended_ = true;
		return false;
	}
	input_.append(buffer.data(), static_cast<size_t>(got));
	const auto end = input_.find('\0', searched_);
	message_ = end != std::string::npos;
	searched_ = message_ ? end : input_.size();
	account();
	if (searched_ > max_message)
		refuse(fmt::format("a message may have at most {} bytes", max_message));
	return true;
}

void Connection::take_message()
{
	auto message = parse_message({input_.data(), searched_});
	input_.erase(0, searched_ + 1);
	input_.shrink_to_fit();
	searched_ = input_.find('\0');
	message_ = searched_ != std::string::npos;
	if (!message_)
		searched_ = input_.size();
	account();
	if (!call(std::move(message)))
		refuse("this is no Varlink call: a JSON object with \"method\", and a NUL "
		       "behind it");
	else if (!current_ && output_.empty())
		go_on();
	else if (nobody_)
		close_soon();
	watch();
}

bool Connection::call(json message)
{
	if (!message.is_object())
		return false;
	const auto method = message.find("method");
	if (method == message.end() || !method->is_string())
		return false;
	bool good = true;
	const auto flag = [&](const char *name) {
		const auto found = message.find(name);
		if (found == message.end())
			return false;
		good = good && found->is_boolean();
		return good && found->get<bool>();
	};
	const bool more = flag("more");
	const bool oneway = flag("oneway");
	auto parameters = std::make_unique<json>(json::object());
	if (const auto given = message.find("parameters");
	    given != message.end() && !given->is_null()) {
		good = good && given->is_object();
		*parameters = std::move(*given);
	}
	if (!good)
		return false;
	current_ = std::shared_ptr<Call>(
		new Call(weak_from_this(), std::move(parameters), more, oneway));
	const auto keep_call = current_;
	server_.dispatch(keep_call, method->get<std::string>());
	return true;
}

void Connection::flush()
{
	while (sent_ < output_.size()) {
		const auto sent = ::send(socket_.get(), output_.data() + sent_,
					 output_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return;
		if (sent < 0) {
			hung_up();
			return;
		}
		sent_ += static_cast<size_t>(sent);
	}
	output_.clear();
	output_.shrink_to_fit();
	sent_ = 0;
}

void Connection::account()
{
	const auto now = input_.size() + output_.size() - sent_;
	const bool fits = server_.clients_.queue(uid_, std::exchange(accounted_, now), now);
	if (!fits && !doomed_)
		refuse("too much of this user's waits already");
}

void Connection::refuse(const std::string &why)
{
	server_.note(uid_, "loses its connection: " + why);
	doomed_ = true; // nothing more is done for it
	input_ = {};
	message_ = false;
	account();
	output_ += server_.complaint("InvalidMessage", why);
	flush();
	close_soon();
}

Call::Call(std::weak_ptr<Connection> connection, std::unique_ptr<json> parameters, bool more,
	   bool oneway)
	: connection_(std::move(connection)), parameters_(std::move(parameters)), more_(more),
	  oneway_(oneway)
{
}

Call::~Call() = default;

const json &Call::parameters() const { return *parameters_; }

uid_t Call::uid() const
{
	const auto connection = connection_.lock();
	return connection ? connection->uid() : static_cast<uid_t>(-1);
}

bool Call::taken() const
{
	const auto connection = connection_.lock();
	return !connection || connection->taken();
}

void Call::send(const json &message, bool last)
{
	if (answered_)
		return;
	answered_ = last;
	const auto connection = connection_.lock();
	if (!connection || (oneway_ && !last))
		return;
	std::string text;
	if (!oneway_) {
		text = message.dump(-1, ' ', false, json::error_handler_t::replace);
		text += '\0';
	}
	connection->send(text, last);
}

void Call::progress(const json &parameters)
{
	if (more_)
		send({{"parameters", parameters}, {"continues", true}}, false);
}

void Call::reply(const json &parameters) { send({{"parameters", parameters}}, true); }

void Call::error(std::string_view name, const json &parameters)
{
	send({{"error", name}, {"parameters", parameters}}, true);
}

} // namespace memhp::varlink
