variable "account" {
  description = "The address of the account that it runs as."
  type        = string
  nullable    = false
}

variable "address" {
  description = "Where it is called: the one of its addresses that is known before it is there, https://<prefix>-<name>-<project's number>.<region>.run.app."
  type        = string
  nullable    = false
}

variable "egress" {
  description = "The network that all it sends goes through; null for the open way out, which leads to nothing private."
  type = object({
    network    = string
    subnetwork = string
  })
  default = null
}

variable "environment" {
  description = "Its variables: exactly those of functions/start/config.ts, or it does not start."
  type        = map(string)
  nullable    = false
}

variable "image" {
  description = "Its image, by digest, so that what runs is what was planned."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must end with its digest, @sha256: and 64 hexadecimal digits; npm run deploy finds it out."
  }
}

variable "invokers" {
  description = "Who may call it: IAM members, by a name each. A public function has none."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for member in values(var.invokers) : startswith(member, "serviceAccount:")])
    error_message = "Only service accounts call a function, each as serviceAccount:<address>: where anybody may, nobody checks the token."
  }
}

variable "limits" {
  description = "vCPUs, memory in MiB, the requests that an instance has at once, the longest one in seconds, and how many instances there may be."
  type = object({
    concurrency     = number
    cpu             = number
    max_instances   = number
    memory_mib      = number
    timeout_seconds = number
  })
  nullable = false

  validation {
    condition     = var.limits.concurrency == 1 || var.limits.cpu >= 1
    error_message = "An instance with less than one vCPU takes one request at a time: raise cpu to 1, or set concurrency to 1."
  }

  validation {
    condition     = var.limits.timeout_seconds >= 1 && var.limits.timeout_seconds <= 3600
    error_message = "timeout_seconds must be between 1 and 3600: Cloud Run ends a request after an hour."
  }
}

variable "name" {
  description = "The function."
  type        = string
  nullable    = false
}

variable "prefix" {
  description = "What the names of this deployment begin with."
  type        = string
  nullable    = false
}

variable "project" {
  description = "The id of the project."
  type        = string
  nullable    = false
}

variable "public" {
  description = "Whether everybody may call it, because it checks keys itself."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.public || length(var.invokers) == 0
    error_message = "A public function is called by everybody: it has no invokers."
  }
}

variable "region" {
  description = "Where it runs."
  type        = string
  nullable    = false
}

variable "secret_addresses" {
  description = "A regular expression (RE2) of the addresses that hold a secret: requests to them are not logged. Null where none does."
  type        = string
  default     = null
}

variable "startup" {
  description = "The path that a new instance is asked at until it says that requests may come; null where it can work at once."
  type        = string
  default     = null
}
