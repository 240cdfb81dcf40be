// Files of models and of labels: any bytes are read to the end; a model that is taken is written and read again.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "datapath/base/check.h"
#include "signatures/models/training.h"

using namespace bulkhead;
using namespace bulkhead::models;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Diagnostics diagnostics;
  const auto file = std::make_shared<SourceFile>("model", std::string(reinterpret_cast<const char*>(data), size));
  if (const auto model = parse_model(file, diagnostics)) {
    BULKHEAD_CHECK(!model->name.empty() && model->name.size() <= 64);
    BULKHEAD_CHECK(model->byte_limit >= 0 && model->byte_limit <= 1);
    if (model->bytes) {
      const double score = model->bytes->score("GET / HTTP/1.1");
      BULKHEAD_CHECK(score >= 0 && score <= 1);
    }
  }
  if (const auto labels = FlowLabels::parse(file, diagnostics)) {
    BULKHEAD_CHECK(labels->size() <= size);
    static_cast<void>(labels->label_of({}, {}));
  }
  return 0;
}
