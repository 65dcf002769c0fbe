variable "location" {
  description = "Where the database lies, for good: a region or a multi-region such as nam5. The triggers on documents lie there too."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The id of the database, \"(default)\" for a project's first one."
  type        = string
  default     = "(default)"
  nullable    = false

  validation {
    condition     = var.name == "(default)" || can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.name))
    error_message = "name must be \"(default)\", or 4 to 63 lower-case letters, digits and hyphens that begin with a letter."
  }
}

variable "point_in_time_recovery" {
  description = "Whether each version of the last seven days is kept; what it keeps is paid for."
  type        = bool
  default     = true
  nullable    = false
}

variable "project" {
  description = "The id of the project."
  type        = string
  nullable    = false
}

variable "protected" {
  description = "Whether the database refuses to be deleted."
  type        = bool
  default     = true
  nullable    = false
}

variable "rules" {
  description = "The text of firestore.rules: what a tenant's own programs may read."
  type        = string
  nullable    = false

  validation {
    condition     = strcontains(var.rules, "service cloud.firestore")
    error_message = "rules must be the text of the rules, not the path of their file: file(\"firestore.rules\")."
  }
}
