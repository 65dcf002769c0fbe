variable "cpu" {
  description = "vCPUs of a worker."
  type        = number
  nullable    = false

  validation {
    condition     = contains([1, 2, 4, 6, 8], var.cpu) || (var.gpu != null && var.cpu >= 1 && floor(var.cpu) == var.cpu)
    error_message = "A worker without a GPU has 1, 2, 4, 6 or 8 vCPUs, and one with a GPU whole ones: set hardware in the models of ${var.name} to a row of domain/hardware.ts."
  }

  validation {
    condition     = var.cpu >= try(local.minima[var.gpu].cpu, 0)
    error_message = "Cloud Run gives ${coalesce(var.gpu, "no GPU")} to no less than ${try(local.minima[var.gpu].cpu, 0)} vCPUs, and this has ${var.cpu}: set hardware in the models of ${var.name} to a larger row of domain/hardware.ts."
  }
}

variable "door_url" {
  description = "The address of functions/worker, the only thing that a worker may call."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[^/]+$", var.door_url))
    error_message = "door_url must be the address of the worker function, as https://host: a worker asks for a token for exactly that."
  }
}

variable "gpu" {
  description = "The GPU of a worker, as Cloud Run calls it; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.gpu == null || contains(keys(local.minima), coalesce(var.gpu, "none"))
    error_message = "gpu must be null or one of ${join(", ", keys(local.minima))}. A new one needs its minima in domain/hardware.ts and in job.tf of this module."
  }
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

variable "launchers" {
  description = "Who may start workers, look at them and end them: IAM members, by a name each."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for member in values(var.launchers) : startswith(member, "serviceAccount:")])
    error_message = "Only service accounts launch workers, each as serviceAccount:<address>: whoever may, may tell a worker anything."
  }
}

variable "memory_gib" {
  description = "Memory of a worker in GiB; files that it writes count."
  type        = number
  nullable    = false

  validation {
    condition     = var.memory_gib >= try(local.minima[var.gpu].memory_gib, 0)
    error_message = "Cloud Run gives ${coalesce(var.gpu, "no GPU")} to no less than ${try(local.minima[var.gpu].memory_gib, 0)} GiB, and this has ${var.memory_gib}: set hardware in the models of ${var.name} to a larger row of domain/hardware.ts."
  }

  validation {
    condition     = var.memory_gib <= 4 * var.cpu
    error_message = "Cloud Run gives at most 4 GiB for each vCPU: ${var.memory_gib} GiB need ${ceil(var.memory_gib / 4)} vCPUs, and ${var.name} has ${var.cpu}."
  }

  validation {
    condition     = var.memory_gib >= var.cpu / 2 && floor(var.memory_gib) == var.memory_gib
    error_message = "memory_gib must be whole GiB, half of the vCPUs at least: ${var.cpu} vCPUs need ${ceil(var.cpu / 2)}."
  }
}

variable "name" {
  description = "The pool."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.name)) && length("${var.prefix}-${var.name}") <= 49
    error_message = "The pool ${var.name} must have a name of lower-case letters, digits and hyphens, of at most ${48 - length(var.prefix)}: the name of a Cloud Run Job has 49 characters at most, the prefix ${var.prefix} and a hyphen included."
  }
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

variable "regions" {
  description = "Where it has workers: a job in each."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.regions) > 0 && length(distinct(var.regions)) == length(var.regions)
    error_message = "regions must name a region at least, and none twice."
  }
}

variable "timeout_seconds" {
  description = "How long a worker may live, whatever it does: scripts/build/pools.ts reckons it."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && floor(var.timeout_seconds) == var.timeout_seconds && var.timeout_seconds <= (var.gpu == null ? 604800 : 3600)
    error_message = "timeout_seconds must be whole and at most ${var.gpu == null ? 604800 : 3600}: Cloud Run ends a task then, after an hour if it has a GPU."
  }
}

variable "volumes" {
  description = "Buckets that are mounted, read only, with their paths."
  type = list(object({
    bucket = string
    path   = string
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for volume in var.volumes : can(regex("^(/[A-Za-z0-9._-]+)+$", volume.path)) && !can(regex("^/(slipway|dev|proc|sys)(/|$)", volume.path))])
    error_message = "The path of a volume must be absolute, without a slash at its end, and outside /slipway, where the image has its program, and /dev, /proc and /sys, where Cloud Run mounts nothing: change volumes of ${var.name} in pools.yaml."
  }

  validation {
    condition = alltrue(flatten([
      for index, volume in var.volumes : [
        for other, one in var.volumes : index == other || !startswith("${volume.path}/", "${one.path}/")
      ]
    ]))
    error_message = "No volume of a pool may lie in another, nor two at one path: change volumes of ${var.name} in pools.yaml."
  }
}

variable "worker" {
  description = "The address of the account that all workers run as."
  type        = string
  nullable    = false
}
