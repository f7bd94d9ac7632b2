// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kernel.h"

#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "attributes.h"

namespace tsoffset {
namespace {

constexpr size_t kReceiveRoom = 1 << 16;  // more than the kernel puts in one message of a dump

// Events come in bursts: a restored table is thousands of them.
constexpr int kEventRoom = 8 << 20;

[[noreturn]] void throw_errno(const char* what) {
  throw KernelError(errno, fmt::format("{}: {}", what, std::strerror(errno)));
}

// Which entry of the message the byte at `offset` belongs to.
int index_at(const nlmsghdr* request, uint32_t offset) {
  int index = -1;
  for (const nlattr* attr : Attributes(request, sizeof(genlmsghdr))) {
    const auto at =
        static_cast<size_t>(reinterpret_cast<const char*>(attr) - reinterpret_cast<const char*>(request));
    if (at > offset) break;
    if (mnl_attr_get_type(attr) == TSOFF_A_ENTRY) index++;
  }
  return index;
}

KernelError error_of(const nlmsghdr* answer, const nlmsghdr* request) {
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(answer));
  const int code = -error->error;
  std::string text = std::strerror(code);
  int index = -1;
  if (answer->nlmsg_flags & NLM_F_ACK_TLVS) {
    // Behind the header of the request, or (unless capped) behind all of it.
    size_t skip = sizeof *error;
    if (!(answer->nlmsg_flags & NLM_F_CAPPED)) skip += MNL_ALIGN(error->msg.nlmsg_len - sizeof(nlmsghdr));
    for (const nlattr* attr : Attributes(answer, skip)) {
      if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
        text = fmt::format("{} ({})", mnl_attr_get_str(attr), std::strerror(code));
      if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS) index = index_at(request, mnl_attr_get_u32(attr));
    }
  }
  return {code, text, index};
}

}  // namespace

Kernel::Kernel() : socket_(mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC), mnl_socket_close) {
  if (!socket_ || mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0) throw_errno("netlink");
  int on = 1;
  mnl_socket_setsockopt(socket_.get(), NETLINK_EXT_ACK, &on, sizeof on);
  mnl_socket_setsockopt(socket_.get(), NETLINK_CAP_ACK, &on, sizeof on);
  resolve();
}

std::vector<char> Kernel::message(uint16_t family, uint8_t command, uint8_t version, uint16_t flags,
                                  size_t room) {
  std::vector<char> buffer(MNL_ALIGN(sizeof(nlmsghdr)) + MNL_ALIGN(sizeof(genlmsghdr)) + room);
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = family;
  header->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  header->nlmsg_seq = ++sequence_;
  auto* generic = static_cast<genlmsghdr*>(mnl_nlmsg_put_extra_header(header, sizeof(genlmsghdr)));
  generic->cmd = command;
  generic->version = version;
  return buffer;
}

// Sends a request and takes in the answers up to its end: an acknowledgment, or the end of a dump.
void Kernel::exchange(std::vector<char>& request, const Put& put) {
  const auto* sent = reinterpret_cast<const nlmsghdr*>(request.data());
  const int fd = mnl_socket_get_fd(socket_.get());
  const int room = static_cast<int>(sent->nlmsg_len) * 2;
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);  // if refused, sending says so
  if (mnl_socket_sendto(socket_.get(), sent, sent->nlmsg_len) < 0) throw_errno("netlink");

  std::vector<char> answers(kReceiveRoom);
  bool interrupted = false;
  for (;;) {
    const ssize_t received = mnl_socket_recvfrom(socket_.get(), answers.data(), answers.size());
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) throw_errno("netlink");
    int rest = static_cast<int>(received);
    for (auto* answer = reinterpret_cast<nlmsghdr*>(answers.data()); mnl_nlmsg_ok(answer, rest);
         answer = mnl_nlmsg_next(answer, &rest)) {
      if (answer->nlmsg_seq != sent->nlmsg_seq) continue;
      interrupted |= (answer->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (answer->nlmsg_type == NLMSG_DONE) {
        if (interrupted) throw KernelError(EINTR, "the table keeps changing while it is read");
        return;
      }
      if (answer->nlmsg_type == NLMSG_ERROR) {
        if (static_cast<nlmsgerr*>(mnl_nlmsg_get_payload(answer))->error == 0) return;
        throw error_of(answer, sent);
      }
      put(answer);
    }
  }
}

void Kernel::resolve() {
  auto request = message(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK, 64);
  mnl_attr_put_strz(reinterpret_cast<nlmsghdr*>(request.data()), CTRL_ATTR_FAMILY_NAME, TSOFF_GENL_NAME);
  try {
    exchange(request, [this](const nlmsghdr* answer) {
      for (const nlattr* attr : Attributes(answer, sizeof(genlmsghdr))) {
        if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID) family_ = mnl_attr_get_u16(attr);
        if (mnl_attr_get_type(attr) != CTRL_ATTR_MCAST_GROUPS) continue;
        for (const nlattr* group : Attributes(attr)) {
          for (const nlattr* field : Attributes(group)) {
            if (mnl_attr_get_type(field) == CTRL_ATTR_MCAST_GRP_ID) group_ = mnl_attr_get_u32(field);
          }
        }
      }
    });
  } catch (const KernelError& error) {
    if (error.code() == ENOENT) throw KernelError(ENOENT, "the kernel module tsoffset is not loaded");
    throw;
  }
}

