variable "description" {
  description = "What the account is for, in a sentence."
  type        = string
  nullable    = false
}

variable "name" {
  description = "What runs as this account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.name)) && length(var.name) <= 15
    error_message = "name must be lower-case letters, digits and hyphens, 15 at most: an account's id has 30 characters, and the prefix may take 14 and a hyphen."
  }
}

variable "prefix" {
  description = "What the names of this deployment begin with."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,12}[a-z0-9]$", var.prefix))
    error_message = "prefix must be 3 to 14 lower-case letters, digits and hyphens that begin with a letter and do not end with a hyphen."
  }
}

variable "project" {
  description = "The id of the project."
  type        = string
  nullable    = false
}

variable "roles" {
  description = "Roles in the whole project, each with the condition under which it holds, or null. What can be given on a single resource is given by that resource's module."
  type = map(object({
    title      = string
    expression = string
  }))
  default  = {}
  nullable = false

  validation {
    condition = length(setintersection(keys(var.roles), [
      "roles/owner", "roles/editor", "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser",
    ])) == 0
    error_message = "No account of a deployment may own or edit the project, or act as its other accounts."
  }
}

variable "signs" {
  description = "Whether it signs addresses of blobs or tokens of clients, with its own key."
  type        = bool
  default     = false
  nullable    = false
}
