variable "ports" {
  description = "The TCP ports that webhooks may go to: terraform/generated/webhook-ports.json."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for port in var.ports : can(regex("^[0-9]{1,5}(-[0-9]{1,5})?$", port))])
    error_message = "Write each of ports as a port or a range, as 443 and 1434-2048 are."
  }

  validation {
    condition     = contains(var.ports, "443")
    error_message = "Keep 443 among ports: Google's own APIs are called by it, Firestore's among them."
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

variable "refused_ranges" {
  description = "Where no webhook may go, and why: terraform/generated/private-ranges.json."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for range in keys(var.refused_ranges) : can(cidrhost(range, 0)) && !strcontains(range, ":")])
    error_message = "Each key of refused_ranges is a range of IPv4 addresses, as 10.0.0.0/8 is."
  }

  validation {
    condition     = length(setsubtract(["10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"], keys(var.refused_ranges))) == 0
    error_message = "Keep what is private and link-local among refused_ranges: give terraform/generated/private-ranges.json as it is."
  }
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
