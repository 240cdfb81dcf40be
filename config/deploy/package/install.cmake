# What `cmake --install` and the Debian package put where. Included by the root CMakeLists.txt.
# A daemon of the system, and its unit names /usr/bin. Another prefix goes into the unit by hand.
if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
  set(CMAKE_INSTALL_PREFIX /usr CACHE PATH "Where it is installed" FORCE)
endif()
set(deploy ${CMAKE_CURRENT_LIST_DIR}/..)

install(TARGETS bulkhead RUNTIME DESTINATION bin)
install(DIRECTORY ${deploy}/prometheus ${deploy}/grafana ${deploy}/shippers ${deploy}/kubernetes ${deploy}/container
  DESTINATION share/bulkhead/deploy)
install(FILES ${CMAKE_SOURCE_DIR}/config/bulkhead.yaml DESTINATION share/doc/bulkhead/examples)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/config/guide/ DESTINATION share/doc/bulkhead/guide FILES_MATCHING PATTERN "*.md")
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/NEWS.md DESTINATION share/doc/bulkhead)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/bulkhead RENAME copyright)
install(FILES ${deploy}/package/debian/bulkhead.yaml DESTINATION /etc/bulkhead)
install(FILES ${deploy}/systemd/bulkhead.service DESTINATION lib/systemd/system)
install(FILES ${deploy}/systemd/bulkhead.sysusers DESTINATION lib/sysusers.d RENAME bulkhead.conf)

# Manuals and completions are printed by the program from the same tables as its help.
install(CODE "
  execute_process(COMMAND ${CMAKE_COMMAND} -DBULKHEAD=$<TARGET_FILE:bulkhead> -DOUT=${CMAKE_BINARY_DIR}/printed
    -P ${CMAKE_CURRENT_LIST_DIR}/print_texts.cmake COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY ${CMAKE_BINARY_DIR}/printed/man8 DESTINATION share/man)
install(FILES ${CMAKE_BINARY_DIR}/printed/bulkhead.bash DESTINATION share/bash-completion/completions RENAME bulkhead)
install(FILES ${CMAKE_BINARY_DIR}/printed/_bulkhead DESTINATION share/zsh/vendor-completions)
install(FILES ${CMAKE_BINARY_DIR}/printed/bulkhead.fish DESTINATION share/fish/vendor_completions.d)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME bulkhead)
set(CPACK_PACKAGE_VENDOR "bulkhead project")
set(CPACK_PACKAGE_CONTACT "bulkhead project <bulkhead@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "network isolation and intrusion detection between containers")
set(CPACK_SET_DESTDIR ON)  # /etc beside /usr
set(CPACK_INSTALL_PREFIX /usr)  # whatever prefix this folder was configured with before
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION " Knows every container of a node, enforces who may talk to whom in the kernel, reads their
 traffic for attacks with Suricata-compatible signatures, and cuts the flow an attack came over.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "systemd, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "nftables, prometheus")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${deploy}/package/debian/postinst ${deploy}/package/debian/prerm
  ${deploy}/package/debian/postrm ${deploy}/package/debian/conffiles)
include(CPack)
