// Raw limits of pattern search on made text: Hyperscan streams and blocks with the compiler's own databases, and
// copying the same bytes. worker_bench.cpp is what the engine makes of them.
#include <benchmark/benchmark.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "bench/micro/traffic.h"
#include "signatures/compile/hyperscan_db.h"

namespace bulkhead::bench {
namespace {

constexpr std::size_t kTextBytes = std::size_t{8} << 20;

// Literals of 6 to 16 characters that the text does not hold; a tenth ignores case.
std::vector<signatures::Literal> made_literals(std::size_t number) {
  std::mt19937 random(20260102);  // NOLINT: the same literals on every run
  std::vector<signatures::Literal> literals(number);
  for (auto& literal : literals) {
    const std::size_t length = 6 + random() % 11;
    for (std::size_t i = 0; i < length; ++i) literal.bytes += static_cast<char>('a' + random() % 26);
    literal.bytes += '#';
    literal.nocase = random() % 10 == 0;
  }
  return literals;
}

int on_match(unsigned, unsigned long long, unsigned long long, unsigned, void* context) {  // NOLINT: Hyperscan's types
  ++*static_cast<std::uint64_t*>(context);
  return 0;
}

struct Prepared {
  Prepared(std::size_t literals, signatures::ScanMode mode) : text(made_text(kTextBytes)) {
    signatures::HyperscanCompiler compiler{""};
    auto compiled = compiler.compile(made_literals(literals), mode);
    if (compiled.has_value() && scratch.reserve(compiled.value().get()).has_value()) db = compiled.value();
  }
  std::string text;
  signatures::HyperscanDbPtr db;
  signatures::HyperscanScratch scratch;
  std::uint64_t matches = 0;
};

// Range 0: literals. Range 1: bytes handed over at a time.
void hyperscan_stream(benchmark::State& state) {
  Prepared p(static_cast<std::size_t>(state.range(0)), signatures::ScanMode::kStream);
  hs_stream_t* stream = nullptr;
  if (p.db == nullptr || hs_open_stream(p.db.get(), 0, &stream) != HS_SUCCESS) {
    state.SkipWithError("no database");
    return;
  }
  const auto chunk = static_cast<std::size_t>(state.range(1));
  for (auto _ : state) {
    for (std::size_t at = 0; at + chunk <= p.text.size(); at += chunk) {
      hs_scan_stream(stream, p.text.data() + at, static_cast<unsigned>(chunk), 0, p.scratch.get(), on_match,
                     &p.matches);
    }
  }
  hs_close_stream(stream, p.scratch.get(), nullptr, nullptr);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * (p.text.size() / chunk * chunk)));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * (p.text.size() / chunk)));
}
BENCHMARK(hyperscan_stream)->ArgNames({"literals", "chunk"})->ArgsProduct({{100, 2000, 9000}, {64, 1400, 60000}});

void hyperscan_block(benchmark::State& state) {
  Prepared p(static_cast<std::size_t>(state.range(0)), signatures::ScanMode::kBlock);
  if (p.db == nullptr) {
    state.SkipWithError("no database");
    return;
  }
  const auto chunk = static_cast<std::size_t>(state.range(1));
  for (auto _ : state) {
    for (std::size_t at = 0; at + chunk <= p.text.size(); at += chunk) {
      hs_scan(p.db.get(), p.text.data() + at, static_cast<unsigned>(chunk), 0, p.scratch.get(), on_match, &p.matches);
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * (p.text.size() / chunk * chunk)));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * (p.text.size() / chunk)));
}
BENCHMARK(hyperscan_block)->ArgNames({"literals", "chunk"})->ArgsProduct({{100, 2000, 9000}, {64, 1400, 60000}});

void raw_limit_memcpy(benchmark::State& state) {
  const std::string text = made_text(kTextBytes);
  const auto chunk = static_cast<std::size_t>(state.range(0));
  std::vector<char> target(chunk);
  for (auto _ : state) {
    for (std::size_t at = 0; at + chunk <= text.size(); at += chunk) {
      std::memcpy(target.data(), text.data() + at, chunk);
      benchmark::ClobberMemory();
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * (text.size() / chunk * chunk)));
}
BENCHMARK(raw_limit_memcpy)->ArgName("chunk")->Arg(64)->Arg(1400)->Arg(60000);

}  // namespace
}  // namespace bulkhead::bench
