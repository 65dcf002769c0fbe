variable "delete_untagged_after_days" {
  description = "How old a version without a tag gets that is not among the newest."
  type        = number
  nullable    = false
  default     = 30

  validation {
    condition     = var.delete_untagged_after_days >= 1 && floor(var.delete_untagged_after_days) == var.delete_untagged_after_days
    error_message = "Set delete_untagged_after_days to whole days, 1 or more."
  }
}

variable "deployers" {
  description = "Who may start builds as the build account: a name for each, and its member (user:, group:, serviceAccount:)."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.deployers) : can(regex("^(user|group|serviceAccount|principal|principalSet):.+$", member))])
    error_message = "Write each of deployers as a member, as user:ada@example.com is. Everybody (allUsers, allAuthenticatedUsers) cannot be one."
  }
}

variable "keep_versions" {
  description = "How many versions of each image are kept whatever their age."
  type        = number
  nullable    = false
  default     = 10

  validation {
    condition     = var.keep_versions >= 2 && floor(var.keep_versions) == var.keep_versions
    error_message = "Set keep_versions to 2 or more: the version in use, and one to go back to."
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

variable "region" {
  description = "The home region, us-central1 for example."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Set region to one region, as us-central1 is: neither a zone nor a multi-region."
  }
}
