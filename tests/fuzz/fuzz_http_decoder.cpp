// Content-Encoding on arbitrary bytes: bounded output, no matter what the layers are said to be.
#include <algorithm>
#include <string>

#include "datapath/app/http/http_decoder.h"
#include "datapath/base/check.h"

using namespace bulkhead;

namespace {

class CountingSink final : public app::http::ByteSink {
 public:
  void write(ByteSpan bytes) override { count += bytes.size(); }
  std::size_t count = 0;
};

}  // namespace

// Input: two bytes choose the layers, one the size of the pieces, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  app::http::HttpSettings settings;
  settings.bomb_limit = 64UL * 1024;
  settings.bomb_ratio = 64;
  std::vector<app::http::Coding> layers;
  for (std::size_t i = 0; i < 2; ++i) layers.push_back(static_cast<app::http::Coding>(data[i] % 5));
  app::http::Decoder decoder(layers, settings);
  CountingSink sink;
  const std::size_t step = 1UL + data[2];
  ByteSpan rest = ByteSpan(data, size).subspan(3);
  const std::size_t total = rest.size();
  while (!rest.empty()) {
    const ByteSpan piece = rest.first(std::min(step, rest.size()));
    decoder.write(piece, sink);
    rest = rest.subspan(piece.size());
  }
  decoder.finish(sink);
  BULKHEAD_CHECK(sink.count <= settings.bomb_limit + total * settings.bomb_ratio + 64UL * 1024);
  return 0;
}
