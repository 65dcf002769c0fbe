variable "project" {
  description = "The id of an existing project with a billing account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "Set project to the project's id (6 to 30 lower-case letters, digits and hyphens), not to its name or its number."
  }
}

variable "services" {
  description = "The APIs to enable."
  type        = set(string)
  nullable    = false
  default = [
    "apikeys.googleapis.com",
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",
    "eventarc.googleapis.com",
    "eventarcpublishing.googleapis.com",
    "firebaserules.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "identitytoolkit.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "securetoken.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
  ]

  validation {
    condition     = alltrue([for service in var.services : endswith(service, ".googleapis.com")])
    error_message = "Write each of services in full, as run.googleapis.com is."
  }

  validation {
    condition = length(setsubtract([
      "cloudbuild.googleapis.com",
      "cloudscheduler.googleapis.com",
      "eventarc.googleapis.com",
      "pubsub.googleapis.com",
      "run.googleapis.com",
    ], var.services)) == 0
    error_message = "Keep cloudbuild, cloudscheduler, eventarc, pubsub and run among services: their agents are made here. Add to the default, and take nothing of it away."
  }
}

variable "settle_duration" {
  description = "How long to wait after the last API and role, once for each change of them."
  type        = string
  nullable    = false
  default     = "90s"

  validation {
    condition     = can(regex("^([6-9][0-9]|[1-9][0-9]{2,})s$", var.settle_duration))
    error_message = "Set settle_duration to 60s or more, in seconds: with less a first apply fails."
  }
}
