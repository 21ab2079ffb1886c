# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=... -DFOLDER=.../share -P write_pages.cmake: writes the manual pages, one per verb, and
# the completions for three shells, which the program prints.
cmake_minimum_required(VERSION 3.25)

function(write_output file)
  cmake_path(GET file PARENT_PATH folder)
  file(MAKE_DIRECTORY ${FOLDER}/${folder})
  execute_process(COMMAND ${PROGRAM} ${ARGN} OUTPUT_FILE ${FOLDER}/${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${FOLDER}/man/man1)
write_output(man/man1/chainrule.1 help --man)
file(STRINGS ${FOLDER}/man/man1/chainrule.1 pages REGEX "^\\\\fBchainrule\\\\-[a-z]+\\\\fR[(]1[)]") # SEE ALSO
foreach(page IN LISTS pages)
  string(REGEX REPLACE "^.*chainrule\\\\-([a-z]+).*" "\\1" verb "${page}")
  write_output(man/man1/chainrule-${verb}.1 help --man ${verb})
endforeach()
write_output(bash-completion/completions/chainrule completion bash)
write_output(zsh/site-functions/_chainrule completion zsh)
write_output(fish/vendor_completions.d/chainrule.fish completion fish)
