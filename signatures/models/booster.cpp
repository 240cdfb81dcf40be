#include "signatures/models/booster.h"

#include <algorithm>
#include <cmath>
#include <limits>

#ifdef BULKHEAD_XGBOOST
#include <xgboost/c_api.h>
#endif

namespace bulkhead::models {

#ifdef BULKHEAD_XGBOOST

namespace {

Error failure(const char* what) {
  return {"xgboost", what, 0, XGBGetLastError()};
}

class Matrix {
 public:
  explicit Matrix(const std::vector<Features>& rows) {
    failed_ = XGDMatrixCreateFromMat(rows.empty() ? nullptr : rows.front().data(), rows.size(), kFeatures,
                                     std::numeric_limits<float>::quiet_NaN(), &handle_) != 0;
  }
  ~Matrix() {
    if (!failed_) XGDMatrixFree(handle_);
  }
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] DMatrixHandle get() const { return handle_; }
  bool set(const char* name, const std::vector<float>& values) {
    return XGDMatrixSetFloatInfo(handle_, name, values.data(), values.size()) == 0;
  }

 private:
  DMatrixHandle handle_ = nullptr;
  bool failed_ = true;
};
static_assert(sizeof(Features) == kFeatures * sizeof(float), "rows lie one behind the other");

}  // namespace

struct Booster::Impl {
  BoosterHandle handle = nullptr;
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (handle != nullptr) XGBoosterFree(handle);
  }
};

bool has_booster() {
  return true;
}

Result<Booster> Booster::train(const std::vector<Features>& rows, const std::vector<float>& labels,
                               const std::vector<float>& weights) {
  if (rows.empty() || rows.size() != labels.size() || rows.size() != weights.size()) {
    return Error{"xgboost", "train", 0, "no flows to learn from"};
  }
  Matrix matrix(rows);
  if (matrix.failed() || !matrix.set("label", labels) || !matrix.set("weight", weights)) return failure("train");
  Booster out;
  const DMatrixHandle of[] = {matrix.get()};
  if (XGBoosterCreate(of, 1, &out.impl_->handle) != 0) return failure("train");
  const std::pair<const char*, std::string> settings[] = {{"objective", "binary:logistic"},
                                                          {"max_depth", std::to_string(kDepth)},
                                                          {"eta", "0.2"},
                                                          {"subsample", "0.8"},
                                                          {"colsample_bytree", "0.8"},
                                                          {"tree_method", "hist"},
                                                          {"nthread", "1"},
                                                          {"seed", "7"},
                                                          {"verbosity", "0"}};
  for (const auto& [name, value] : settings) {
    if (XGBoosterSetParam(out.impl_->handle, name, value.c_str()) != 0) return failure("train");
  }
  for (int round = 0; round < kRounds; ++round) {
    if (XGBoosterUpdateOneIter(out.impl_->handle, round, matrix.get()) != 0) return failure("train");
  }
  return out;
}

Result<Booster> Booster::load(std::string_view bytes) {
  Booster out;
  if (bytes.empty() || bytes.size() > kMostBytes) return Error{"xgboost", "load", 0, "no trees, or too many"};
  if (XGBoosterCreate(nullptr, 0, &out.impl_->handle) != 0 ||
      XGBoosterLoadModelFromBuffer(out.impl_->handle, bytes.data(), bytes.size()) != 0) {
    return failure("load");
  }
  bst_ulong features = 0;
  if (XGBoosterGetNumFeature(out.impl_->handle, &features) != 0 || features != kFeatures) {
    return Error{"xgboost", "load", 0, "trees over other features"};
  }
  static_cast<void>(XGBoosterSetParam(out.impl_->handle, "nthread", "1"));
  return out;
}

std::string Booster::save() const {
  bst_ulong size = 0;
  const char* bytes = nullptr;
  if (XGBoosterSaveModelToBuffer(impl_->handle, R"({"format":"ubj"})", &size, &bytes) != 0) return {};
  return {bytes, size};
}

std::vector<double> Booster::scores(const std::vector<Features>& rows) const {
  std::vector<double> out(rows.size(), -1);
  const Matrix matrix(rows);
  bst_ulong size = 0;
  const float* found = nullptr;
  if (rows.empty() || matrix.failed() || XGBoosterPredict(impl_->handle, matrix.get(), 0, 0, 0, &size, &found) != 0) {
    return out;
  }
  std::copy_n(found, std::min<std::size_t>(size, out.size()), out.begin());
  return out;
}

double Booster::score(const Features& features) const {
  return scores({features})[0];
}

std::vector<std::pair<std::size_t, float>> Booster::explain(const Features& features) const {
  std::vector<std::pair<std::size_t, float>> out;
  const Matrix matrix({features});
  bst_ulong size = 0;
  const float* found = nullptr;
  constexpr int kContributions = 4;
  if (matrix.failed() || XGBoosterPredict(impl_->handle, matrix.get(), kContributions, 0, 0, &size, &found) != 0) {
    return out;
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(size, kFeatures); ++i)
    out.emplace_back(i, found[i]);  // then the bias
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

#else

struct Booster::Impl {};

namespace {

Error absent() {
  return {"xgboost", "trees", 0, "this build has no XGBoost (libxgboost-dev, BULKHEAD_XGBOOST)"};
}

}  // namespace

bool has_booster() {
  return false;
}
Result<Booster> Booster::train(const std::vector<Features>&, const std::vector<float>&, const std::vector<float>&) {
  return absent();
}
Result<Booster> Booster::load(std::string_view) {
  return absent();
}
std::string Booster::save() const {
  return {};
}
std::vector<double> Booster::scores(const std::vector<Features>& rows) const {
  return std::vector<double>(rows.size(), -1);
}
double Booster::score(const Features&) const {
  return -1;
}
std::vector<std::pair<std::size_t, float>> Booster::explain(const Features&) const {
  return {};
}

#endif

Booster::Booster() : impl_(std::make_unique<Impl>()) {}
Booster::~Booster() = default;
Booster::Booster(Booster&&) noexcept = default;
Booster& Booster::operator=(Booster&&) noexcept = default;

}  // namespace bulkhead::models
