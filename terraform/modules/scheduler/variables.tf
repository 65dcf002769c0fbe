variable "address" {
  description = "The address of sweep, without a slash at its end: what is called, and what the token is for."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[^/]+$", var.address))
    error_message = "Set address to https:// and a host, with no path and no slash after it: it is the audience of the token too, which is compared as text."
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
  description = "The region of the job, one in which Cloud Scheduler is offered."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Set region to one region, as us-central1 is: neither a zone nor a multi-region."
  }
}

variable "schedule" {
  description = "When sweep is called, in cron's words: the schedule of eventarc/routes.ts."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^\\S+( \\S+){4}$", var.schedule))
    error_message = "Set schedule to five fields of cron, as \"* * * * *\" is."
  }
}
