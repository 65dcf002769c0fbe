variable "address" {
  description = "Where it is called: https://<prefix>-receiver-<project's number>.<region>.run.app, known before it is there."
  type        = string
  nullable    = false
}

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

variable "region" {
  description = "Where it runs: the home region."
  type        = string
  nullable    = false
}
