variable "image" {
  description = "The receiver's image by digest, as `npm run deploy` finds it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must end in @sha256: and a digest, so that what runs is what was built. `npm run deploy` writes it."
  }
}

variable "prefix" {
  description = "What the names of everything in this deployment begin with."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,12}[a-z0-9]$", var.prefix))
    error_message = "prefix must be 3 to 14 lower-case letters, digits and hyphens, and begin with a letter: names of accounts have 30 characters."
  }
}

variable "project" {
  description = "The id of the project."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "The number of the project, which addresses of Cloud Run contain."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "project_number must be the number of the project, not its id: gcloud projects describe ID --format='value(projectNumber)'."
  }
}

variable "protected" {
  description = "Whether it refuses to be deleted."
  type        = bool
  default     = false
  nullable    = false
}

variable "region" {
  description = "Where it runs: the home region."
  type        = string
  nullable    = false
}
