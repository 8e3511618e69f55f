// What is called for and not modelled: the application goes on, and the log says so once.
#pragma once

namespace vphoton::system {

void not_modelled(const char* name, const char* what_happens);

}  // namespace vphoton::system
