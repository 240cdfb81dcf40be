// bulkhead train: a model from labelled captures, and what it is worth.
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/cli/commands.h"
#include "config/cli/inspector_run.h"
#include "config/cli/terminal.h"
#include "datapath/io/pcap_file_source.h"
#include "signatures/behaviour/observer.h"
#include "signatures/models/training.h"

namespace bulkhead::config::cli {

namespace {

using Json = nlohmann::json;
using models::LabelledFlow;

// Flows of one capture with their labels.
class Gatherer final : public behaviour::ObservationSink {
 public:
  Gatherer(const models::FlowLabels* labels, std::string source, std::vector<LabelledFlow>& out)
      : labels_(labels), source_(std::move(source)), out_(out) {}
  void take(const behaviour::Observation& seen) override {
    if (seen.kind == behaviour::ObservationKind::kMilestone && seen.cause != behaviour::MilestoneCause::kEnd) return;
    auto sample = collector_.take(seen);
    if (!sample || seen.midstream || out_.size() >= models::kMostFlows) return;
    std::string label = labels_ == nullptr ? "benign" : labels_->label_of(sample->client, sample->begin);
    if (label.empty()) {
      ++unlabelled_;
      return;
    }
    out_.push_back({std::move(*sample), std::move(label), source_});
  }
  [[nodiscard]] std::size_t unlabelled() const { return unlabelled_; }

 private:
  const models::FlowLabels* labels_;
  std::string source_;
  std::vector<LabelledFlow>& out_;
  models::FlowCollector collector_;
  std::size_t unlabelled_ = 0;
};

bool gather(const std::string& file, const models::FlowLabels* labels, const std::string& source,
            std::vector<LabelledFlow>& out) {
  auto capture = std::make_unique<io::PcapFileSource>(file);
  if (const Status status = capture->open(); !status) {
    std::fprintf(stderr, "error: %s\n", status.error().to_string().c_str());
    return false;
  }
  Gatherer sink(labels, source, out);
  std::vector<std::unique_ptr<io::PacketSource>> sources;
  sources.push_back(std::move(capture));
  InspectorRun().run(sources, std::make_shared<behaviour::ObserverFactory>(sink));
  if (sink.unlabelled() != 0) {
    std::fprintf(stderr, "%s: %zu flows are not in the list of labels and are left out\n", file.c_str(),
                 sink.unlabelled());
  }
  return true;
}

SourceFilePtr read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "error: %s cannot be read\n", path.c_str());
    return nullptr;
  }
  std::stringstream text;
  text << in.rdbuf();
  return std::make_shared<SourceFile>(path, text.str());
}

// "SOURCE:CAPTURE:LABELS"; without LABELS all flows are normal.
bool gather_argument(const std::string& argument, std::vector<LabelledFlow>& out) {
  std::vector<std::string> parts;
  std::stringstream words(argument);
  for (std::string word; std::getline(words, word, ':');) parts.push_back(word);
  if (parts.size() != 2 && parts.size() != 3) {
    std::fprintf(stderr, "error: %s: no SOURCE:CAPTURE or SOURCE:CAPTURE:LABELS\n", argument.c_str());
    return false;
  }
  if (parts.size() == 2) return gather(parts[1], nullptr, parts[0], out);
  const SourceFilePtr file = read_text(parts[2]);
  if (file == nullptr) return false;
  Diagnostics diagnostics;
  const auto labels = models::FlowLabels::parse(file, diagnostics);
  if (!labels) {
    std::fputs(format_diagnostics(diagnostics, kShownPerReason, Terminal::of(2)).c_str(), stderr);
    return false;
  }
  return gather(parts[1], &*labels, parts[0], out);
}

Json json_of(const models::Recall& recall) {
  return {{"trees", recall.trees},
          {"bytes", recall.bytes},
          {"either", recall.either},
          {"false_trees", recall.false_trees},
          {"false_either", recall.false_either},
          {"attacks", recall.attacks},
          {"normal", recall.normal}};
}

void print(const char* name, const models::Recall& r) {
  std::printf("  %-28s %6.2f %6.2f %6.2f   %8.4f  %7zu\n", name, r.trees, r.bytes, r.either, r.false_either, r.attacks);
}

int print_figures(const models::Figures& figures, bool as_json) {
  if (as_json) {
    Json json{{"random", json_of(figures.random)}, {"left_out", Json::object()}, {"elsewhere", Json::object()}};
    for (const auto& [name, recall] : figures.left_out) json["left_out"][name] = json_of(recall);
    for (const auto& [name, recall] : figures.elsewhere) json["elsewhere"][name] = json_of(recall);
    std::printf("%s\n", json.dump(1).c_str());
    return kExitFine;
  }
  std::printf("share of attacks' flows found, where a thousandth of the normal flows held back is\n");
  std::printf("  %-28s %6s %6s %6s   %8s  %7s\n", "", "trees", "bytes", "either", "false", "flows");
  print("random split", figures.random);
  double trees = 0, bytes = 0, either = 0;
  for (const auto& [name, recall] : figures.left_out) {
    print(("without " + name).c_str(), recall);
    trees += recall.trees;
    bytes += recall.bytes;
    either += recall.either;
  }
  if (const auto n = static_cast<double>(figures.left_out.size()); n > 0) {
    std::printf("  %-28s %6.2f %6.2f %6.2f\n", "one kind left out, mean", trees / n, bytes / n, either / n);
  }
  for (const auto& [name, recall] : figures.elsewhere) print(("trained elsewhere: " + name).c_str(), recall);
  return kExitFine;
}

}  // namespace

int cmd_train(const TrainOptions& options) {
  std::vector<LabelledFlow> flows;
  for (const std::string& argument : options.captures) {
    if (!gather_argument(argument, flows)) return kExitBadInput;
  }
  if (options.evaluate) {
    const auto figures = models::measure(flows);
    if (!figures) {
      std::fprintf(stderr, "error: %s\n", figures.error().to_string().c_str());
      return kExitBadInput;
    }
    return print_figures(*figures, options.json);
  }
  const auto model = models::train_model(options.name, flows);
  if (!model) {
    std::fprintf(stderr, "error: %s\n", model.error().to_string().c_str());
    return kExitBadInput;
  }
  std::ofstream out(options.out, std::ios::binary);
  out << model->to_text();
  if (!out.flush()) {
    std::fprintf(stderr, "error: %s cannot be written\n", options.out.c_str());
    return kExitFailed;
  }
  std::fprintf(stderr, "%s: trained on %llu flows, %llu of attacks%s\n", options.out.c_str(),
               static_cast<unsigned long long>(model->flows), static_cast<unsigned long long>(model->attacks),
               model->trees ? "" : "; without trees, this build has no XGBoost");
  return kExitFine;
}

}  // namespace bulkhead::config::cli
