#include "config/daemon/block_thread.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "datapath/base/interface_index.h"
#include "datapath/base/scheduling.h"

namespace bulkhead::config {

namespace {

constexpr int kFirst = -20;                   // nice value: a block is little work, and it is urgent
constexpr std::size_t kForgetAbove = 100000;  // flows remembered before old ones are looked for

}  // namespace

BlockThread::BlockThread(const ResponseSettings& settings, rules::BlockManager& manager,
                         event::EventPublisher& publisher, rules::Neighbourhood neighbourhood, int nice)
    : settings_(settings),
      manager_(manager),
      publisher_(publisher),
      neighbourhood_(neighbourhood),
      ladder_(settings.ladder, std::move(neighbourhood)),
      nice_(nice) {}

BlockThread::~BlockThread() {
  stop();
}

void BlockThread::start() {
  if (settings_.reset && settings_.mode == ResponseMode::kEnforce) {
    const Status opened = resets_.open();
    resets_open_ = opened.has_value();
    if (!resets_open_) spdlog::warn("no TCP resets: {}", opened.error().to_string());
  }
  if (const auto left = manager_.list(); left) ladder_.adopt(*left, rules::ResponseLadder::Clock::now());
  thread_ = std::thread([this] { run(); });
}

void BlockThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void BlockThread::request(const pipeline::BlockRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kQueueLimit) {
      queue_full_.add();  // under the lock: several workers count here
      return;
    }
    queue_.push_back(request);
  }
  wake_.notify_one();
}

void BlockThread::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void BlockThread::forget(std::vector<IpAddress> addresses) {
  if (addresses.empty()) return;
  post([this, addresses = std::move(addresses)] {
    ladder_.forget(addresses);
    if (limit_hooks_.ended) limit_hooks_.ended(addresses);
    const auto done = manager_.forget(addresses);
    if (!done) return spdlog::error("blocks: {}", done.error().to_string());
    if (*done != 0) spdlog::info("blocks: {} ended with the workloads that had their addresses", *done);
  });
}

void BlockThread::restore() {
  post([this] {
    const auto done = manager_.restore();
    if (!done) return spdlog::error("blocks: {}", done.error().to_string());
    spdlog::info("blocks: {} stand again", *done);
  });
}

void BlockThread::report(const rules::Block& block, std::string_view action, std::string error) {
  event::BlockEvent e;
  e.header.time = wall_clock();
  e.header.tuple = block.target();
  e.header.has_tuple = true;
  e.header.has_ports = has_ports(block.tuple.protocol) && block.kind == rules::BlockKind::kFlow;
  e.header.order.sequence = static_cast<std::uint32_t>(sequence_++);
  e.action = action;
  e.kind = rules::to_string(block.kind);
  e.reason = block.reason;
  e.sid = block.sid;
  e.ttl = block.ttl;
  e.error = std::move(error);
  publisher_.publish(std::move(e));
}

void BlockThread::add(rules::Block block, std::function<void(const Outcome&)> done) {
  block.made_at = wall_clock().seconds();
  post([this, block = std::move(block), done = std::move(done)] {
    const Outcome outcome = manager_.add(block);
    if (!outcome) {
      failed_.add();
      report(block, "refuse", outcome.error().to_string());
    } else if (rules::is_in_force(*outcome)) {
      added_.add();
      report(block, "add", {});
    } else {
      refused_.add();
      report(block, *outcome == rules::BlockOutcome::kDryRun ? "dry-run" : "refuse", rules::to_string(*outcome));
    }
    done(outcome);
  });
}

void BlockThread::remove(rules::Block block, std::function<void(const Result<bool>&)> done) {
  post([this, block = std::move(block), done = std::move(done)] {
    auto removed = manager_.remove(block);
    if (!removed && removed.error().code == ENOENT) removed = false;  // the kernel ended it
    if (removed && *removed) report(block, "remove", {});
    done(removed);
  });
}

void BlockThread::take_out(std::size_t most, const Undone& done) {
  const auto undone = manager_.undo(most);
  if (undone) {
    std::vector<IpAddress> sources;
    for (const rules::Block& block : *undone) {
      report(block, "remove", {});
      sources.push_back(block.tuple.source);
    }
    ladder_.forget(sources);
    if (limit_hooks_.ended) limit_hooks_.ended(sources);
    for (auto& [workload, stand] : standing_) {
      stand.let_go = stand.let_go || std::find(sources.begin(), sources.end(), stand.source) != sources.end();
    }
  }
  done(undone);
}

void BlockThread::undo(std::size_t most, Undone done) {
  post([this, most, done = std::move(done)] { take_out(most, done); });
}

void BlockThread::panic(Undone done) {
  post([this, done = std::move(done)] {
    ladder_.panic(rules::ResponseLadder::Clock::now());
    breaker_open_.set(1);
    take_out(SIZE_MAX, done);
  });
}

void BlockThread::list(std::function<void(const Result<std::vector<rules::ActiveBlock>>&)> done) {
  post([this, done = std::move(done)] { done(manager_.list()); });
}

