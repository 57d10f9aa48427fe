# The model checker: as a library, and as the command that checks the slab.

find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Relacy REQUIRED)

# model_sources(VARIABLE ROOM...): the sources of rooms of model/.
function(model_sources variable)
  list(TRANSFORM ARGN PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/model/")
  list(TRANSFORM ARGN APPEND "/*.cc")
  file(GLOB found CONFIGURE_DEPENDS ${ARGN})
  set(${variable} ${found} PARENT_SCOPE)
endfunction()

# The page of a trace, with its style and its scripts in it, as a string, so that a program needs no file beside it. As in
# model/trace/BUILD.
set(page_source "${CMAKE_CURRENT_BINARY_DIR}/trace_page.cc")
foreach(part page.html page.css page.js slab.js)
  set(part_file "${CMAKE_CURRENT_SOURCE_DIR}/model/trace/trace_${part}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${part_file}")
  file(READ "${part_file}" "${part}")
endforeach()
string(REPLACE "@STYLE@\n" "${page.css}" page "${page.html}")
string(REPLACE "@SCRIPT@\n" "${slab.js}${page.js}" page "${page}")
file(WRITE "${page_source}"
     "#include \"model/trace/trace_page.h\"\n"
     "const char* const slabproof::model::kTracePage = R\"page(${page})page\";\n")

# What a class of a user's own needs: it knows no slab.
set(SLABPROOF_MODEL_ROOMS search runtime graph trace)
model_sources(sources ${SLABPROOF_MODEL_ROOMS} check)
# What is neither of slabs nor of the command.
set(shared_sources model/campaign/worker_pool.cc model/command/progress_line.cc model/command/standard_streams.cc)
add_library(slabproof_model STATIC ${sources} "${page_source}" ${shared_sources})
add_library(slabproof::model ALIAS slabproof_model)
set_target_properties(slabproof_model PROPERTIES EXPORT_NAME model CXX_EXTENSIONS OFF)
target_include_directories(
  slabproof_model
  PUBLIC "$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}>"
         "$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/model/check>"
         "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/slabproof-model>")
# Headers alone, which who links the library does not need.
target_include_directories(
  slabproof_model SYSTEM
  PRIVATE "${Relacy_INCLUDE_DIR}"
          "$<TARGET_PROPERTY:nlohmann_json::nlohmann_json,INTERFACE_INCLUDE_DIRECTORIES>")
target_link_libraries(slabproof_model PUBLIC slabproof fmt::fmt)

# As tools/slabproof.bzl says: what Relacy needs of its translation units, and fibers, which are left by a jump to
# another stack.
target_compile_options(
  slabproof_model
  PRIVATE -fno-sized-deallocation -U_FORTIFY_SOURCE $<$<CXX_COMPILER_ID:GNU>:-fno-lifetime-dse>)
# The speed of the checker is what limits it; a build type or flags that are given say otherwise.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CXX_FLAGS)
  target_compile_options(slabproof_model PUBLIC $<BUILD_INTERFACE:-O2>)
endif()

if(NOT SLABPROOF_CHECK)
  return()
endif()

find_package(CLI11 REQUIRED)

model_sources(sources states program slab oracle campaign command)
# A second definition of what subject_factory.cc defines, for mutants of the shared slab; and what is in the library.
list(FILTER sources EXCLUDE REGEX "/(shared_subject_factory|worker_pool|progress_line|standard_streams)\\.cc$")
add_executable(slabproof-check ${sources})
# As model/command/checker.bzl says.
set_source_files_properties(model/slab/subject_factory.cc PROPERTIES COMPILE_OPTIONS -ftrivial-auto-var-init=zero)
set_target_properties(slabproof-check PROPERTIES CXX_EXTENSIONS OFF)
target_link_libraries(slabproof-check PRIVATE slabproof_model CLI11::CLI11 nlohmann_json::nlohmann_json)

# What shells complete, as the command itself prints it.
set(completion_directory "${CMAKE_CURRENT_BINARY_DIR}/completion")
file(MAKE_DIRECTORY "${completion_directory}")
foreach(shell bash zsh)
  add_custom_command(
    TARGET slabproof-check POST_BUILD
    COMMAND slabproof-check --completion ${shell} > "${completion_directory}/slabproof-check.${shell}" VERBATIM)
endforeach()
