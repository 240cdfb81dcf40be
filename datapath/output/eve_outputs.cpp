#include "datapath/output/eve_outputs.h"

#include <algorithm>

namespace bulkhead::output {

namespace {

constexpr std::size_t kMostTypes = 1024;  // names of types are the program's own; a bound all the same

// As syslog counts.
std::uint8_t severity_of(const event::Event& event) {
  constexpr std::uint8_t kCritical = 2, kWarning = 4, kNotice = 5, kInformation = 6;
  if (const auto* alert = std::get_if<event::AlertEvent>(&event); alert != nullptr && alert->signature) {
    const auto severity = std::clamp<std::uint32_t>(alert->signature->severity, 1, 3);
    return std::min<std::uint8_t>(static_cast<std::uint8_t>(kCritical + severity - 1), kWarning);
  }
  return std::holds_alternative<event::BlockEvent>(event) ? kNotice : kInformation;
}

}  // namespace

std::string_view type_of(const event::Event& event) {
  struct Name {
    std::string_view operator()(std::monostate) const { return {}; }
    std::string_view operator()(const event::AlertEvent&) const { return "alert"; }
    std::string_view operator()(const event::FlowEvent&) const { return "flow"; }
    std::string_view operator()(const event::DropEvent&) const { return "drop"; }
    std::string_view operator()(const event::AnomalyEvent&) const { return "anomaly"; }
    std::string_view operator()(const event::BlockEvent&) const { return "block"; }
    std::string_view operator()(const event::StatsEvent&) const { return "stats"; }
    std::string_view operator()(const event::AppEvent& e) const { return e.type; }
    std::string_view operator()(const event::PacketEvent&) const { return "packet"; }
  };
  return std::visit(Name{}, event);
}

void EveOutputs::add_file(std::string name, FileSettings file) {
  file_ = std::make_unique<File>();
  file_->name = std::move(name);
  file_->file = std::make_unique<BufferedFile>(std::move(file));
}

void EveOutputs::add(std::string name, std::unique_ptr<Transport> transport, const QueueSettings& queue,
                     EventTypes types) {
  BULKHEAD_CHECK(queued_.size() < 64);
  queued_.push_back({std::move(name), std::make_unique<QueuedOutput>(std::move(transport), queue), std::move(types)});
}

Status EveOutputs::open() {
  if (file_ != nullptr) {
    if (Status opened = file_->file->open(); !opened) return opened;
  }
  for (const Queued& each : queued_) {
    if (Status started = each.output->start(); !started) return started;
  }
  return ok();
}

void EveOutputs::write(const event::Event& event) {
  std::string_view lines = eve_.format(event);
  const bool flow = std::holds_alternative<event::FlowEvent>(event);
  while (!lines.empty()) {
    const std::size_t size = lines.find('\n') + 1;
    const std::string_view line = lines.substr(0, size);
    const bool netflow = flow && line.find("\"event_type\":\"netflow\"") != std::string_view::npos;
    write_line(line, netflow ? "netflow" : type_of(event), event);
    lines.remove_prefix(size);
  }
}

std::uint64_t EveOutputs::wanting(std::string_view type) {
  const std::string key(type);
  const auto known = wanting_.find(key);
  if (known != wanting_.end()) return known->second;
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < queued_.size(); ++i) {
    const EventTypes& types = queued_[i].types;
    if (types.empty() || types.contains(type)) out |= std::uint64_t{1} << i;
  }
  if (wanting_.size() < kMostTypes) wanting_.emplace(key, out);
  return out;
}

void EveOutputs::write_line(std::string_view line, std::string_view type, const event::Event& event) {
  if (file_ != nullptr) {
    if (file_->file->append(line)) {
      file_->written.add();
    } else {
      note_file_error();
    }
  }
  const std::uint64_t wanted = queued_.empty() ? 0 : wanting(type);
  if (wanted == 0) return;
  const event::EventHeader* header = event::header_of(event);
  OutputRecord record;
  record.line = std::make_shared<const std::string>(line);
  record.time = header->time;
  record.flow_id = header->flow_id;
  record.severity = severity_of(event);
  for (std::size_t i = 0; i < queued_.size(); ++i) {
    if ((wanted >> i & 1) != 0) queued_[i].output->push(record);
  }
}

void EveOutputs::flush() {
  if (file_ == nullptr) return;
  file_->file->flush();
  note_file_error();
}

void EveOutputs::reopen() {
  if (file_ != nullptr) file_->file->request_reopen();
}

void EveOutputs::note_file_error() {
  const std::lock_guard lock(error_mutex_);
  if (file_error_ != file_->file->last_error()) file_error_ = file_->file->last_error();
}

void EveOutputs::finish() {
  for (const Queued& each : queued_) each.output->finish();
}

std::vector<std::pair<std::string, SinkHealth>> EveOutputs::healths() const {
  std::vector<std::pair<std::string, SinkHealth>> out;
  if (file_ != nullptr) {
    SinkHealth file;
    file.written = file_->written.value();
    file.bytes = file_->file->bytes();
    file.lost = file_->file->lost();
    file.losses[static_cast<std::size_t>(LossReason::kUnwritable)] = file.lost;
    const std::lock_guard lock(error_mutex_);
    file.last_error = file_error_;
    out.emplace_back(file_->name, std::move(file));
  }
  for (const Queued& each : queued_) out.emplace_back(each.name, each.output->health());
  return out;
}

SinkHealth EveOutputs::health() const {
  SinkHealth out;
  for (const auto& [name, each] : healths()) {
    out.written += each.written;
    out.bytes += each.bytes;
    out.lost += each.lost;
    out.waiting += each.waiting;
    out.connected = out.connected && each.connected;
  }
  return out;
}

}  // namespace bulkhead::output