void BlockThread::run() {
  if (const Status prompt = make_prompt("blocks", nice_ == 0 ? 0 : kFirst); !prompt) {
    spdlog::warn("busy containers can hold up blocks: {}", prompt.error().to_string());
  }
  std::deque<pipeline::BlockRequest> taken;
  std::deque<Task> tasks;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || !queue_.empty() || !tasks_.empty(); });
      if (queue_.empty() && tasks_.empty()) return;
      taken.swap(queue_);
      tasks.swap(tasks_);
    }
    for (const Task& task : tasks) task();
    tasks.clear();
    for (const auto& request : taken) act(request);
    taken.clear();
  }
}

rules::ResponseEvidence BlockThread::evidence_of(const pipeline::BlockRequest& request) const {
  rules::ResponseEvidence out;
  out.client = out.packet = request.client;
  if (request.direction == Direction::kToClient) {
    std::swap(out.packet.source, out.packet.destination);
    std::swap(out.packet.source_port, out.packet.destination_port);
  }
  out.established = request.verified;
  out.on_own_port = neighbourhood_.by_own_port(out.packet.source, request.ingress);
  out.sid = request.signature != nullptr ? request.signature->sid : 0;
  out.reason = request.signature != nullptr ? request.signature->message : std::string();
  return out;
}

// A packet that passed before the block was in force: resets once more, where the flow is now.
void BlockThread::follow(const pipeline::BlockRequest& request) {
  const auto asked = asked_.find(request.flow_id);
  if (asked != asked_.end() && asked->second.in_force) send_resets(request);
}

void BlockThread::act(const pipeline::BlockRequest& request) {
  if (request.follows) return follow(request);
  requests_.add();
  const std::int64_t second = wall_clock().seconds();
  forget_old(second);
  const std::int64_t ttl = settings_.ladder.ttl.count();
  auto [entry, fresh] = asked_.try_emplace(request.flow_id, Asked{second + ttl, false});
  if (!fresh) {
    if (entry->second.until > second) {
      repeated_.add();
      return;
    }
    entry->second = {second + ttl, false};
  }
  auto e = respond(evidence_of(request));
  if (!e) return;
  e->header.flow_id = request.flow_id;
  e->header.interface_index = request.interface_index;
  e->header.time = wall_clock();
  e->latency = e->header.time - request.packet_time;
  const bool cuts = e->kind != rules::to_string(rules::BlockKind::kLimit);
  if (e->action == "add" && cuts) {
    entry->second = {second + e->ttl.count(), true};
    if (request.is_tcp) send_resets(request);
  } else if (e->action == "add" || e->action == "log") {
    // The flow lives on: what it does next is a repetition.
    entry->second = {second + std::max<std::int64_t>(settings_.ladder.settle.count(), 1), false};
  }
  publisher_.publish(std::move(*e));
}

void BlockThread::answer(rules::ResponseEvidence evidence, std::uint64_t flow_id, std::uint32_t interface) {
  post([this, evidence = std::move(evidence), flow_id, interface]() mutable {
    requests_.add();
    evidence.on_own_port = neighbourhood_.by_own_port(evidence.packet.source, interface);
    tell(respond(evidence), flow_id, interface);
  });
}

void BlockThread::limit(rules::ResponseEvidence evidence, std::uint64_t flow_id, std::uint32_t interface) {
  post([this, evidence = std::move(evidence), flow_id, interface]() mutable {
    requests_.add();
    evidence.on_own_port = neighbourhood_.by_own_port(evidence.packet.source, interface);
    tell(respond_by_limit(evidence), flow_id);
  });
}

void BlockThread::tell(std::optional<event::BlockEvent> e, std::uint64_t flow_id, std::uint32_t interface) {
  if (!e) return;
  e->header.flow_id = flow_id;
  e->header.interface_index = interface;
  e->header.time = wall_clock();
  publisher_.publish(std::move(*e));
}

void BlockThread::keep_limited(std::vector<Standing> all) {
  post([this, all = std::move(all)] {
    std::erase_if(standing_, [&](const auto& known) {
      return std::none_of(all.begin(), all.end(), [&](const Standing& one) { return one.workload == known.first; });
    });
    for (const Standing& one : all) renew(one);
  });
}

void BlockThread::renew(const Standing& standing) {
  Stand& stand = standing_[standing.workload];
  stand.source = standing.evidence.packet.source;
  if (stand.let_go || ladder_.breaker_open(rules::ResponseLadder::Clock::now())) return;
  auto e = respond_by_limit(standing.evidence);
  if (!e || e->action == stand.told) return;
  stand.told = e->action;
  tell(std::move(e));
}

