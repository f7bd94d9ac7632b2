// SPDX-License-Identifier: Apache-2.0
//
// The module's protocol: what it takes, what it refuses, and who may ask.
#include <gtest/gtest.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include "attributes.h"
#include "rig.h"

namespace {

using namespace rig;
using tsoffset::Entry;
using tsoffset::Kernel;
using tsoffset::KernelError;

Entry numbered(unsigned n, uint32_t offset = 7) {
  Entry entry;
  entry.local = tsoffset::parse_address("10.1.0.1:1");
  entry.remote = tsoffset::parse_address("10.2.0.1:443");
  entry.local.port = static_cast<uint16_t>(1 + n % 60000);
  entry.remote.bytes[3] = static_cast<uint8_t>(n / 60000 + 1);
  entry.offset = offset;
  return entry;
}

std::vector<Entry> many(unsigned count) {
  std::vector<Entry> entries;
  for (unsigned n = 0; n < count; n++) entries.push_back(numbered(n));
  return entries;
}

// The error of what `call` does, or 0.
template <typename Call>
int code_of(Call call) {
  try {
    call();
    return 0;
  } catch (const KernelError& error) {
    return error.code();
  }
}

class Netlink : public testing::Test {
 protected:
  void TearDown() override { set_parameter("max_entries", 1 << 18); }
  Namespace space_{"netlink"};
  Kernel kernel_ = space_.kernel();
};

TEST_F(Netlink, StoresShowsDeletes) {
  kernel_.store({numbered(1, 0xfffffffe)}, false);
  EXPECT_EQ(kernel_.get(numbered(1)).offset, 0xfffffffeu);
  EXPECT_EQ(code_of([&] { kernel_.store({numbered(1)}, false); }), EEXIST);
  kernel_.store({numbered(1, 5)}, true);
  EXPECT_EQ(kernel_.get(numbered(1)).offset, 5u);
  kernel_.store({numbered(2, 6)}, true);  // set makes what is not there
  EXPECT_EQ(kernel_.all().size(), 2u);
  kernel_.remove({numbered(1)}, false);
  EXPECT_EQ(code_of([&] { kernel_.remove({numbered(1)}, false); }), ENOENT);
  EXPECT_EQ(code_of([&] { kernel_.get(numbered(1)); }), ENOENT);
  EXPECT_EQ(kernel_.flush(false), 1u);
}

TEST_F(Netlink, EndsAndFamiliesAreNotConfused) {
  Entry entry = numbered(1, 1), swapped = entry, v6 = entry;
  std::swap(swapped.local, swapped.remote);
  swapped.offset = 2;
  v6.local = tsoffset::parse_address("[fd00::1]:1");
  v6.remote = tsoffset::parse_address("[fd00::2]:443");
  kernel_.store({entry, swapped, v6}, false);
  EXPECT_EQ(kernel_.get(entry).offset, 1u);
  EXPECT_EQ(kernel_.get(swapped).offset, 2u);
  EXPECT_EQ(kernel_.get(v6).local, v6.local);
}

TEST_F(Netlink, NamespacesDoNotSeeEachOther) {
  const Namespace other("other");
  kernel_.store({numbered(1)}, false);
  EXPECT_TRUE(other.kernel().all().empty());
  other.kernel().store({numbered(1, 9)}, false);
  EXPECT_EQ(kernel_.get(numbered(1)).offset, 7u);
}

TEST_F(Netlink, ABatchIsAllOrNothing) {
  kernel_.store({numbered(500, 99)}, false);
  try {
    kernel_.store(many(1000), false);
    FAIL() << "stored";
  } catch (const KernelError& error) {
    EXPECT_EQ(error.code(), EEXIST);
    EXPECT_EQ(error.index(), 500) << "it says which";
  }
  EXPECT_EQ(kernel_.all().size(), 1u);
  EXPECT_EQ(kernel_.get(numbered(500)).offset, 99u);

  std::vector<Entry> twice = many(10);
  twice.push_back(twice[3]);
  EXPECT_EQ(code_of([&] { kernel_.store(twice, false); }), EEXIST);
  EXPECT_EQ(kernel_.all().size(), 1u);

  std::vector<Entry> some_absent = many(3);
  kernel_.store(many(2), false);
  EXPECT_EQ(code_of([&] { kernel_.remove(some_absent, false); }), ENOENT);
  EXPECT_EQ(kernel_.all().size(), 3u) << "nothing was deleted";

  std::vector<Entry> socket_mode = many(5);
  socket_mode[4].mode = TSOFF_MODE_SOCKET;
  socket_mode[0].offset = 1234;
  EXPECT_EQ(code_of([&] { kernel_.store(socket_mode, true); }), ENOTCONN);
  EXPECT_EQ(kernel_.get(numbered(0)).offset, 7u) << "nothing was changed";
}

TEST_F(Netlink, TheTableHasALimit) {
  set_parameter("max_entries", 100);
  EXPECT_EQ(code_of([&] { kernel_.store(many(101), false); }), ENOSPC);
  EXPECT_TRUE(kernel_.all().empty());
  kernel_.store(many(100), false);
  EXPECT_EQ(code_of([&] { kernel_.store({numbered(100)}, false); }), ENOSPC);
  kernel_.store({numbered(5, 8)}, true);  // no new one
  const auto stats = space_.stats();
  EXPECT_EQ(stats.at("table_full"), 2u);
  EXPECT_EQ(stats.at("entries"), 100u);
  EXPECT_EQ(stats.at("limit"), 100u);
}

TEST_F(Netlink, ADumpIsWhole) {
  const unsigned count = 20000;
  kernel_.store(many(count), false);
  std::set<std::string> seen;
  for (const Entry& entry : kernel_.all()) seen.insert(to_string(entry.local) + to_string(entry.remote));
  EXPECT_EQ(seen.size(), count);
  EXPECT_EQ(kernel_.all().size(), count) << "nothing twice";
}

TEST_F(Netlink, ADumpOfAChangingTableIsDoneAgain) {
  kernel_.store(many(3000), false);
  std::atomic<bool> stop = false;
  std::thread churn([&] {
    Kernel other = space_.kernel();
    for (unsigned n = 0; !stop; n++) {
      other.store({numbered(50000 + n % 5000)}, false);
      other.remove({numbered(50000 + n % 5000)}, false);
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
  });
  for (int i = 0; i < 5; i++) {
    std::set<std::string> seen;
    const auto entries = kernel_.all();
    for (const Entry& entry : entries) seen.insert(to_string(entry.local) + to_string(entry.remote));
    EXPECT_EQ(seen.size(), entries.size());
    EXPECT_GE(seen.size(), 3000u);
    EXPECT_LE(seen.size(), 3001u);
  }
  stop = true;
  churn.join();
}

TEST_F(Netlink, EventsTellWhatHappened) {
  std::vector<std::string> seen;
  std::atomic<bool> listening = false;
  std::thread listener([&] {
    Kernel kernel = space_.kernel();
    listening = true;
    kernel.monitor([&](const tsoffset::Event* event) {
      if (!event) {
        seen.push_back("lost");
        return false;
      }
      const char* name = event->command == TSOFF_CMD_ADD   ? "add"
                         : event->command == TSOFF_CMD_SET ? "set"
                                                           : "del";
      seen.push_back(name + std::to_string(event->entry.offset.value_or(0)) +
                     (event->reason ? "r" + std::to_string(*event->reason) : ""));
      return seen.size() < 4;
    });
  });
  wait_for([&] { return listening.load(); }, 5);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  kernel_.store({numbered(1, 5)}, false);
  kernel_.store({numbered(1, 6)}, true);
  EXPECT_NE(code_of([&] {
              kernel_.store({numbered(2), numbered(1)}, false);
            }),
            0);  // no event for what failed
  kernel_.remove({numbered(1)}, false);
  kernel_.store({numbered(3, 8)}, false);
  listener.join();
  EXPECT_EQ(seen, (std::vector<std::string>{"add5", "set6", "del6r0", "add8"}));
}

// What a child process that first does `prepare` gets when it asks for the table.
int code_in_child(const std::function<bool()>& prepare) {
  const pid_t child = fork();
  if (child == 0) {
    if (!prepare()) _exit(200);
    _exit(code_of([] { Kernel().all(); }));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

bool become_nobody() {
  // Dumpable again, or its own /proc files would be root's.
  return setgid(65534) == 0 && setuid(65534) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0;
}

bool map_root(const char* path) {
  std::ofstream file(path);
  file << "0 65534 1" << std::flush;
  return file.good();
}

bool own_user_namespace(int more) {
  if (!become_nobody() || unshare(CLONE_NEWUSER | more) != 0) return false;
  std::ofstream("/proc/self/setgroups") << "deny";
  return map_root("/proc/self/uid_map") && map_root("/proc/self/gid_map");
}

TEST_F(Netlink, WhoMayAsk) {
  space_.in([] {
    EXPECT_EQ(code_in_child([] { return true; }), 0) << "root";
    EXPECT_EQ(code_in_child(become_nobody), EPERM) << "nobody";
    EXPECT_EQ(code_in_child([] { return own_user_namespace(CLONE_NEWNET); }), 0)
        << "root of a user namespace, in the network namespace that it owns";
    EXPECT_EQ(code_in_child([] { return own_user_namespace(0); }), EPERM)
        << "root of a user namespace, in a network namespace that it does not own";
  });
}

// Raw messages ------------------------------------------------------------------------------------

class RawNetlink : public Netlink {
 protected:
  void SetUp() override {
    space_.in([&] {
      socket_ = mnl_socket_open(NETLINK_GENERIC);
      mnl_socket_bind(socket_, 0, MNL_SOCKET_AUTOPID);
    });
    nlmsghdr* message = start(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
    mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, TSOFF_GENL_NAME);
    send();
    for (const nlattr* attr :
         tsoffset::Attributes(reinterpret_cast<nlmsghdr*>(answer_.data()), sizeof(genlmsghdr)))
      if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID) family_ = mnl_attr_get_u16(attr);
    ASSERT_NE(family_, 0);
    while (mnl_socket_recvfrom(socket_, answer_.data(), answer_.size()) > 0) {  // the acknowledgment
      const auto* header = reinterpret_cast<nlmsghdr*>(answer_.data());
      if (header->nlmsg_type == NLMSG_ERROR) break;
    }
  }
  void TearDown() override {
    mnl_socket_close(socket_);
    Netlink::TearDown();
  }

  nlmsghdr* start(uint16_t family, uint8_t command, uint16_t flags = NLM_F_ACK) {
    request_.assign(65536, 0);
    nlmsghdr* message = mnl_nlmsg_put_header(request_.data());
    message->nlmsg_type = family;
    message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    auto* header = static_cast<genlmsghdr*>(mnl_nlmsg_put_extra_header(message, sizeof(genlmsghdr)));
    header->cmd = command;
    header->version = 1;
    return message;
  }
  nlmsghdr* start(uint8_t command) { return start(family_, command); }

  // The error that the message gets; reads all of its answers.
  int send() {
    const auto* message = reinterpret_cast<nlmsghdr*>(request_.data());
    EXPECT_GT(mnl_socket_sendto(socket_, message, message->nlmsg_len), 0);
    for (;;) {
      const ssize_t n = mnl_socket_recvfrom(socket_, answer_.data(), answer_.size());
      if (n < 0) return errno;
      int rest = static_cast<int>(n);
      for (auto* answer = reinterpret_cast<nlmsghdr*>(answer_.data()); mnl_nlmsg_ok(answer, rest);
           answer = mnl_nlmsg_next(answer, &rest)) {
        if (answer->nlmsg_type == NLMSG_DONE) return 0;
        if (answer->nlmsg_type == NLMSG_ERROR)
          return -static_cast<nlmsgerr*>(mnl_nlmsg_get_payload(answer))->error;
        if (message->nlmsg_type == GENL_ID_CTRL) return 0;
      }
    }
  }

  // ADD of one entry with these attributes of `whole` (by number), each as many times as told.
  struct Part {
    uint16_t type;
    std::vector<uint8_t> bytes;
    int times = 1;
  };
  static std::vector<Part> whole() {
    return {{TSOFF_E_LOCAL_ADDR, {10, 0, 0, 1}}, {TSOFF_E_REMOTE_ADDR, {10, 0, 0, 2}},
            {TSOFF_E_LOCAL_PORT, {1, 2}},        {TSOFF_E_REMOTE_PORT, {3, 4}},
            {TSOFF_E_OFFSET, {1, 0, 0, 0}},      {TSOFF_E_MODE, {0}},
            {TSOFF_E_TIMEOUT, {60, 0, 0, 0}},    {TSOFF_E_RATE_WAS, {0xe8, 3, 0, 0}},
            {TSOFF_E_RATE_NOW, {0xe8, 3, 0, 0}}};
  }
  int add(const std::vector<Part>& parts) {
    nlmsghdr* message = start(TSOFF_CMD_ADD);
    nlattr* nest = mnl_attr_nest_start(message, TSOFF_A_ENTRY);
    for (const Part& part : parts)
      for (int i = 0; i < part.times; i++)
        mnl_attr_put(message, part.type, part.bytes.size(), part.bytes.data());
    mnl_attr_nest_end(message, nest);
    return send();
  }
  // ... which must fail with this, and leave nothing.
  void refused(const std::vector<Part>& parts, int code, const std::string& what) {
    EXPECT_EQ(add(parts), code) << what;
    EXPECT_EQ(kernel_.flush(true), 0u) << what << " was stored";
  }

  mnl_socket* socket_ = nullptr;
  uint16_t family_ = 0;
  std::vector<char> request_, answer_ = std::vector<char>(65536);
};

TEST_F(RawNetlink, TheWholeOneIsTaken) {
  EXPECT_EQ(add(whole()), 0);
  EXPECT_EQ(kernel_.flush(true), 1u);
}

TEST_F(RawNetlink, EachAttributeMissing) {
  for (size_t i = 0; i < whole().size(); i++) {
    auto parts = whole();
    const uint16_t type = parts[i].type;
    parts.erase(parts.begin() + static_cast<long>(i));
    if (type <= TSOFF_E_OFFSET) {
      refused(parts, EINVAL, "without attribute " + std::to_string(type));
    } else {
      EXPECT_EQ(add(parts), 0) << "attribute " << type << " may be left out";
      EXPECT_EQ(kernel_.flush(true), 1u);
    }
  }
}

TEST_F(RawNetlink, EachAttributeDoubled) {
  for (size_t i = 0; i < whole().size(); i++) {
    auto parts = whole();
    parts[i].times = 2;
    refused(parts, EINVAL, "twice attribute " + std::to_string(parts[i].type));
  }
}

TEST_F(RawNetlink, EachAttributeOfEachWrongLength) {
  for (size_t i = 0; i < whole().size(); i++)
    for (size_t length = 0; length <= 40; length++) {
      auto parts = whole();
      if (length == parts[i].bytes.size()) continue;
      parts[i].bytes.resize(length, 1);
      const int code = add(parts);
      EXPECT_TRUE(code == EINVAL || code == ERANGE)
          << "attribute " << parts[i].type << " of " << length << ": " << code;
      EXPECT_EQ(kernel_.flush(true), 0u);
    }
}

TEST_F(RawNetlink, ValuesOutOfRange) {
  const auto with = [](uint16_t type, std::vector<uint8_t> bytes) {
    auto parts = whole();
    bool found = false;
    for (Part& part : parts)
      if (part.type == type) {
        part.bytes = bytes;
        found = true;
      }
    if (!found) parts.push_back({type, bytes});
    return parts;
  };
  refused(with(TSOFF_E_MODE, {2}), ERANGE, "mode 2");
  refused(with(TSOFF_E_MODE, {255}), ERANGE, "mode 255");
  refused(with(TSOFF_E_TIMEOUT, {0, 0, 0, 0}), ERANGE, "timeout 0");
  refused(with(TSOFF_E_TIMEOUT, {255, 255, 255, 255}), ERANGE, "timeout of 136 years");
  refused(with(TSOFF_E_RATE_WAS, {0, 0, 0, 0}), ERANGE, "rate 0");
  refused(with(TSOFF_E_RATE_WAS, {0x40, 0x42, 0xf, 0}), EINVAL, "another rate");
  refused(with(TSOFF_E_LOCAL_PORT, {0, 0}), EINVAL, "port 0");
  refused(with(TSOFF_E_REMOTE_ADDR, {0, 0, 0, 0}), EINVAL, "address 0.0.0.0");
  refused(with(TSOFF_E_REMOTE_ADDR, {224, 0, 0, 1}), EINVAL, "multicast");
  refused(with(TSOFF_E_REMOTE_ADDR, {255, 255, 255, 255}), EINVAL, "broadcast");
  refused(with(TSOFF_E_LAST_TSVAL, {1, 0, 0, 0}), EINVAL, "offset and last TSval");
  refused(with(TSOFF_E_STATE, {1, 0, 0, 0}), EINVAL, "the kernel's own attribute");
  refused(with(TSOFF_E_MAX + 1, {1, 0, 0, 0}), EINVAL, "an unknown attribute");
  auto mapped = whole();
  for (int i = 0; i < 2; i++)
    mapped[static_cast<size_t>(i)].bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1};
  refused(mapped, EINVAL, "IPv4-mapped");
}

TEST_F(RawNetlink, TheOuterLevel) {
  for (const uint8_t command : {TSOFF_CMD_ADD, TSOFF_CMD_SET, TSOFF_CMD_DEL, TSOFF_CMD_GET}) {
    start(command);
    EXPECT_EQ(send(), EINVAL) << "no entry, command " << int{command};
  }
  nlmsghdr* message = start(TSOFF_CMD_FLUSH);
  mnl_attr_put_u32(message, TSOFF_A_FLAGS, 0x80);
  EXPECT_EQ(send(), EINVAL) << "an unknown flag";
  message = start(TSOFF_CMD_FLUSH);
  mnl_attr_put_u32(message, TSOFF_A_FLAGS, 1);
  mnl_attr_put_u32(message, TSOFF_A_FLAGS, 1);
  EXPECT_EQ(send(), EINVAL) << "flags twice";
  message = start(TSOFF_CMD_ADD);
  mnl_attr_put_u32(message, TSOFF_A_STATS, 1);
  EXPECT_NE(send(), 0) << "the kernel's own attribute";
  message = start(TSOFF_CMD_ADD);
  mnl_attr_put(message, TSOFF_A_ENTRY, 0, nullptr);
  EXPECT_EQ(send(), EINVAL) << "an entry that is not marked as nested";
  start(TSOFF_CMD_MAX + 1);
  EXPECT_EQ(send(), EOPNOTSUPP) << "an unknown command";
  start(0);
  EXPECT_EQ(send(), EOPNOTSUPP);
}

TEST_F(RawNetlink, NoisePassesWithoutHarm) {
  std::mt19937 engine(4);
  const auto random = [&](uint32_t below) { return static_cast<uint32_t>(engine()) % below; };
  const auto noise = [&](nlmsghdr* message, uint32_t types) {
    std::vector<uint8_t> bytes(random(8) ? 4 : random(24));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(engine());
    mnl_attr_put(message, static_cast<uint16_t>(random(types)), bytes.size(), bytes.data());
  };
  int taken = 0;
  for (int round = 0; round < 6000; round++) {
    nlmsghdr* message = start(static_cast<uint8_t>(1 + random(TSOFF_CMD_MAX)));
    for (uint32_t n = random(4); n > 0; n--) {
      if (random(4) == 0) {
        noise(message, TSOFF_A_MAX + 2);
        continue;
      }
      nlattr* nest = mnl_attr_nest_start(message, TSOFF_A_ENTRY);
      for (const Part& part : whole()) {
        if (random(12) == 0) continue;
        std::vector<uint8_t> bytes = part.bytes;
        if (random(20) == 0 && !bytes.empty())
          bytes[random(static_cast<uint32_t>(bytes.size()))] ^= static_cast<uint8_t>(engine());
        mnl_attr_put(message, part.type, bytes.size(), bytes.data());
      }
      if (random(6) == 0) noise(message, TSOFF_E_MAX + 2);
      mnl_attr_nest_end(message, nest);
    }
    if (random(5) == 0) {
      auto* bytes = reinterpret_cast<uint8_t*>(message);  // behind the header of netlink itself
      bytes[16 + random(message->nlmsg_len - 15)] ^= static_cast<uint8_t>(1u << random(8));
    }
    taken += send() == 0;
  }
  EXPECT_GT(taken, 300) << "the noise is too loud to reach anything";
  EXPECT_LT(taken, 5700);
  EXPECT_EQ(code_of([&] { kernel_.all(); }), 0);
}

}  // namespace
