variable "cors_origins" {
  description = "The origins of pages that upload and download by signed addresses, https://app.example.com for example."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for origin in var.cors_origins : origin == "*" || can(regex("^https?://[^/*]+$", origin))])
    error_message = "Write each of cors_origins as a browser sends it: scheme, host and port, with no path and no slash after it; or \"*\" alone."
  }
}

variable "force_destroy" {
  description = "Whether a destroy deletes the bucket with what is in it."
  type        = bool
  nullable    = false
  default     = false
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

variable "retention" {
  description = "When objects are deleted that nobody has: terraform/generated/retention.json. Without a prefix it is for all objects."
  type = map(object({
    days   = number
    prefix = optional(string)
  }))
  nullable = false

  validation {
    condition     = anytrue([for rule in values(var.retention) : rule.prefix == null])
    error_message = "One rule of retention must have no prefix: what attempts that failed have left is in no job's list, and nothing else deletes it."
  }

  validation {
    condition     = alltrue([for rule in values(var.retention) : rule.days >= 1 && floor(rule.days) == rule.days])
    error_message = "Set days in each rule of retention to whole days, 1 or more."
  }

  validation {
    condition     = alltrue([for rule in values(var.retention) : rule.prefix == null || can(regex("^[^/].*/$", rule.prefix))])
    error_message = "End each prefix of retention with a slash and begin it with none, as files/ does: other objects may begin with the same letters."
  }
}

variable "rights" {
  description = "What each function does with objects, in the words of eventarc/grants.ts, and its account as a member."
  type = map(object({
    blobs  = set(string)
    member = string
  }))
  nullable = false
  default  = {}

  validation {
    condition = alltrue([
      for right in values(var.rights) : length(setsubtract(right.blobs, ["remove", "sign-download", "sign-upload", "size"])) == 0
    ])
    error_message = "Each of blobs is one of remove, sign-download, sign-upload and size. For a new word in eventarc/grants.ts decide its role in iam.tf of this module."
  }

  validation {
    condition     = alltrue([for right in values(var.rights) : startswith(right.member, "serviceAccount:")])
    error_message = "Each member of rights is the account of a function, serviceAccount: and its address."
  }
}
