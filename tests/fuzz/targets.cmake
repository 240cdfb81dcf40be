# Every fuzz target, one line each: bulkhead_fuzz_target(<unit> DEPS <components> [FILES <more sources>]).
# <unit> is tests/fuzz/fuzz_<unit>.cpp with its seeds in tests/fuzz/corpus/<unit>/; DEPS are the
# component names of bulkhead_component (bulkhead_ is put before them).
bulkhead_fuzz_target(signature_language DEPS signatures_language)
bulkhead_fuzz_target(pcap_reader DEPS io)
bulkhead_fuzz_target(netlink_tlv DEPS output)
bulkhead_fuzz_target(decode DEPS decode)
bulkhead_fuzz_target(defrag DEPS defrag)
bulkhead_fuzz_target(stream DEPS flow stream)
bulkhead_fuzz_target(yaml DEPS config_load)
bulkhead_fuzz_target(policy_rule DEPS rules_model)
bulkhead_fuzz_target(manifest DEPS config_load)
bulkhead_fuzz_target(nft_codec DEPS rules_nft)
bulkhead_fuzz_target(conntrack DEPS rules_nft)
bulkhead_fuzz_target(matcher DEPS signatures_match)
bulkhead_fuzz_target(signature_resolve DEPS signatures_compile)
bulkhead_fuzz_target(nflog DEPS rules_nft)
bulkhead_fuzz_target(docker_api DEPS rules_discovery)
bulkhead_fuzz_target(link_table DEPS rules_discovery)
