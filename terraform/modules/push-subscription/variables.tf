variable "ack_deadline_seconds" {
  description = "How long one push may take, in seconds."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.ack_deadline_seconds >= 10 && var.ack_deadline_seconds <= 600
    error_message = "ack_deadline_seconds must be between 10 and 600: Pub/Sub takes no other."
  }
}

variable "endpoint" {
  description = "The address that messages are pushed to, and that their tokens are good for."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.endpoint, "https://")
    error_message = "endpoint must be an https address: a token goes with each push."
  }
}

variable "max_delivery_attempts" {
  description = "After so many tries a message goes to the dead letter."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.max_delivery_attempts >= 5 && var.max_delivery_attempts <= 100
    error_message = "max_delivery_attempts must be between 5 and 100: Pub/Sub takes no other."
  }
}

variable "name" {
  description = "What is pushed: the topic without the prefix."
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

variable "pubsub_agent" {
  description = "Pub/Sub's own account in this project, as IAM names it: it moves messages to the dead letter."
  type        = string
  nullable    = false
}

variable "topic" {
  description = "The full name of the topic whose messages are pushed."
  type        = string
  nullable    = false
}
