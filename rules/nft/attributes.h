// Netlink attributes under the names that the codecs of nf_tables use.
//
// Thread, limits, errors  see datapath/netlink/attributes.h.
// Tests    tests/unit/datapath/netlink/attributes_test.cpp, tests/fuzz/fuzz_nft_codec.cpp
#pragma once

#include "datapath/netlink/attributes.h"

namespace bulkhead::rules {

using netlink::Attribute;
using netlink::AttributeReader;
using netlink::AttributeWriter;
using netlink::find_attribute;

}  // namespace bulkhead::rules
