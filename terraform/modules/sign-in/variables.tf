variable "is_existing" {
  description = "Whether Identity Platform, or Firebase Authentication, is set up in this project already; it is then left as it is."
  type        = bool
  nullable    = false
  default     = false
}

variable "key_generation" {
  description = "Raised by one, makes another web API key in the place of this one. A key's name is taken for 30 days after it was deleted."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.key_generation >= 1 && floor(var.key_generation) == var.key_generation
    error_message = "Set key_generation to 1, 2, 3 and so on."
  }
}

variable "prefix" {
  description = "What the names of everything of this deployment begin with."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,12}[a-z0-9]$", var.prefix))
    error_message = "Set prefix to 3 to 14 lower-case letters, digits and hyphens, a letter first and no hyphen last: names of service accounts begin with it, and have 30 characters at most."
  }
}

variable "project" {
  description = "The id of the project, as module project gives it out once its APIs are ready."
  type        = string
  nullable    = false
}

variable "referrers" {
  description = "The pages that may use the key, https://app.example.com/* for example; programs that are no page cannot use it then. Anybody unless set."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for referrer in var.referrers : can(regex("^(https?://)?[a-zA-Z0-9*.-]+(:[0-9]+)?(/.*)?$", referrer))])
    error_message = "Write each of referrers as a page's address, with * for any rest of it: https://app.example.com/*."
  }
}
