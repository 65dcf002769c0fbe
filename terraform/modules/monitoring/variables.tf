variable "alerts" {
  description = "What `terraform/generated/alerts.json` says: jsondecode(file(...)). Thresholds in seconds, ratios or numbers, and which part may be over them; the times over which is counted, in seconds; patterns of the values of labels; the metrics that are made of log lines; the gauges that sweep writes."
  nullable    = false
  type = object({
    few        = number
    gauges     = map(string)
    thresholds = map(object({ most = number, share = optional(number), meaning = string }))
    values     = object({ ends = string, ran = string, users_mistakes = string })
    windows    = object({ jobs = number, lines = number, requests = number })
    log_metrics = map(object({
      description = string
      filter      = string
      labels      = map(string)
      value       = optional(object({ extractor = string, unit = string }))
    }))
  })
}

variable "budget" {
  description = "Tells the billing account's administrators and the e-mail channels when the project's costs of a month reach 50, 90 and 100 % of an amount, and when they are forecast to. Null for none. The account that applies this needs roles/billing.costsManager on the billing account, and the billing account must be in US dollars."
  type = object({
    billing_account = string
    amount_usd      = number
  })
  default = null

  validation {
    condition     = var.budget == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account))
    error_message = "billing_account is an id as `gcloud billing accounts list` shows it: 012345-6789AB-CDEF01."
  }

  validation {
    condition     = var.budget == null || try(var.budget.amount_usd >= 1 && floor(var.budget.amount_usd) == var.budget.amount_usd, false)
    error_message = "amount_usd is a whole number of US dollars a month, 1 at least."
  }
}

variable "channels" {
  description = "Notification channels that exist already and are told of alerts too: projects/<project>/notificationChannels/<number>."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.channels : can(regex("^projects/[^/]+/notificationChannels/[0-9]+$", id))])
    error_message = "A channel is named projects/<project>/notificationChannels/<number>, as `gcloud beta monitoring channels list` shows it."
  }
}

variable "dead_letter_subscription" {
  description = "The id or the name of the subscription that keeps the deliveries that Pub/Sub has given up."
  type        = string
  nullable    = false
}

variable "deliveries_subscription" {
  description = "The id or the name of the push subscription of deliver-webhook."
  type        = string
  nullable    = false
}

variable "emails" {
  description = "Who is told of alerts: a name, and an address that gets an e-mail."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for address in values(var.emails) : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "Each of the emails is one address, such as ops@example.com."
  }
}

variable "event_subscriptions" {
  description = "Name of an Eventarc trigger: the id or the name of the subscription that Eventarc has made for it. It has no dead letter, so the age of its oldest message is watched."
  type        = map(string)
  nullable    = false
}

variable "pools" {
  description = "By pool: the name of its Cloud Run Job, the same in each region, and how old its oldest queued job may be, where no worker is there and where some are."
  type = map(object({
    behind_seconds        = number
    job                   = string
    oldest_queued_seconds = number
  }))
  nullable = false
}

variable "prefix" {
  description = "What the names of this deployment begin with; its functions know it as SLIPWAY_NAME."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,13}$", var.prefix))
    error_message = "The prefix is 1 to 14 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "project" {
  description = "The project's id."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "The project's number: budgets know projects by it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "The number has digits only: gcloud projects describe <project> --format='value(projectNumber)'."
  }
}

variable "region" {
  description = "The home region, where functions and scheduler are: for the commands that an alert names."
  type        = string
  nullable    = false
}

variable "services" {
  description = "Function: the name of its Cloud Run service."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for name in ["api", "dispatch", "on-job-event", "deliver-webhook", "sweep"] : contains(keys(var.services), name)])
    error_message = "services names every function of eventarc/routes.ts: api, dispatch, on-job-event, deliver-webhook and sweep are watched by name."
  }
}