void Kernel::send_entries(uint8_t command, const std::vector<Entry>& entries, uint32_t flags) {
  auto request = message(family_, command, TSOFF_GENL_VERSION, NLM_F_ACK, entries.size() * kEntryRoom + 8);
  auto* header = reinterpret_cast<nlmsghdr*>(request.data());
  if (flags) mnl_attr_put_u32(header, TSOFF_A_FLAGS, flags);
  for (const Entry& entry : entries) put_entry(header, entry, command != TSOFF_CMD_DEL);
  exchange(request, [](const nlmsghdr*) {});
}

void Kernel::store(const std::vector<Entry>& entries, bool replace) {
  if (!entries.empty()) send_entries(replace ? TSOFF_CMD_SET : TSOFF_CMD_ADD, entries, 0);
}

void Kernel::remove(const std::vector<Entry>& entries, bool force) {
  if (!entries.empty()) send_entries(TSOFF_CMD_DEL, entries, force ? TSOFF_FLAG_FORCE : 0);
}

Entry Kernel::get(const Entry& connection) {
  auto request = message(family_, TSOFF_CMD_GET, TSOFF_GENL_VERSION, NLM_F_ACK, kEntryRoom);
  put_entry(reinterpret_cast<nlmsghdr*>(request.data()), connection, false);
  Entry entry;
  exchange(request, [&](const nlmsghdr* answer) { entry = read_event(answer).entry; });
  return entry;
}

std::vector<Entry> Kernel::all() {
  // What was added at once has the table resized in the background, which takes as long as the machine likes:
  // so the pauses grow.
  constexpr auto kPatience = std::chrono::seconds(10);
  const auto start = std::chrono::steady_clock::now();
  for (auto pause = std::chrono::milliseconds(1);; pause *= 2) {
    std::vector<Entry> entries;
    auto request = message(family_, TSOFF_CMD_GET, TSOFF_GENL_VERSION, NLM_F_DUMP, 0);
    try {
      exchange(request, [&](const nlmsghdr* answer) { entries.push_back(read_event(answer).entry); });
      return entries;
    } catch (const KernelError& error) {
      if (error.code() != EINTR || std::chrono::steady_clock::now() - start > kPatience) throw;
    }
    std::this_thread::sleep_for(std::min(pause, std::chrono::milliseconds(500)));
  }
}

uint32_t Kernel::flush(bool force) {
  auto request = message(family_, TSOFF_CMD_FLUSH, TSOFF_GENL_VERSION, NLM_F_ACK, 8);
  if (force) mnl_attr_put_u32(reinterpret_cast<nlmsghdr*>(request.data()), TSOFF_A_FLAGS, TSOFF_FLAG_FORCE);
  uint32_t deleted = 0;
  exchange(request, [&](const nlmsghdr* answer) {
    for (const nlattr* attr : Attributes(answer, sizeof(genlmsghdr))) {
      if (mnl_attr_get_type(attr) == TSOFF_A_DELETED) deleted = mnl_attr_get_u32(attr);
    }
  });
  return deleted;
}

Stats Kernel::stats() {
  auto request = message(family_, TSOFF_CMD_STATS, TSOFF_GENL_VERSION, NLM_F_ACK, 0);
  Stats stats;
  exchange(request, [&](const nlmsghdr* answer) {
    for (const nlattr* attr : Attributes(answer, sizeof(genlmsghdr))) {
      if (mnl_attr_get_type(attr) == TSOFF_A_STATS) stats = read_stats(attr);
    }
  });
  return stats;
}

void Kernel::monitor(const std::function<bool(const Event*)>& put) {
  const int fd = mnl_socket_get_fd(socket_.get());
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kEventRoom, sizeof kEventRoom);
  if (mnl_socket_setsockopt(socket_.get(), NETLINK_ADD_MEMBERSHIP, &group_, sizeof group_) < 0)
    throw_errno("events");
  std::vector<char> messages(kReceiveRoom);
  for (;;) {
    const ssize_t received = mnl_socket_recvfrom(socket_.get(), messages.data(), messages.size());
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && errno == ENOBUFS) {
      if (!put(nullptr)) return;
      continue;
    }
    if (received < 0) throw_errno("events");
    int rest = static_cast<int>(received);
    for (auto* message = reinterpret_cast<nlmsghdr*>(messages.data()); mnl_nlmsg_ok(message, rest);
         message = mnl_nlmsg_next(message, &rest)) {
      if (message->nlmsg_type != family_) continue;
      const Event event = read_event(message);
      if (!put(&event)) return;
    }
  }
}

}  // namespace tsoffset
