#include "config/daemon/behaviour_thread.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "datapath/base/private_file.h"

namespace bulkhead::config {

using Json = nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr auto kIdle = 10ms;               // when no lane has anything
constexpr auto kPause = 2ms;               // when some had: who follows a worker record by record takes its cache lines
constexpr auto kFeedLook = 10s;            // how often the directory of feeds is looked at
constexpr std::size_t kRound = 4096;       // records of a lane before the next has its turn
constexpr std::size_t kMostListed = 4096;  // edges that an operator is shown

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::int64_t percent(double weight) {
  return std::lround(weight * 100);
}

Json service_json(const behaviour::BehaviourEngine& engine, const behaviour::Service& service) {
  return {{"server", engine.parties().name(service.server)}, {"protocol", service.protocol}, {"port", service.port}};
}

}  // namespace

std::string owner_of(const rules::Workload& workload) {
  for (const char* label : {"com.docker.compose.service", "app.kubernetes.io/name"}) {
    const auto found = workload.labels.find(label);
    if (found != workload.labels.end() && !found->second.empty()) return workload.name_space + "/" + found->second;
  }
  return workload.full_name();
}

behaviour::Severity severity_with_posture(const behaviour::Incident& incident, bool gives_node_away) {
  const bool model_alone =
      incident.strongest.size() == 1 && incident.strongest.begin()->first == behaviour::Family::kModel;
  if (!gives_node_away || model_alone) return incident.severity;
  return incident.severity == behaviour::Severity::kLow ? behaviour::Severity::kMedium : behaviour::Severity::kHigh;
}

event::AppEvent incident_event(const behaviour::Incident& incident, const behaviour::BehaviourEngine& engine,
                               const std::vector<std::string>& posture) {
  const behaviour::Evidence& last = incident.evidence.back();
  event::AppEvent out;
  out.type = "incident";
  out.header.time = engine.wall_time(last.time);
  out.header.flow_id = last.flow;
  out.header.tuple = last.tuple;
  out.header.has_tuple = last.tuple.source.is_set();
  out.header.has_ports = out.header.has_tuple && has_ports(last.tuple.protocol);
  Json json{{"id", incident.id},
            {"severity", behaviour::to_string(incident.severity)},
            {"confidence", percent(incident.weight)},
            {"actor", engine.parties().name(incident.actor)},
            {"text", last.text},
            {"first", to_iso8601(engine.wall_time(incident.first))},
            {"count", incident.count}};
  if (incident.victim != behaviour::kNobody) json["victim"] = engine.parties().name(incident.victim);
  if (!posture.empty()) json["posture"] = posture;
  Json families = Json::array(), evidence = Json::array();
  for (const auto& [family, weight] : incident.strongest) families.push_back(behaviour::to_string(family));
  for (const behaviour::Evidence& e : incident.evidence) {
    Json one{{"family", behaviour::to_string(e.family)},
             {"confidence", percent(e.weight)},
             {"time", to_iso8601(engine.wall_time(e.time))},
             {"text", e.text}};
    if (e.flow != 0) one["flow_id"] = e.flow;
    evidence.push_back(std::move(one));
  }
  json["families"] = std::move(families);
  json["evidence"] = std::move(evidence);
  out.fields.emplace_back("incident", text_of(json));
  return out;
}

