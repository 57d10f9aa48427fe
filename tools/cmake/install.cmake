# What is installed, where, and how find_package and pkg-config find it.

include(CMakePackageConfigHelpers)
set(package_directory "${CMAKE_INSTALL_LIBDIR}/cmake/slabproof")

install(DIRECTORY impl/slabproof DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(TARGETS slabproof EXPORT slabproof)
install(EXPORT slabproof NAMESPACE slabproof:: FILE slabproof-targets.cmake DESTINATION "${package_directory}")

if(TARGET slabproof_siphash)
  install(TARGETS slabproof_siphash EXPORT slabproof-siphash)
  install(EXPORT slabproof-siphash NAMESPACE slabproof:: FILE slabproof-siphash-targets.cmake
          DESTINATION "${package_directory}")
  install(FILES tools/cmake/FindHighwayHash.cmake DESTINATION "${package_directory}")
endif()

if(TARGET slabproof_model)
  install(TARGETS slabproof_model EXPORT slabproof-model ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT slabproof-model NAMESPACE slabproof:: FILE slabproof-model-targets.cmake
          DESTINATION "${package_directory}")
  install(DIRECTORY model/check/slabproof DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
  foreach(room ${SLABPROOF_MODEL_ROOMS})
    install(DIRECTORY "model/${room}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/slabproof-model/model"
            FILES_MATCHING PATTERN "*.h")
  endforeach()
endif()

if(TARGET slabproof-check)
  install(TARGETS slabproof-check RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(FILES "${completion_directory}/slabproof-check.bash" RENAME slabproof-check
          DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES "${completion_directory}/slabproof-check.zsh" RENAME _slabproof-check
          DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
endif()

configure_package_config_file(
  tools/cmake/slabproof-config.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/slabproof-config.cmake"
  INSTALL_DESTINATION "${package_directory}" NO_SET_AND_CHECK_MACRO)
# The headers are the same for every machine; a library is not.
if(NOT TARGET slabproof_model)
  set(any_machine ARCH_INDEPENDENT)
endif()
write_basic_package_version_file(
  "${CMAKE_CURRENT_BINARY_DIR}/slabproof-config-version.cmake" COMPATIBILITY SameMinorVersion ${any_machine})
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/slabproof-config.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/slabproof-config-version.cmake"
        DESTINATION "${package_directory}")

# Where pkg-config looks for what is the same for every machine. It names places relative to itself, so that a tree may
# be moved.
set(pc_directory "${CMAKE_INSTALL_DATADIR}/pkgconfig")
file(RELATIVE_PATH pc_to_prefix "/${pc_directory}" "/")
configure_file(tools/cmake/slabproof.pc.in slabproof.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/slabproof.pc" DESTINATION "${pc_directory}")
