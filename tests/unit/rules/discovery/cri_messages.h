// Answers of a container runtime, made for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rules/discovery/protobuf.h"

namespace bulkhead::rules {

struct SandboxFields {
  std::string id = "5a1db0f3", name = "web", name_space = "shop", uid = "u-1";
  std::vector<std::pair<std::string, std::string>> labels = {{"app", "web"}};
  std::vector<std::string> addresses = {"10.88.0.5"};
  int state = 0;
  int network = 0, pid = 1, ipc = 0;  // NamespaceMode
  std::int64_t created = 1;
  std::string info;  // JSON
};

inline std::string pair_of(const std::string& key, const std::string& value) {
  return ProtobufWriter().bytes(1, key).bytes(2, value).text();
}

inline std::string sandbox_status(const SandboxFields& f) {
  ProtobufWriter status, network;
  status.bytes(1, f.id).bytes(2, ProtobufWriter().bytes(1, f.name).bytes(2, f.uid).bytes(3, f.name_space).text());
  if (f.state != 0) status.number(3, static_cast<std::uint64_t>(f.state));
  status.number(4, static_cast<std::uint64_t>(f.created));
  for (std::size_t i = 0; i < f.addresses.size(); ++i) {
    if (i == 0) network.bytes(1, f.addresses[i]);
    if (i != 0) network.bytes(2, ProtobufWriter().bytes(1, f.addresses[i]).text());
  }
  status.bytes(5, network.text());
  const auto mode = [](int value) { return static_cast<std::uint64_t>(value); };
  const std::string options =
      ProtobufWriter().number(1, mode(f.network)).number(2, mode(f.pid)).number(3, mode(f.ipc)).text();
  status.bytes(6, ProtobufWriter().bytes(1, ProtobufWriter().bytes(2, options).text()).text());
  for (const auto& [key, value] : f.labels) status.bytes(7, pair_of(key, value));
  ProtobufWriter out;
  out.bytes(1, status.text());
  if (!f.info.empty()) out.bytes(2, pair_of("info", f.info));
  return out.text();
}

struct ContainerFields {
  std::string id = "c0ffee01", name = "server";
  int state = 1;
  std::int64_t created = 1;
  std::string image = "registry/shop/web:1.2", reference = "registry/shop/web@sha256:0011";
  std::vector<std::string> mounts;
  std::string info;
};

inline std::string container_status(const ContainerFields& f) {
  ProtobufWriter status;
  status.bytes(1, f.id).bytes(2, ProtobufWriter().bytes(1, f.name).text());
  status.number(3, static_cast<std::uint64_t>(f.state)).number(4, static_cast<std::uint64_t>(f.created));
  status.bytes(8, ProtobufWriter().bytes(1, f.image).text()).bytes(9, f.reference);
  for (const std::string& path : f.mounts) status.bytes(14, ProtobufWriter().bytes(1, "/in").bytes(2, path).text());
  ProtobufWriter out;
  out.bytes(1, status.text());
  if (!f.info.empty()) out.bytes(2, pair_of("info", f.info));
  return out.text();
}

inline std::string sandbox_list(const std::vector<std::string>& ids, int state = 0) {
  ProtobufWriter out;
  for (const std::string& id : ids) {
    out.bytes(1, ProtobufWriter().bytes(1, id).number(3, static_cast<std::uint64_t>(state)).text());
  }
  return out.text();
}

// {container, sandbox}
inline std::string container_list(const std::vector<std::pair<std::string, std::string>>& ids, int state = 1) {
  ProtobufWriter out;
  for (const auto& [id, sandbox] : ids) {
    out.bytes(1, ProtobufWriter().bytes(1, id).bytes(2, sandbox).number(6, static_cast<std::uint64_t>(state)).text());
  }
  return out.text();
}

}  // namespace bulkhead::rules