class BehaviourThread::Lane final : public behaviour::ObservationSink {
 public:
  Lane(std::size_t records, std::atomic<std::uint64_t>& dropped)
      : ring_(records * SpscByteRing::taken(sizeof(behaviour::Observation))), dropped_(dropped) {}
  void take(const behaviour::Observation& observation) override {
    if (Byte* const room = ring_.claim(sizeof observation)) {
      ring_.commit(observation.pack(room));
    } else {
      dropped_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  [[nodiscard]] bool finishes_texts() const override { return true; }
  [[nodiscard]] bool pop(behaviour::Observation& out) {
    const ByteSpan record = ring_.front();
    if (record.empty()) return false;
    out.unpack(record.data());
    ring_.pop();
    behaviour::finish_text(out);
    return true;
  }
  [[nodiscard]] bool empty() const { return ring_.empty(); }

 private:
  SpscByteRing ring_;
  std::atomic<std::uint64_t>& dropped_;
};

BehaviourThread::BehaviourThread(const BehaviourThreadSettings& settings, event::EventPublisher& publisher, Block block,
                                 Losses losses)
    : settings_(settings), publisher_(publisher), block_(std::move(block)), losses_(std::move(losses)) {
  factory_ = std::make_shared<behaviour::ObserverFactory>(
      [this]() -> std::shared_ptr<behaviour::ObservationSink> {
        auto lane = std::make_shared<Lane>(settings_.ring, dropped_);
        const std::lock_guard lock(lanes_mutex_);
        lanes_.push_back(lane);
        return lane;
      },
      behaviour::ObserverNeeds{.fingerprints = !settings_.intel.directory.empty(),
                               .models = !settings_.models.empty()});
  load();
}

BehaviourThread::~BehaviourThread() {
  stop();
}

std::shared_ptr<const pipeline::InspectorFactory> BehaviourThread::factory() {
  return factory_;
}

// One that cannot be used is said and left out.
void BehaviourThread::load_models() {
  models_.clear();
  for (const std::string& path : settings_.models) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    Diagnostics diagnostics;
    auto model = models::parse_model(std::make_shared<SourceFile>(path, text.str()), diagnostics);
    if (!diagnostics.all().empty()) {
      std::ostringstream why;
      diagnostics.print(why, 5);
      spdlog::warn("behaviour: {}", why.str());
    }
    if (!model) continue;
    const auto& trusted = settings_.models_trusted;
    const bool is_trusted = std::find(trusted.begin(), trusted.end(), model->name) != trusted.end();
    spdlog::info("behaviour: model {} of {} flows{}", model->name, model->flows,
                 is_trusted ? "" : " runs in shadow: what it would say is counted (behaviour.models-trusted)");
    auto detector = std::make_unique<models::ModelDetector>(std::move(*model), is_trusted);
    models_.push_back(detector.get());
    engine_->add(std::move(detector));
  }
}

void BehaviourThread::load() {
  const auto fresh = [this] {
    engine_ = std::make_unique<behaviour::BehaviourEngine>(
        settings_.engine, [this](const IpAddress& address) -> std::optional<std::string> {
          rules::InventoryPtr inventory;
          {
            const std::lock_guard lock(inventory_mutex_);
            inventory = inventory_;
          }
          if (inventory == nullptr) return std::nullopt;
          const rules::Workload* workload = inventory->workload_at(address);
          if (workload == nullptr) return std::nullopt;
          return owner_of(*workload);
        });
    load_models();
  };
  fresh();
  const auto text = read_private(settings_.state_file);
  if (!text && text.error().code != ENOENT) {
    // Not put aside: whoever may write it is to be found out first.
    spdlog::error("behaviour: learning begins anew, what was learned is not believed: {}", text.error().to_string());
  }
  if (text) {
    Diagnostics diagnostics;
    if (engine_->restore(*text, settings_.state_file, diagnostics)) {
      spdlog::info("behaviour: {} edges of {} workloads are known from before", engine_->graph().edges(),
                   engine_->phases().entries().size());
    } else {
      std::ostringstream why;
      diagnostics.print(why, 5);
      std::error_code error;
      std::filesystem::rename(settings_.state_file, settings_.state_file + ".corrupt", error);
      spdlog::error("behaviour: learning begins anew, the file is kept as {}.corrupt\n{}", settings_.state_file,
                    why.str());
      fresh();
    }
  }
  engine_->set_mode(behaviour::BehaviourMode::kLive);
  engine_->on_incident = [this](const behaviour::Incident& told) {
    incidents_.add();
    const std::string actor = engine_->parties().name(told.actor);
    PostureCodes posture;
    {
      const std::lock_guard lock(inventory_mutex_);
      const auto found = postures_.find(actor);
      if (found != postures_.end()) posture = found->second;
    }
    behaviour::Incident incident = told;
    incident.severity = severity_with_posture(told, !posture.grave.empty());
    publisher_.publish(incident_event(incident, *engine_, posture.grave));
    if (limit_ && !posture.all.empty()) limit_(incident, actor, posture.all);
    const bool concerned = engine_->phases().of(incident.actor) == behaviour::Phase::kProtecting ||
                           engine_->phases().of(incident.victim) == behaviour::Phase::kProtecting;
    if (!block_ || !concerned || incident.severity != behaviour::Severity::kHigh) return;
    // A flood's sources can be forged, and an ARP message has no flow: neither says who is to be cut off.
    const behaviour::Evidence& last = incident.evidence.back();
    if (last.family == behaviour::Family::kHalfOpen || !last.tuple.source.is_set()) return;
    blocks_.add();
    block_(incident);
  };
  engine_->on_phase = [this](behaviour::PartyId party, behaviour::Phase phase) {
    spdlog::info("behaviour: {} is {} now", engine_->parties().name(party), behaviour::to_string(phase));
  };
}

void BehaviourThread::start() {
  last_round_ = std::chrono::steady_clock::now();
  next_save_ = last_round_ + settings_.save_every;
  thread_ = std::thread([this] { run(); });
}

void BehaviourThread::stop() {
  stopping_ = true;
  if (!thread_.joinable()) return;
  thread_.join();
  while (drain() != 0) {
  }
  save();
}

void BehaviourThread::use(rules::InventoryPtr inventory) {
  std::map<std::string, PostureCodes> postures;
  if (inventory != nullptr) {
    for (const rules::Workload& workload : inventory->workloads()) {
      if (!workload.posture) continue;
      for (const rules::PostureFinding& finding : rules::findings_of(*workload.posture)) {
        PostureCodes& codes = postures[owner_of(workload)];
        const auto add = [&](std::vector<std::string>& to) {
          if (std::find(to.begin(), to.end(), finding.code) == to.end()) to.emplace_back(finding.code);
        };
        add(codes.all);
        if (finding.danger == rules::Danger::kHigh) add(codes.grave);
      }
    }
  }
  const std::lock_guard lock(inventory_mutex_);
  postures_ = std::move(postures);
  inventory_ = std::move(inventory);
  owners_changed_ = true;
}

void BehaviourThread::run() {
  while (!stopping_) {
    const std::size_t most = drain();
    if (most < kRound) std::this_thread::sleep_for(most == 0 ? kIdle : kPause);
    look_at_losses();
    look_at_feeds();
    if (std::chrono::steady_clock::now() >= next_save_) {
      save();
      next_save_ = std::chrono::steady_clock::now() + settings_.save_every;
    }
  }
}

std::size_t BehaviourThread::drain() {
  std::vector<std::shared_ptr<Lane>> lanes;
  {
    const std::lock_guard lock(lanes_mutex_);
    // A lane whose observer is gone (a reload) goes when it is empty.
    std::erase_if(lanes_, [](const auto& lane) { return lane.use_count() == 1 && lane->empty(); });
    lanes = lanes_;
  }
  std::size_t most = 0;
  const std::lock_guard lock(engine_mutex_);
  if (owners_changed_.exchange(false)) engine_->owners_changed();
  const auto now = std::chrono::steady_clock::now();
  engine_->real_time_passed(now - last_round_);
  last_round_ = now;
  behaviour::Observation seen;
  for (const auto& lane : lanes) {
    std::size_t taken = 0;
    for (; taken < kRound && lane->pop(seen); ++taken) engine_->take(seen);
    most = std::max(most, taken);
  }
  return most;
}

void BehaviourThread::look_at_losses() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_loss_look_) return;
  next_loss_look_ = now + 200ms;
  const std::uint64_t lost = dropped_.load() + (losses_ ? losses_() : 0);
  if (lost == losses_seen_) return;
  losses_seen_ = lost;
  const std::lock_guard lock(engine_mutex_);
  engine_->packets_were_lost();
}

