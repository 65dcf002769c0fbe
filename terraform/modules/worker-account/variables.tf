variable "pools" {
  description = "The pools with the buckets that they mount."
  type = map(object({
    volumes = optional(list(object({
      bucket = string
    })), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue(flatten([for pool in values(var.pools) : [for volume in pool.volumes : can(regex("^[a-z0-9][a-z0-9._-]+[a-z0-9]$", volume.bucket))]]))
    error_message = "The bucket of a volume is its name, without gs:// and without a folder."
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
