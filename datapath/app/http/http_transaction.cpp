#include "datapath/app/http/http_transaction.h"

#include "datapath/app/http/http_text.h"

namespace bulkhead::app::http {

const Header* Headers::find(std::string_view name) const {
  for (const Header& header : list) {
    if (same_word_but_nul(header.name, name)) return &header;
  }
  return nullptr;
}

std::string_view Headers::value(std::string_view name) const {
  const Header* header = find(name);
  return header != nullptr ? std::string_view(header->value) : std::string_view();
}

}  // namespace bulkhead::app::http
