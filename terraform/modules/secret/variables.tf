variable "accessors" {
  description = "Who may read the value: the function's name, and its account as a member."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.accessors) : startswith(member, "serviceAccount:")])
    error_message = "Write each of accessors as a service account, serviceAccount: and its address: a secret is for functions."
  }
}

variable "deletion_protection" {
  description = "Whether a destroy stops at this secret. Set it to false and apply before a destroy."
  type        = bool
  nullable    = false
  default     = true
}

variable "name" {
  description = "What the secret is called in the code, idempotency-pepper for example."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.name))
    error_message = "Set name to lower-case letters, digits and hyphens, without the prefix: it is put before by this module."
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

variable "rotation" {
  description = "Raised by one, makes a new value; the one before is disabled."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.rotation >= 1 && floor(var.rotation) == var.rotation
    error_message = "Set rotation to 1, 2, 3 and so on."
  }
}
