#include "datapath/bpf/bpf_calls.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace bulkhead::bpf {
namespace {

// Of linux/bpf.h since 6.6; older headers do not have them.
constexpr std::uint32_t kTcxIngress = 46, kTcxEgress = 47;
constexpr std::size_t kMostPrograms = 64;  // of one interface and side, the kernel's limit

int call(int command, bpf_attr& attributes) {
  return static_cast<int>(::syscall(__NR_bpf, command, &attributes, sizeof attributes));
}

Status answer(int result, const char* operation, const char* object) {
  if (result < 0) return errno_error(operation, object);
  return ok();
}

std::uint64_t address_of(const void* data) {
  return reinterpret_cast<std::uint64_t>(data);
}

void set_name(char (&to)[BPF_OBJ_NAME_LEN], const char* name) {
  std::strncpy(to, name, sizeof to - 1);
}

std::uint32_t type_of(Side side) {
  return side == Side::kIngress ? kTcxIngress : kTcxEgress;
}

template <typename Info>
bool describe(int fd, Info& info) {
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<std::uint32_t>(fd);
  attributes.info.info_len = sizeof info;
  attributes.info.info = address_of(&info);
  return call(BPF_OBJ_GET_INFO_BY_FD, attributes) >= 0;
}

BpfObject map_of(std::uint32_t id) {
  bpf_attr attributes{};
  attributes.map_id = id;
  return BpfObject(call(BPF_MAP_GET_FD_BY_ID, attributes));
}

// The verifier says most last.
std::string last_line(std::string said) {
  said.resize(std::strlen(said.c_str()));
  while (!said.empty() && said.back() == '\n') said.pop_back();
  const std::size_t line = said.find_last_of('\n', said.find_last_of('\n') - 1);
  return line == std::string::npos ? said : said.substr(line + 1);
}

}  // namespace

BpfObject& BpfObject::operator=(BpfObject&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

BpfObject::~BpfObject() {
  if (fd_ >= 0) ::close(fd_);
}

Result<BpfObject> make_map(const MapShape& shape, const char* name) {
  bpf_attr attributes{};
  attributes.map_type = shape.type;
  attributes.key_size = shape.key_size;
  attributes.value_size = shape.value_size;
  attributes.max_entries = shape.entries;
  attributes.map_flags = shape.flags;
  set_name(attributes.map_name, name);
  const int fd = call(BPF_MAP_CREATE, attributes);
  if (fd < 0) return errno_error("bpf(BPF_MAP_CREATE)", name);
  return BpfObject(fd);
}

Status set_element(int map, const void* key, const void* value) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = address_of(key);
  attributes.value = address_of(value);
  return answer(call(BPF_MAP_UPDATE_ELEM, attributes), "bpf(BPF_MAP_UPDATE_ELEM)", "map");
}

Status get_element(int map, const void* key, void* value) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = address_of(key);
  attributes.value = address_of(value);
  return answer(call(BPF_MAP_LOOKUP_ELEM, attributes), "bpf(BPF_MAP_LOOKUP_ELEM)", "map");
}

Status drop_element(int map, const void* key) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = address_of(key);
  return answer(call(BPF_MAP_DELETE_ELEM, attributes), "bpf(BPF_MAP_DELETE_ELEM)", "map");
}

Result<BpfObject> load_program(bpf_prog_type type, const std::vector<bpf_insn>& code, const char* name) {
  bpf_attr attributes{};
  attributes.prog_type = type;
  attributes.insns = address_of(code.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(code.size());
  attributes.license = address_of("Apache-2.0");
  set_name(attributes.prog_name, name);
  const int fd = call(BPF_PROG_LOAD, attributes);
  if (fd >= 0) return BpfObject(fd);
  Error error = errno_error("bpf(BPF_PROG_LOAD)", name);
  std::string said(65536, '\0');  // once more for the verifier's words
  attributes.log_buf = address_of(said.data());
  attributes.log_size = static_cast<std::uint32_t>(said.size());
  attributes.log_level = 1;
  const BpfObject again(call(BPF_PROG_LOAD, attributes));
  const std::string words = last_line(std::move(said));
  if (!words.empty()) error.text += ": " + words;
  return error;
}

Status attach(int program, std::uint32_t interface, Side side) {
  bpf_attr attributes{};
  attributes.target_fd = interface;  // an index here
  attributes.attach_bpf_fd = static_cast<std::uint32_t>(program);
  attributes.attach_type = type_of(side);
  return answer(call(BPF_PROG_ATTACH, attributes), "bpf(BPF_PROG_ATTACH)", "tcx");
}

Status detach(int program, std::uint32_t interface, Side side) {
  bpf_attr attributes{};
  attributes.target_fd = interface;
  attributes.attach_bpf_fd = static_cast<std::uint32_t>(program);
  attributes.attach_type = type_of(side);
  return answer(call(BPF_PROG_DETACH, attributes), "bpf(BPF_PROG_DETACH)", "tcx");
}

Result<std::vector<std::uint32_t>> attached(std::uint32_t interface, Side side) {
  std::vector<std::uint32_t> ids(kMostPrograms);
  bpf_attr attributes{};
  attributes.query.target_fd = interface;
  attributes.query.attach_type = type_of(side);
  attributes.query.prog_ids = address_of(ids.data());
  attributes.query.prog_cnt = static_cast<std::uint32_t>(ids.size());
  if (call(BPF_PROG_QUERY, attributes) < 0) {
    if (errno == ENOENT) return std::vector<std::uint32_t>();
    return errno_error("bpf(BPF_PROG_QUERY)", "tcx");
  }
  ids.resize(std::min<std::size_t>(attributes.query.prog_cnt, ids.size()));
  return ids;
}

Result<BpfObject> program_of(std::uint32_t id) {
  bpf_attr attributes{};
  attributes.prog_id = id;
  const int fd = call(BPF_PROG_GET_FD_BY_ID, attributes);
  if (fd < 0) return errno_error("bpf(BPF_PROG_GET_FD_BY_ID)", std::to_string(id));
  return BpfObject(fd);
}

std::string name_of_program(int program) {
  bpf_prog_info info{};
  if (!describe(program, info)) return {};
  return {info.name, ::strnlen(info.name, sizeof info.name)};
}

std::uint32_t id_of_program(int program) {
  bpf_prog_info info{};
  return describe(program, info) ? info.id : 0;
}

std::string name_of_map(int map) {
  bpf_map_info info{};
  if (!describe(map, info)) return {};
  return {info.name, ::strnlen(info.name, sizeof info.name)};
}

std::vector<BpfObject> maps_named(const std::string& name, std::uint32_t& seen) {
  std::vector<BpfObject> out;
  for (;;) {
    bpf_attr next{};
    next.start_id = seen;
    if (call(BPF_MAP_GET_NEXT_ID, next) < 0) break;
    seen = next.next_id;
    BpfObject map = map_of(seen);
    if (map && name_of_map(map.get()) == name) out.push_back(std::move(map));
  }
  return out;
}

}  // namespace bulkhead::bpf