void BehaviourThread::look_at_feeds() {
  if (settings_.intel.directory.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  const bool asked = feeds_asked_.exchange(false);
  if (!asked && now < next_feed_look_) return;
  next_feed_look_ = now + kFeedLook;
  const std::uint64_t stamp = intel::directory_stamp(settings_.intel.directory);
  if (!asked && stamp == feeds_stamp_) return;
  feeds_stamp_ = stamp;
  Diagnostics diagnostics;
  auto table = intel::load_indicators(settings_.intel, wall_clock(), diagnostics);
  if (!diagnostics.all().empty()) {
    std::ostringstream text;
    diagnostics.print(text, 20);
    spdlog::warn("intel: while reading {}:\n{}", settings_.intel.directory, text.str());
  }
  const intel::TableCounts& counts = table->counts();
  spdlog::info(
      "intel: {} indicators of {} feeds; left out: {} not supported, {} hashes of files, {} revoked, {} malformed, {} "
      "expired, {} by warning lists",
      table->size(), table->feeds(), counts.feeds.unsupported, counts.feeds.hashes, counts.feeds.revoked,
      counts.feeds.malformed, counts.expired, counts.warned);
  {
    const std::lock_guard lock(indicators_mutex_);
    indicators_ = table;
  }
  const std::lock_guard lock(engine_mutex_);
  engine_->use(std::move(table));
}

void BehaviourThread::save() {
  if (settings_.state_file.empty()) return;
  std::string text;
  {
    const std::lock_guard lock(engine_mutex_);
    text = engine_->save();
  }
  const Status written = write_private(settings_.state_file, text);
  if (written) {
    saves_.add();
    return;
  }
  if (save_failures_.value() == 0) spdlog::error("behaviour: {}", written.error().to_string());
  save_failures_.add();
}

void BehaviourThread::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  out.emplace_back("behaviour.ring_full", dropped_.load());
  out.emplace_back("behaviour.incidents", incidents_.value());
  out.emplace_back("behaviour.block_requests", blocks_.value());
  out.emplace_back("behaviour.saves", saves_.value());
  out.emplace_back("behaviour.save_failures", save_failures_.value());
  {
    const std::lock_guard lock(indicators_mutex_);
    if (indicators_ != nullptr) {
      const intel::TableCounts& counts = indicators_->counts();
      out.emplace_back("intel.indicators", indicators_->size());
      out.emplace_back("intel.feeds", indicators_->feeds());
      out.emplace_back("intel.unsupported", counts.feeds.unsupported);
      out.emplace_back("intel.file_hashes", counts.feeds.hashes);
      out.emplace_back("intel.revoked", counts.feeds.revoked);
      out.emplace_back("intel.malformed", counts.feeds.malformed);
      out.emplace_back("intel.expired", counts.expired);
      out.emplace_back("intel.warned", counts.warned);
      out.emplace_back("intel.beyond", counts.beyond);
    }
  }
  const std::lock_guard lock(engine_mutex_);
  const behaviour::BehaviourStats& s = engine_->stats();
  out.emplace_back("behaviour.taken", s.observations);
  out.emplace_back("behaviour.evidence", s.evidence);
  out.emplace_back("behaviour.learned", s.learned);
  out.emplace_back("behaviour.withdrawn", s.withdrawn);
  out.emplace_back("behaviour.expired", s.expired);
  out.emplace_back("behaviour.clock_steps", s.clock_steps);
  out.emplace_back("behaviour.losses", s.losses);
  out.emplace_back("behaviour.edges", engine_->graph().edges());
  out.emplace_back("behaviour.candidates", engine_->graph().candidates());
  out.emplace_back("behaviour.held_back", engine_->graph().held_back());
  models::ModelCounts sum;
  for (const models::ModelDetector* model : models_) {
    sum.scored += model->counts().scored;
    sum.said += model->counts().said;
    sum.in_shadow += model->counts().in_shadow;
  }
  if (models_.empty()) return;
  out.emplace_back("behaviour.models_scored", sum.scored);
  out.emplace_back("behaviour.models_said", sum.said);
  out.emplace_back("behaviour.models_in_shadow", sum.in_shadow);
}

