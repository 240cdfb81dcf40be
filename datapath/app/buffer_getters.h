// Functions for rows of buffers that give a member of a transaction as it is.
//
//   {"redis.command", "", "", "...", Kind::kSingle, kRequest, get_text<&RedisTransaction::command>}
//
// Thread   pure functions.
// Tests    through the protocols that use them
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/protocol.h"

namespace bulkhead::app {

inline void show(std::string_view text, BufferView& out) {
  out.bytes = {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

// A std::string member; not there when empty.
template <auto member>
bool get_text(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const auto give = []<typename C>(std::string C::*m, Transaction& t, BufferView& view) {
    const std::string& text = static_cast<C&>(t).*m;
    show(text, view);
    return !text.empty();
  };
  return give(member, tx, out);
}

// A std::string member of a message that goes one way: there in the direction of its sender alone.
template <auto member, auto from_server>
bool get_sent(Transaction& tx, Direction d, std::uint32_t index, BufferView& out) {
  const auto sent = []<typename C>(bool C::*flag, Transaction& t) { return static_cast<C&>(t).*flag; };
  return sent(from_server, tx) == (d == Direction::kToClient) && get_text<member>(tx, d, index, out);
}

// A member that is a list of texts, one by one.
template <auto member>
bool get_list(Transaction& tx, Direction, std::uint32_t index, BufferView& out) {
  const auto give = []<typename C, typename List>(List C::*m, Transaction& t, std::uint32_t at, BufferView& view) {
    const List& list = static_cast<C&>(t).*m;
    if (at >= list.size()) return false;
    show(list[at], view);
    return true;
  };
  return give(member, tx, index, out);
}

}  // namespace bulkhead::app
