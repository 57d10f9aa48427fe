# Relacy, which is headers alone: Debian's relacy-dev, or a checkout that Relacy_INCLUDE_DIR names.
find_path(Relacy_INCLUDE_DIR relacy/relacy.hpp)
mark_as_advanced(Relacy_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  Relacy
  REQUIRED_VARS Relacy_INCLUDE_DIR
  REASON_FAILURE_MESSAGE
    "On Debian: relacy-dev. Elsewhere: -DRelacy_INCLUDE_DIR=DIR, where DIR is a checkout of https://github.com/dvyukov/relacy.")