std::optional<event::BlockEvent> BlockThread::respond_by_limit(const rules::ResponseEvidence& evidence) {
  const auto now = rules::ResponseLadder::Clock::now();
  rules::ResponseDecision decision;
  if (settings_.mode != ResponseMode::kObserve) decision = ladder_.limit(evidence, now);
  auto e = outcome_of(decision, evidence, rules::BlockKind::kLimit);
  if (!e || e->action == "refuse" || !limit_hooks_.made) return e;
  const rules::Owner* owner = neighbourhood_.owner_of(evidence.packet.source);
  if (owner != nullptr) limit_hooks_.made(*owner, evidence.reason, e->action == "add");
  return e;
}

std::optional<event::BlockEvent> BlockThread::respond(const rules::ResponseEvidence& evidence) {
  const auto now = rules::ResponseLadder::Clock::now();
  rules::ResponseDecision decision;
  if (settings_.mode != ResponseMode::kObserve) decision = ladder_.decide(evidence, now);
  return outcome_of(decision, evidence, rules::BlockKind::kFlow);
}

std::optional<event::BlockEvent> BlockThread::outcome_of(const rules::ResponseDecision& decision,
                                                         const rules::ResponseEvidence& evidence,
                                                         rules::BlockKind kind) {
  const auto now = rules::ResponseLadder::Clock::now();
  breaker_open_.set(ladder_.breaker_open(now) ? 1 : 0);
  if (decision.ruling == rules::Ruling::kCovered) {
    repeated_.add();
    return std::nullopt;
  }
  event::BlockEvent e;
  e.header.tuple = evidence.client;
  e.header.has_tuple = true;
  e.header.has_ports = has_ports(evidence.client.protocol);
  e.header.order.sequence = static_cast<std::uint32_t>(sequence_++);
  e.kind = rules::to_string(kind);
  e.reason = evidence.reason;
  e.sid = evidence.sid;
  carry_out(decision, e);
  return e;
}

void BlockThread::carry_out(const rules::ResponseDecision& decision, event::BlockEvent& e) {
  using rules::Ruling;
  if (decision.opens_breaker) {
    breaker_opened_.add();
    spdlog::error("response: {}; for {} s blocks are only told", rules::to_string(decision.ruling),
                  settings_.ladder.breaker_pause.count());
  }
  if (!decision.blocks.empty()) {
    e.kind = rules::to_string(decision.blocks.front().kind);
    e.ttl = decision.blocks.front().ttl;
    if (decision.blocks.front().kind != rules::BlockKind::kFlow) {
      e.header.tuple = decision.blocks.front().target();
      e.header.has_ports = false;
    }
  }
  if (decision.ruling == Ruling::kForgeable) forgeable_.add();
  if (decision.ruling != Ruling::kAct) {
    const bool logged = decision.ruling == Ruling::kLogged;
    if (!logged) refused_.add();
    e.action = logged ? "log" : decision.ruling == Ruling::kBreaker ? "dry-run" : "refuse";
    if (!logged) e.error = rules::to_string(decision.ruling);
    return;
  }
  e.action = "add";
  for (rules::Block block : decision.blocks) {
    block.made_at = wall_clock().seconds();
    const auto outcome = manager_.add(block);
    if (!outcome) {
      failed_.add();
      e.action = "refuse";
      e.error = outcome.error().to_string();
      spdlog::error("block {}: {}", block.to_string(), e.error);
    } else if (rules::is_in_force(*outcome)) {
      added_.add();
    } else {
      refused_.add();
      e.action = *outcome == rules::BlockOutcome::kDryRun ? "dry-run" : "refuse";
      e.error = rules::to_string(*outcome);
    }
  }
}

void BlockThread::send_resets(const pipeline::BlockRequest& request) {
  if (!resets_open_ || !request.has_ethernet || request.vlan_count != 0 || request.interface_index == 0) return;
  if (is_port_index(request.interface_index)) return;  // not one that the kernel could send from

  rules::ResetTarget target;
  target.client = request.client;
  target.client_mac = request.client_mac;
  target.server_mac = request.server_mac;
  target.interface_index = request.interface_index;
  target.client_next_seq = request.next_seq[index_of(Direction::kToServer)];
  target.server_next_seq = request.next_seq[index_of(Direction::kToClient)];
  if (const Status sent = resets_.send(target); !sent) return reset_errors_.add();
  resets_sent_.add(2);
}

void BlockThread::forget_old(std::int64_t now_seconds) {
  if (asked_.size() < kForgetAbove) return;
  std::erase_if(asked_, [&](const auto& entry) { return entry.second.until <= now_seconds; });
}

void BlockThread::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  out.emplace_back("response.requests", requests_.value());
  out.emplace_back("response.added", added_.value());
  out.emplace_back("response.refused", refused_.value());
  out.emplace_back("response.forgeable", forgeable_.value());
  out.emplace_back("response.breaker_opened", breaker_opened_.value());
  out.emplace_back("response.breaker.active", breaker_open_.value());
  out.emplace_back("response.failed", failed_.value());
  out.emplace_back("response.repeated", repeated_.value());
  out.emplace_back("response.queue_full", queue_full_.value());
  out.emplace_back("response.resets_sent", resets_sent_.value());
  out.emplace_back("response.resets_failed", reset_errors_.value());
}

}  // namespace bulkhead::config
