// SPDX-License-Identifier: Apache-2.0
#include "kernel_events.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cstdarg>
#include <string_view>

#include "fate.skel.h"
#include "sys.h"

namespace lab {
namespace {

/// The drop reasons under the names that the running kernel gives them. Numbers change with every release.
std::map<uint32_t, std::string> read_reason_names() {
  constexpr std::string_view kPrefix = "SKB_DROP_REASON_";
  std::map<uint32_t, std::string> names;
  btf* types = btf__load_vmlinux_btf();
  if (!types) throw SystemError("no BTF of the kernel (/sys/kernel/btf/vmlinux)");
  const int id = btf__find_by_name_kind(types, "skb_drop_reason", BTF_KIND_ENUM);
  if (id > 0) {
    const btf_type* type = btf__type_by_id(types, static_cast<uint32_t>(id));
    const auto* value = btf_enum(type);
    for (int i = 0; i < btf_vlen(type); ++i, ++value) {
      std::string_view name = btf__name_by_offset(types, value->name_off);
      if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
      names[static_cast<uint32_t>(value->val)] = name;
    }
  }
  btf__free(types);
  return names;
}

int print_only_warnings(libbpf_print_level level, const char* format, va_list arguments) {
  return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

}  // namespace

KernelEvents::KernelEvents(std::span<const uint32_t> namespaces) : reasons_(read_reason_names()) {
  libbpf_set_print(print_only_warnings);
  program_ = fate__open();
  if (!program_) throw SystemError("open BPF object");
  for (size_t i = 0; i < namespaces.size() && i < std::size(program_->rodata->watched); ++i)
    program_->rodata->watched[i] = namespaces[i];
  int error = fate__load(program_);
  if (!error) error = fate__attach(program_);
  if (error) {
    fate__destroy(program_);
    throw SystemError("load and attach BPF programs", -error);
  }
  const auto forward = [](void* self, void* data, size_t) {
    static_cast<KernelEvents*>(self)->use_(*static_cast<const lab_event*>(data));
    return 0;
  };
  ring_ = ring_buffer__new(bpf_map__fd(program_->maps.events), forward, this, nullptr);
  if (!ring_) {
    fate__destroy(program_);
    throw SystemError("BPF ring buffer");
  }
}

KernelEvents::~KernelEvents() {
  ring_buffer__free(ring_);
  fate__destroy(program_);
}

void KernelEvents::read(const std::function<void(const lab_event&)>& use) {
  use_ = use;
  must(ring_buffer__consume(ring_), "read BPF ring buffer");
}

uint64_t KernelEvents::lost() const { return program_->bss->lost; }
int KernelEvents::fd() const { return ring_buffer__epoll_fd(ring_); }

std::string KernelEvents::reason_name(uint32_t reason) const {
  const auto found = reasons_.find(reason);
  return found == reasons_.end() ? std::string() : found->second;
}

bool KernelEvents::knows(const std::string& reason) const {
  return std::any_of(reasons_.begin(), reasons_.end(),
                     [&](const auto& entry) { return entry.second == reason; });
}

std::vector<std::string> KernelEvents::reason_names() const {
  std::vector<std::string> names;
  for (const auto& [number, name] : reasons_) names.push_back(name);
  return names;
}

}  // namespace lab
