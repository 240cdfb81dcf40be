#include "signatures/models/model.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "signatures/data/text_codec.h"

namespace bulkhead::models {

using Json = nlohmann::json;

namespace {

std::string hex(std::uint64_t value) {
  char out[20];
  std::snprintf(out, sizeof out, "%016llx", static_cast<unsigned long long>(value));
  return out;
}

double number_of(const Json& object, const char* key, double otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? std::clamp(found->get<double>(), 0.0, 1.0) : otherwise;
}
std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
std::uint64_t count_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

}  // namespace

Opinion Model::say(const Sample& sample) const {
  constexpr std::size_t kNamed = 3;
  Opinion out;
  if (trees) out.trees = trees->score(sample.features);
  if (bytes && !sample.first.empty()) out.bytes = bytes->score(sample.first);
  const bool by_trees = trees && out.trees >= tree_limit, by_bytes = bytes && out.bytes >= byte_limit;
  out.says_attack = by_trees || by_bytes;
  if (by_trees) {
    const auto parts = trees->explain(sample.features);
    for (std::size_t i = 0; i < std::min(kNamed, parts.size()); ++i) {
      if (parts[i].second <= 0) break;
      out.why += (out.why.empty() ? "" : ", ") + std::string(feature_names()[parts[i].first]);
    }
  }
  if (by_bytes) out.why += std::string(out.why.empty() ? "" : ", ") + "its first words";
  return out;
}

std::string Model::to_text() const {
  Json json{{"format", 1},
            {"schema", hex(schema_hash())},
            {"name", name},
            {"trained_on", {{"flows", flows}, {"attacks", attacks}}}};
  if (trees) {
    json["trees"] = signatures::to_base64(trees->save());
    json["tree_limit"] = tree_limit;
  }
  if (bytes) {
    const auto& weights = bytes->weights();
    json["bytes"] = signatures::to_base64({reinterpret_cast<const char*>(weights.data()), weights.size()});
    json["byte_limit"] = byte_limit;
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<Model> parse_model(const SourceFilePtr& file, Diagnostics& diagnostics) {
  const auto refuse = [&](const char* code, const std::string& message, const std::string& hint = {}) {
    diagnostics.error({file, 1, 1, 1}, code, message, hint);
    return std::nullopt;
  };
  if (file->text().size() > kMostModelBytes) return refuse("model.file.size", "the file is larger than 32 MB");
  const Json json = Json::parse(file->text(), nullptr, false);
  if (!json.is_object() || count_of(json, "format") != 1) {
    return refuse("model.file.format", "no model of this format", "bulkhead train writes one");
  }
  if (text_of(json, "schema") != hex(schema_hash())) {
    return refuse("model.file.schema", "the model was made for other features than this program knows",
                  "train it again with this version");
  }
  Model out;
  out.name = text_of(json, "name").substr(0, 64);
  if (out.name.empty()) return refuse("model.file.name", "the model has no name");
  if (const auto on = json.find("trained_on"); on != json.end() && on->is_object()) {
    out.flows = count_of(*on, "flows");
    out.attacks = count_of(*on, "attacks");
  }
  if (const std::string encoded = text_of(json, "trees"); !encoded.empty()) {
    const auto bytes = signatures::from_base64(encoded);
    if (!bytes) return refuse("model.file.trees", "the trees are no base64");
    auto trees = Booster::load(*bytes);
    if (!trees) {
      if (has_booster()) return refuse("model.file.trees", trees.error().to_string());
      diagnostics.warning({file, 1, 1, 1}, "model.file.trees", trees.error().to_string(), "its bytes are used alone");
    } else {
      out.trees = std::move(*trees);
      out.tree_limit = number_of(json, "tree_limit", 1);
    }
  }
  if (const std::string encoded = text_of(json, "bytes"); !encoded.empty()) {
    const auto bytes = signatures::from_base64(encoded);
    std::array<std::int8_t, ByteModel::kBuckets> weights{};
    if (!bytes || bytes->size() != weights.size()) return refuse("model.file.bytes", "the weights are not 4096 bytes");
    std::copy_n(reinterpret_cast<const std::int8_t*>(bytes->data()), weights.size(), weights.begin());
    out.bytes.emplace().set_weights(weights);
    out.byte_limit = number_of(json, "byte_limit", 1);
  }
  if (!out.trees && !out.bytes) return refuse("model.file.empty", "neither trees nor bytes are in the model");
  return out;
}

}  // namespace bulkhead::models
