// Everything a run needs to know, typed: the settings of each component and the names of its inputs.
// config_loader.h fills it from YAML and --set; the engine (config/daemon) reads it.
//
// Thread   filled on the control thread, then immutable.
// Defaults those of the setting table (config/schema), not the initialisers here.
// Tests    tests/unit/config/load/config_loader_test.cpp
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/load/outputs_settings.h"
#include "config/sandbox/sandbox.h"
#include "datapath/base/diagnostic.h"
#include "datapath/base/ip_address.h"
#include "datapath/dpdk/dpdk_settings.h"
#include "datapath/io/packet_wire_settings.h"
#include "datapath/output/eve_settings.h"
#include "datapath/output/output_settings.h"
#include "datapath/pipeline/file_store.h"
#include "datapath/pipeline/pipeline_settings.h"
#include "datapath/pipeline/verdict.h"
#include "rules/block/response_ladder.h"
#include "rules/discovery/container_limits.h"
#include "rules/fast_path/fast_path.h"
#include "rules/nft/inline_queue.h"
#include "rules/nft/l2_guard_renderer.h"
#include "signatures/behaviour/incident.h"
#include "signatures/patches/patch_book.h"

namespace bulkhead::config {

// A variable of rules, $NAME, with its value as written.
struct RuleVariable {
  std::string name;
  std::string value;
  SourceSpan span;  // of the value
};

struct SignatureSettings {
  std::vector<std::string> files;     // globs expanded, in order; nothing twice
  std::string classification_file;    // empty: built-in table
  std::string reference_file;         // empty: built-in table
  std::string threshold_file;         // empty: none
  std::string cache_dir;              // empty: no cache
  std::string data_dir = ".";         // of datasets that rules fill
  std::string reputation_categories;  // empty: no iprep
  std::vector<std::string> reputation_files;
  std::string geoip_database;  // empty: no geoip
  std::vector<RuleVariable> addresses;
  std::vector<RuleVariable> ports;
  std::vector<pipeline::RuleAction> action_order{pipeline::RuleAction::kPass, pipeline::RuleAction::kDrop,
                                                 pipeline::RuleAction::kReject, pipeline::RuleAction::kAlert};
  std::uint16_t packet_alert_max = 15;
  std::array<std::uint32_t, 2> stream_chunk{};  // by Direction: bytes that must have come before they are judged
  bool failure_is_fatal = false;                // engine.init-failure-fatal
  bool keep_text = false;                       // keep each rule as written: alerts with rule.raw, lint
};

struct PolicySettings {
  std::vector<std::string> files;  // globs expanded
  std::string inventory;           // empty: none
  std::vector<IpPrefix> metadata;  // services of the cloud that are denied by a tier of their own
};

// What holds for unknown containers and without the daemon; names of interfaces, a final * for any ending.
struct SegmentSettings {
  std::vector<std::string> closed;
  std::vector<std::string> fail_closed;
  std::chrono::seconds lease{10};
  std::chrono::seconds grace{30};
  std::optional<rules::PathScope> fast_path = rules::PathScope::kBridge;  // none: never
};

// The guard of ports, and where workloads are found besides the inventory file.
struct PortGuardSettings {
  bool enabled = true;
  rules::GuardSettings rules;
};
enum class DockerMode : std::uint8_t { kAuto, kYes, kNo };
struct DiscoverySettings {
  DockerMode docker = DockerMode::kAuto;
  std::string docker_socket;
  DockerMode cri = DockerMode::kAuto;
  std::vector<std::string> cri_sockets;
  std::chrono::milliseconds cri_poll{1000};
  std::string node_name;
  DockerMode kubernetes = DockerMode::kAuto;
  std::string kubernetes_server;       // URL; empty: the one that pods are told
  std::string kubernetes_credentials;  // directory of token and ca.crt
};

struct CaptureSettings {
  std::vector<std::string> interfaces;
  bool promiscuous = true;
  std::uint32_t snaplen = 131072;
  std::uint32_t block_bytes = 1 << 20;
  std::uint32_t blocks = 64;
  std::chrono::milliseconds block_timeout{10};
  bool kernel_bypass = true;
  std::uint16_t fanout_group = 0;  // 0: from the process id
};

// Flows whose packets wait for a verdict.
struct InlineSettings {
  rules::InlineQueueSettings queue;  // which flows, which queues, marks
  std::uint32_t max_packets = 4096;  // waiting in a queue
  std::uint32_t batch_packets = 32;
  std::uint32_t buffer_bytes = 64U << 20;
  std::chrono::microseconds gather{20};
  [[nodiscard]] bool enabled() const { return queue.flows != rules::InlineFlows::kNothing; }
};

// Ports whose packets go through workers.
struct WireSettings {
  std::vector<std::string> interfaces;  // a final * for any ending
  bool closed = false;                  // without the daemon
  std::uint16_t workers = 1;
  io::PacketWireSettings source;
  [[nodiscard]] bool enabled() const { return !interfaces.empty(); }
};

// What the daemon gives up; config/daemon/sandbox_plan.h makes a plan of it and of the rest.
struct SandboxSettings {
  sandbox::SandboxMode mode = sandbox::SandboxMode::kOn;
  std::vector<std::string> read;  // directories besides those of the files above
};

// observe: findings are told; simulate: all is decided and told, the kernel is not touched.
enum class ResponseMode : std::uint8_t { kOff, kObserve, kSimulate, kEnforce };

// Who is limited for how it was started (codes of rules/model/posture.h).
struct AutoLimitSettings {
  std::optional<behaviour::Severity> severity;  // of an incident, at least; none: incidents limit nobody
  std::set<std::string> findings;               // that count with an incident
  std::set<std::string> always;                 // that limit without one
  bool resources = false;                       // and by the container engine
  rules::ContainerLimits wanted;
  std::string state_file;  // relative names already joined to log_dir
};

struct ResponseSettings {
  ResponseMode mode = ResponseMode::kOff;
  rules::LadderSettings ladder;
  std::uint32_t limit_packets = 100;  // per second
  bool reset = true;
  AutoLimitSettings auto_limit = {};
};

struct NetlinkSettings {
  bool enabled = true;
  std::uint32_t group = 27;
};

struct StatsSettings {
  bool enabled = true;
  std::chrono::seconds interval{8};
};

struct EngineSettings {
  std::vector<std::string> pcap_files;  // replay; empty: live
  CaptureSettings capture;              // live
  InlineSettings inline_queue;          // live
  WireSettings wire;                    // live
  dpdk::DpdkSettings dpdk;              // live
  std::uint32_t workers = 0;            // 0: choose
  std::optional<std::uint64_t> seed;    // also in pipeline.flow.hash_seed; live: random unless given

  pipeline::PipelineSettings pipeline;

  SignatureSettings signatures;
  patches::PatchSettings patches;
  PolicySettings policy;
  ResponseSettings response;
  SegmentSettings segments;
  PortGuardSettings guard;
  DiscoverySettings discovery;
  SandboxSettings sandbox;
  std::string file;  // of the settings; empty: none
  bool reload_on_change = false;

  pipeline::FileStoreSettings file_store;
  std::string log_dir;
  std::string log_level = "info";
  bool eve_enabled = true;
  std::string eve_file;  // relative names already joined to log_dir
  output::EveSettings eve;
  output::OutputSettings output;
  output::FileSettings eve_rotation;  // its rotate_* alone
  OutputsSettings outputs;
  NetlinkSettings netlink;
  StatsSettings stats;
};

}  // namespace bulkhead::config