Json BehaviourThread::baseline() const {
  const std::lock_guard lock(engine_mutex_);
  const behaviour::PartyTable& parties = engine_->parties();
  Json workloads = Json::array(), edges = Json::array();
  for (const auto& [party, entry] : engine_->phases().entries()) {
    workloads.push_back({{"name", parties.name(party)},
                         {"phase", behaviour::to_string(entry.phase)},
                         {"since", to_iso8601(engine_->wall_time(entry.since))},
                         {"flows", entry.flows},
                         {"candidates", engine_->graph().candidates_of(party)}});
  }
  std::sort(workloads.begin(), workloads.end(),
            [](const Json& a, const Json& b) { return a.at("name") < b.at("name"); });
  for (const auto& [key, record] : engine_->graph().records()) {
    if (edges.size() == kMostListed) break;
    Json json = service_json(*engine_, key.second);
    json["client"] = parties.name(key.first);
    json["flows"] = record.flows;
    json["windows"] = record.windows;
    json["first"] = to_iso8601(engine_->wall_time(record.first));
    json["last"] = to_iso8601(engine_->wall_time(record.last));
    json["promoted"] = record.promoted;
    edges.push_back(std::move(json));
  }
  return {{"workloads", std::move(workloads)},
          {"edges", std::move(edges)},
          {"edges_total", engine_->graph().records().size()},
          {"incidents", engine_->incidents()}};
}

}  // namespace bulkhead::config
